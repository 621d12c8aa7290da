-- The Merkle tree over task_events (RFC 6962), which follows it: an entry gets its leaf at the next checkpoint, so that a
-- release that knows no tree may append beside one that does. Nothing here is ever changed, but for the salt of an erased entry.
CREATE TABLE audit_leaves (
    position BIGINT PRIMARY KEY,            -- of the entry in task_events
    salt TEXT,                              -- 16 random bytes, base64; NULL: erased
    content TEXT NOT NULL,                  -- SHA-256(salt, payload), base64
    tag BIGINT NOT NULL                     -- SipHash of the leaf under a key outside the database: finds which entry was changed
);

-- Complete subtrees of 16 leaves and more; what is below is computed from the entries.
CREATE TABLE audit_nodes (
    level BIGINT NOT NULL,                  -- of 2^level leaves
    number BIGINT NOT NULL,                 -- from leaf number * 2^level on
    hash TEXT NOT NULL,                     -- base64
    PRIMARY KEY (level, number)
);

CREATE TABLE audit_checkpoints (
    size BIGINT PRIMARY KEY,                -- of the tree
    note TEXT NOT NULL,                     -- C2SP signed note
    created_at BIGINT NOT NULL
);

CREATE FUNCTION audit_leaves_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.position IS DISTINCT FROM (SELECT coalesce(max(position), 0) + 1 FROM audit_leaves) THEN
            RAISE EXCEPTION 'audit_leaves: a row is only added, at the next position';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.salt IS NULL AND (NEW.position, NEW.content, NEW.tag) IS NOT DISTINCT FROM
                (OLD.position, OLD.content, OLD.tag)
            AND NOT EXISTS (SELECT 1 FROM task_events WHERE position = OLD.position AND payload IS NOT NULL) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'audit_leaves: rows are never changed, but for the salt of an erased entry';
    END IF;
    RAISE EXCEPTION 'audit_leaves: rows are never deleted';
END;
$guard$;

CREATE TRIGGER audit_leaves_rows BEFORE INSERT OR UPDATE OR DELETE ON audit_leaves
    FOR EACH ROW EXECUTE FUNCTION audit_leaves_guard();

CREATE TRIGGER audit_leaves_whole BEFORE TRUNCATE ON audit_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION audit_leaves_guard();

-- With the payload goes the salt, whichever release erases it. The lock is the one under which leaves are made: of a leaf
-- that is being made from the payload, the salt goes too.
CREATE FUNCTION task_events_erase_salt() RETURNS trigger LANGUAGE plpgsql AS $erase$
BEGIN
    PERFORM pg_advisory_xact_lock(7161727223);
    UPDATE audit_leaves SET salt = NULL WHERE position = NEW.position AND salt IS NOT NULL;
    RETURN NULL;
END;
$erase$;

CREATE TRIGGER task_events_erased AFTER UPDATE ON task_events
    FOR EACH ROW EXECUTE FUNCTION task_events_erase_salt();

CREATE FUNCTION audit_kept_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION '%: a row is only added', TG_TABLE_NAME;
END;
$guard$;

CREATE TRIGGER audit_nodes_rows BEFORE UPDATE OR DELETE ON audit_nodes
    FOR EACH ROW EXECUTE FUNCTION audit_kept_guard();

CREATE TRIGGER audit_nodes_whole BEFORE TRUNCATE ON audit_nodes
    FOR EACH STATEMENT EXECUTE FUNCTION audit_kept_guard();

CREATE FUNCTION audit_checkpoints_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.size > (SELECT coalesce(max(size), 0) FROM audit_checkpoints) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit_checkpoints: a row is only added, for a larger tree';
END;
$guard$;

CREATE TRIGGER audit_checkpoints_rows BEFORE INSERT OR UPDATE OR DELETE ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION audit_checkpoints_guard();

CREATE TRIGGER audit_checkpoints_whole BEFORE TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_checkpoints_guard();
