-- The log: every event once, in one gap-free order. Nobody may change what is in it; the one exception is that the
-- payload of an erased user becomes NULL.
CREATE TABLE task_events (
    position BIGINT PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    task_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    payload TEXT,
    created_at BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    actor TEXT NOT NULL
);

CREATE INDEX task_events_user ON task_events (user_id, created_at, position);

CREATE INDEX task_events_task ON task_events (user_id, task_id, created_at, position);

CREATE INDEX task_events_type ON task_events (user_id, type, created_at, position);

CREATE FUNCTION task_events_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.position IS DISTINCT FROM (SELECT coalesce(max(position), 0) + 1 FROM task_events) THEN
            RAISE EXCEPTION 'task_events: a row is only added, at the next position';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.payload IS NULL AND (NEW.position, NEW.event_id, NEW.user_id, NEW.task_id, NEW.type, NEW.created_at,
                NEW.sequence, NEW.actor) IS NOT DISTINCT FROM (OLD.position, OLD.event_id, OLD.user_id, OLD.task_id,
                OLD.type, OLD.created_at, OLD.sequence, OLD.actor) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'task_events: rows are never changed, but for the payload of an erased user';
    END IF;
    RAISE EXCEPTION 'task_events: rows are never deleted';
END;
$guard$;

CREATE TRIGGER task_events_rows BEFORE INSERT OR UPDATE OR DELETE ON task_events
    FOR EACH ROW EXECUTE FUNCTION task_events_guard();

CREATE TRIGGER task_events_whole BEFORE TRUNCATE ON task_events
    FOR EACH STATEMENT EXECUTE FUNCTION task_events_guard();
