-- The first answer to an unsafe request with an Idempotency-Key, stored with the change itself and kept for 30 days.
CREATE TABLE idempotency (
    user_id      TEXT NOT NULL,  -- the key's scope; empty before sign-in, hence no foreign key
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,  -- of method, path and body
    status       BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    headers      TEXT NOT NULL,  -- JSON object
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
