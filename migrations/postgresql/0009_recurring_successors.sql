-- Which task appeared when a task was completed, and the version it was left at: of another version, it was touched.
CREATE TABLE recurring_successors (
    user_id TEXT NOT NULL,
    task_id BIGINT NOT NULL,                -- the one that was completed
    successor_id BIGINT NOT NULL,
    version BIGINT NOT NULL,                -- 0: not made by this completion
    PRIMARY KEY (user_id, task_id)
);
