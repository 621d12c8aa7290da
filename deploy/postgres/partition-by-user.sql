-- Divides the tables that grow with use among partitions by user, for a database that outgrows whole tables (docs/scaling.md):
--
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -v partitions=16 -f partition-by-user.sql
--
-- Once, on a migrated database (`carillon migrate`), with no replica running: it takes the tables, copies their rows, and changes
-- nothing where they are divided already. Carillon needs no setting for it; later migrations see the same tables.
-- What is unique becomes unique for each user; where that says less than before, the writers see to the rest: a log's position is given
-- out under one lock, a task's id by a sequence.
\if :{?partitions}
\else
    \set partitions 16
\endif
SELECT set_config('carillon.partitions', :'partitions', false) \gset

BEGIN;

DO $$
DECLARE
    parts CONSTANT INT := current_setting('carillon.partitions')::INT;
    name TEXT;
    entry RECORD;
    key TEXT;
    identity TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['outbox', 'inbox', 'idempotency', 'tags', 'tasks', 'task_tags', 'task_counts', 'series',
                                'recurring_successors', 'reminders', 'task_events', 'views'] LOOP
        IF (SELECT relkind FROM pg_class WHERE oid = name::regclass) = 'p' THEN
            RAISE NOTICE '% is divided already', name;
            CONTINUE;
        END IF;
        EXECUTE format('ALTER TABLE %I RENAME TO whole', name);
        EXECUTE format('CREATE TABLE %I (LIKE whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (user_id)', name);
        FOR i IN 0 .. parts - 1 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)', name || '_' || i, name, parts, i);
        END LOOP;

        -- A partitioned table has no identity column before PostgreSQL 17; a sequence with the same numbers does as well.
        SELECT attname INTO identity FROM pg_attribute WHERE attrelid = 'whole'::regclass AND attidentity <> '';
        IF FOUND THEN
            EXECUTE format('CREATE SEQUENCE %I OWNED BY %I.%I', name || '_numbers', name, identity);
            EXECUTE format('SELECT setval(%L, greatest(nextval(pg_get_serial_sequence(''whole'', %L)), 1), false)', name || '_numbers', identity);
            EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT nextval(%L)', name, identity, name || '_numbers');
        END IF;

        EXECUTE format('INSERT INTO %I SELECT * FROM whole', name);

        -- Keys and indexes under their own names; what is unique holds for a user.
        FOR entry IN SELECT c.relname, i.indisprimary, i.indisunique, pg_get_indexdef(i.indexrelid) AS definition,
                            (SELECT array_agg(a.attname::TEXT ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k (number, n)
                             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS columns
                     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'whole'::regclass LOOP
            EXECUTE format('ALTER INDEX %I RENAME TO %I', entry.relname, entry.relname || '_whole');
            key := (SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(
                CASE WHEN 'user_id' = ANY (entry.columns) THEN entry.columns ELSE ARRAY['user_id'] || entry.columns END) WITH ORDINALITY AS u (c, n));
            IF entry.indisprimary THEN
                EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (%s)', name, entry.relname, key);
            ELSIF entry.indisunique AND NOT 'user_id' = ANY (entry.columns) THEN
                EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I UNIQUE (%s)', name, entry.relname, key);
            ELSE
                EXECUTE replace(entry.definition, '.whole USING', format('.%I USING', name));
            END IF;
            -- What was found by this key alone still is: all partitions are asked.
            IF entry.indisunique AND NOT 'user_id' = ANY (entry.columns) THEN
                EXECUTE format('CREATE INDEX %I ON %I (%s)', entry.relname || '_alone', name, array_to_string(entry.columns, ', '));
            END IF;
        END LOOP;

        FOR entry IN SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = 'whole'::regclass AND NOT tgisinternal LOOP
            EXECUTE replace(entry.definition, '.whole ', format('.%I ', name));
        END LOOP;
        DROP TABLE whole;
        EXECUTE format('ANALYZE %I', name);
    END LOOP;
END
$$;

COMMIT;
