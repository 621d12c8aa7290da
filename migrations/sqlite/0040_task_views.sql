-- Saved views of the task list: a name for a query string. Shown by position, then id.
CREATE TABLE views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,                    -- percent-encoded, as it was sent
    position BIGINT NOT NULL
);

CREATE INDEX views_user ON views (user_id, position, id);
