-- One-use tickets for /ws/tasks; only their hashes are stored.
CREATE TABLE ws_tickets (
    hash       TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL,
    session_id TEXT NOT NULL,
    token_id   TEXT NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ws_tickets_expired ON ws_tickets (expires_at);
CREATE INDEX ws_tickets_user ON ws_tickets (user_id);
