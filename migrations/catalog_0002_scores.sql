-- Scores of spans, traces and responses. They come whenever they come, so they lie in no partition.
CREATE TABLE score (
    name          TEXT NOT NULL,
    trace_id      BLOB NOT NULL,               -- empty where the target is a response
    span_id       BLOB NOT NULL,               -- empty where the target is the trace
    response_id   TEXT NOT NULL,               -- '' unless the target is a response
    evaluator     TEXT NOT NULL,               -- '' if it was not said
    value         REAL,
    label         TEXT,
    comment       TEXT NOT NULL,
    source        TEXT NOT NULL,
    error_type    TEXT NOT NULL,
    time          INTEGER NOT NULL,            -- Unix nanoseconds
    received      INTEGER NOT NULL,
    PRIMARY KEY (name, trace_id, span_id, response_id, evaluator)
) WITHOUT ROWID;
CREATE INDEX score_trace ON score (trace_id) WHERE trace_id <> x'';
CREATE INDEX score_response ON score (response_id) WHERE response_id <> '';
CREATE INDEX score_time ON score (time);
