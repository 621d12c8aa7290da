-- The Merkle tree over task_events (RFC 6962), which follows it: an entry gets its leaf at the next checkpoint, so that a
-- release that knows no tree may append beside one that does. Nothing here is ever changed, but for the salt of an erased entry.
CREATE TABLE audit_leaves (
    position INTEGER PRIMARY KEY,           -- of the entry in task_events
    salt TEXT,                              -- 16 random bytes, base64; NULL: erased
    content TEXT NOT NULL,                  -- SHA-256(salt, payload), base64
    tag BIGINT NOT NULL                     -- SipHash of the leaf under a key outside the database: finds which entry was changed
);

-- Complete subtrees of 16 leaves and more; what is below is computed from the entries.
CREATE TABLE audit_nodes (
    level BIGINT NOT NULL,                  -- of 2^level leaves
    number BIGINT NOT NULL,                 -- from leaf number * 2^level on
    hash TEXT NOT NULL,                     -- base64
    PRIMARY KEY (level, number)
) WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
    size INTEGER PRIMARY KEY,               -- of the tree
    note TEXT NOT NULL,                     -- C2SP signed note
    created_at BIGINT NOT NULL
);

CREATE TRIGGER audit_leaves_appended BEFORE INSERT ON audit_leaves
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM audit_leaves)
BEGIN
    SELECT RAISE(ABORT, 'audit_leaves: a row is only added, at the next position');
END;

CREATE TRIGGER audit_leaves_kept BEFORE DELETE ON audit_leaves
BEGIN
    SELECT RAISE(ABORT, 'audit_leaves: rows are never deleted');
END;

CREATE TRIGGER audit_leaves_unchanged BEFORE UPDATE ON audit_leaves
WHEN NEW.salt IS NOT NULL OR NEW.position IS NOT OLD.position OR NEW.content IS NOT OLD.content OR NEW.tag IS NOT OLD.tag
    OR EXISTS (SELECT 1 FROM task_events WHERE position = OLD.position AND payload IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'audit_leaves: rows are never changed, but for the salt of an erased entry');
END;

-- With the payload goes the salt, whichever release erases it.
CREATE TRIGGER task_events_erased AFTER UPDATE ON task_events
BEGIN
    UPDATE audit_leaves SET salt = NULL WHERE position = NEW.position AND salt IS NOT NULL;
END;

-- INSERT OR REPLACE deletes without a DELETE trigger: so whatever would replace a row is refused before it comes to that.
CREATE TRIGGER audit_nodes_appended BEFORE INSERT ON audit_nodes
WHEN EXISTS (SELECT 1 FROM audit_nodes WHERE level = NEW.level AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'audit_nodes: a row is only added');
END;

CREATE TRIGGER audit_nodes_kept BEFORE DELETE ON audit_nodes
BEGIN
    SELECT RAISE(ABORT, 'audit_nodes: rows are never deleted');
END;

CREATE TRIGGER audit_nodes_unchanged BEFORE UPDATE ON audit_nodes
BEGIN
    SELECT RAISE(ABORT, 'audit_nodes: rows are never changed');
END;

CREATE TRIGGER audit_checkpoints_appended BEFORE INSERT ON audit_checkpoints
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM audit_checkpoints)
BEGIN
    SELECT RAISE(ABORT, 'audit_checkpoints: a row is only added, for a larger tree');
END;

CREATE TRIGGER audit_checkpoints_kept BEFORE DELETE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit_checkpoints: rows are never deleted');
END;

CREATE TRIGGER audit_checkpoints_unchanged BEFORE UPDATE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit_checkpoints: rows are never changed');
END;
