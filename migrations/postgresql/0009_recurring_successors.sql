-- The version in which the engine left each successor it made, restored or took back: a task of another version has
-- been touched by its user and is left alone.
CREATE TABLE recurring_successors (
    user_id TEXT NOT NULL,
    task_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (user_id, task_id)
);
