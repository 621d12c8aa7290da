-- The log: every event once, in one gap-free order. Nobody may change what is in it; the one exception is that the
-- payload of an erased user becomes NULL.
CREATE TABLE task_events (
    position INTEGER PRIMARY KEY,
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

-- INSERT OR REPLACE deletes without a DELETE trigger: so whatever would replace a row is refused before it comes to that.
CREATE TRIGGER task_events_appended BEFORE INSERT ON task_events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM task_events)
    OR EXISTS (SELECT 1 FROM task_events WHERE event_id = NEW.event_id)
BEGIN
    SELECT RAISE(ABORT, 'task_events: a row is only added, at the next position');
END;

CREATE TRIGGER task_events_kept BEFORE DELETE ON task_events
BEGIN
    SELECT RAISE(ABORT, 'task_events: rows are never deleted');
END;

CREATE TRIGGER task_events_unchanged BEFORE UPDATE ON task_events
WHEN NEW.payload IS NOT NULL OR NEW.position IS NOT OLD.position OR NEW.event_id IS NOT OLD.event_id
    OR NEW.user_id IS NOT OLD.user_id OR NEW.task_id IS NOT OLD.task_id OR NEW.type IS NOT OLD.type
    OR NEW.created_at IS NOT OLD.created_at OR NEW.sequence IS NOT OLD.sequence OR NEW.actor IS NOT OLD.actor
BEGIN
    SELECT RAISE(ABORT, 'task_events: rows are never changed, but for the payload of an erased user');
END;
