-- Outbox: an event is stored with its change. The names are those Debezium's outbox event router reads.
-- AUTOINCREMENT: a position is never given twice, so that marking one published can never meet another event.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    aggregatetype TEXT NOT NULL,
    aggregateid TEXT NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    topic TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    actor TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    time BIGINT NOT NULL,
    published_at BIGINT
);

CREATE UNIQUE INDEX outbox_user_sequence ON outbox (user_id, sequence);

CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;

-- Inbox: a row per subscription and event. payload, the CloudEvent, is there only while the row waits.
CREATE TABLE inbox (
    subscription TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    handled_at BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    payload TEXT,
    PRIMARY KEY (subscription, user_id, sequence, event_id)
) WITHOUT ROWID;

CREATE INDEX inbox_waiting ON inbox (subscription, user_id, sequence) WHERE handled_at IS NULL;

CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    failed_at BIGINT NOT NULL,
    replayed_at BIGINT
);

CREATE INDEX dead_letters_user ON dead_letters (user_id);
