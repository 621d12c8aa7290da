-- Bells: a task's last row is the one that counts. The table decides what rings; jobs only wake the process.
CREATE TABLE reminders (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         TEXT NOT NULL,
    task_id         BIGINT NOT NULL,
    revision        BIGINT NOT NULL,            -- counts up with each new time; the claim compares it
    fire_at         BIGINT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'fired', 'cancelled')),
    title           TEXT NOT NULL,
    due_at          BIGINT,
    fired_at        BIGINT,
    late            BIGINT NOT NULL DEFAULT 0,  -- rang, or would have rung, well after fire_at
    acknowledged_at BIGINT
);

CREATE UNIQUE INDEX reminders_revision ON reminders (user_id, task_id, revision);

CREATE INDEX reminders_due ON reminders (fire_at, id) WHERE state = 'pending';

CREATE INDEX reminders_pending ON reminders (user_id, fire_at, id) WHERE state = 'pending';

CREATE INDEX reminders_unseen ON reminders (user_id, fired_at, id) WHERE state = 'fired' AND acknowledged_at IS NULL;
