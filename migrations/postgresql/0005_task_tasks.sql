-- A task is its `body`, the Todo as the API answers it; the other columns are what queries and rules need beside it.
-- Per user, ids count up in order of creation, so that id order is created_at order.
CREATE SEQUENCE task_ids;

CREATE TABLE tasks (
    id BIGINT PRIMARY KEY,
    user_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    status BIGINT NOT NULL,                 -- 0 active, 1 completed
    priority BIGINT NOT NULL,               -- 1 low, 2 medium, 3 high
    due_at BIGINT,
    bell_at BIGINT,                         -- when the bell should ring
    bell_silent BIGINT NOT NULL,            -- it was past when accepted: counts as fired late
    series_id TEXT,
    occurrence BIGINT,                      -- number within the series
    import_key TEXT,                        -- of the list it came from
    import_stamp BIGINT,                    -- when it was last revised there
    deleted_at BIGINT,
    title_key TEXT COLLATE "C" NOT NULL,                -- folded, what sort=title compares
    body TEXT NOT NULL,
    search TEXT NOT NULL                    -- folded title, description and tags
);

CREATE INDEX tasks_user ON tasks (user_id, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_user_status ON tasks (user_id, status, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_user_priority ON tasks (user_id, priority, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_user_due ON tasks (user_id, due_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_user_title ON tasks (user_id, title_key, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX tasks_user_occurrence ON tasks (user_id, series_id, occurrence) WHERE series_id IS NOT NULL;

CREATE UNIQUE INDEX tasks_user_import ON tasks (user_id, import_key) WHERE import_key IS NOT NULL;

-- Live tasks only.
CREATE TABLE task_tags (
    user_id TEXT NOT NULL,
    tag_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, tag_id, task_id)
);

-- Live tasks, counted: totals without walking the tasks.
CREATE TABLE task_counts (
    user_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (user_id, status, priority)
);

CREATE TABLE series (
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    recurrence TEXT NOT NULL,               -- JSON as the API has it
    start_at BIGINT NOT NULL,               -- occurrence 1
    all_day BIGINT NOT NULL,
    timezone TEXT NOT NULL,                 -- in which start_at is the wall-clock time that was meant
    first_task_id BIGINT NOT NULL,
    ended BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, id)
);

-- Substring search by trigrams where the extension is there; without it the user's tasks are scanned.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX tasks_search ON tasks USING gin (search gin_trgm_ops) WHERE deleted_at IS NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_trgm is not available, search will scan: %', SQLERRM;
END
$$;
