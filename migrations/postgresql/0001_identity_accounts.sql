-- Accounts and what signs them in. Secrets are kept as hashes only; signing keys are the exception that cannot be one.
CREATE TABLE users (
    id TEXT PRIMARY KEY,                    -- UUID v7
    email TEXT NOT NULL UNIQUE,             -- case-folded, what sign-in compares
    email_shown TEXT,                       -- as it was typed; NULL: email
    name TEXT,
    timezone TEXT NOT NULL,                 -- IANA
    preferences TEXT NOT NULL DEFAULT '{}', -- JSON object of what differs from the defaults
    sequence BIGINT NOT NULL DEFAULT 0,     -- of the user's last event
    created_at BIGINT,
    deleted_at BIGINT                       -- the row outlives the account under a pseudonym: sequence and audit refer to it
);

CREATE TABLE credentials (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,            -- argon2id, PHC string
    changed_at BIGINT NOT NULL,
    sign_up_key TEXT UNIQUE,                -- SHA-256 of the Idempotency-Key of the sign-up
    sign_up_body TEXT                       -- SHA-256 of what else it said, without the password
);

CREATE TABLE sessions (
    user_id TEXT NOT NULL REFERENCES users (id),
    id TEXT NOT NULL,
    family_hash TEXT NOT NULL,              -- of the part all refresh tokens of the session share
    refresh_hash TEXT NOT NULL,             -- of the part that rotates
    previous_hash TEXT,                     -- of the one before it
    rotated_at BIGINT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user_id, id)
);

CREATE TABLE api_tokens (
    user_id TEXT NOT NULL REFERENCES users (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,        -- SHA-256
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (user_id, id)
);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    secret TEXT NOT NULL,                   -- 32 random bytes, base64url
    created_at BIGINT NOT NULL
);
