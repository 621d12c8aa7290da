-- A user's tags. `key` is the folded name: the same key is the same tag, spelled as it was first.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    active BIGINT NOT NULL DEFAULT 0,       -- active tasks that carry it
    completed BIGINT NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX tags_user_key ON tags (user_id, key);
