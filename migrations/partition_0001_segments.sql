-- One partition: the spans of one stretch of time, in segments. docs/STORAGE.md explains the bytes.

CREATE TABLE segment (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    format        INTEGER NOT NULL,            -- version of the encoding
    spans         INTEGER NOT NULL,
    traces        INTEGER NOT NULL,
    start_min     INTEGER NOT NULL,            -- Unix nanoseconds
    start_max     INTEGER NOT NULL,
    received_min  INTEGER NOT NULL,
    received_max  INTEGER NOT NULL,
    ordered       INTEGER NOT NULL,            -- 1: rows by (trace's first start, trace id, start)
    mapping       INTEGER NOT NULL DEFAULT 0,  -- version of the derived columns, 0: none
    row_counts    TEXT NOT NULL,               -- JSON: rows of span, resource, scope, event, link
    raw_bytes     INTEGER NOT NULL,            -- columns and texts before compression
    trace_filter  BLOB,
    checksum      INTEGER,                     -- CRC-32 of body
    body          BLOB                         -- a small segment, whole; a large one has columns
);

CREATE TABLE "column" (
    id            INTEGER PRIMARY KEY,
    segment       INTEGER NOT NULL REFERENCES segment (id) ON DELETE CASCADE,
    tbl           TEXT NOT NULL,               -- span, resource, scope, event, link
    origin        TEXT NOT NULL,               -- field, attribute, derived
    key           TEXT NOT NULL,
    type          TEXT NOT NULL,
    present       INTEGER NOT NULL,            -- rows with a value
    distinct_values INTEGER,                   -- of coded types
    min           ANY,                         -- of numbers
    max           ANY,
    raw_bytes     INTEGER NOT NULL,
    compressed    INTEGER NOT NULL,            -- 0: data is raw, 1: zlib
    checksum      INTEGER NOT NULL,            -- CRC-32 of data
    data          BLOB NOT NULL
);
CREATE INDEX column_segment ON "column" (segment);

-- Long texts of a column, in the order of their codes, some 64 KiB a block.
CREATE TABLE text_block (
    id            INTEGER PRIMARY KEY,
    "column"      INTEGER NOT NULL REFERENCES "column" (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    raw_bytes     INTEGER NOT NULL,
    compressed    INTEGER NOT NULL,
    checksum      INTEGER NOT NULL,
    data          BLOB NOT NULL
);
CREATE UNIQUE INDEX text_block_column ON text_block ("column", number);

-- Rows that no query sees: superseded by a later copy, or erased. One bit a row.
CREATE TABLE deletion (
    segment       INTEGER PRIMARY KEY REFERENCES segment (id) ON DELETE CASCADE,
    bitmap        BLOB NOT NULL
);

-- Traces of a large segment of which other segments, perhaps in other partitions, may hold spans too.
CREATE TABLE shared_trace (
    segment       INTEGER NOT NULL REFERENCES segment (id) ON DELETE CASCADE,
    trace_id      BLOB NOT NULL,
    PRIMARY KEY (segment, trace_id)
) WITHOUT ROWID;

-- Segments that a merge has replaced; they are removed once no query reads them.
CREATE TABLE retired (
    segment       INTEGER PRIMARY KEY
);

-- OpenTelemetry log records that belong to a trace or are GenAI events, as they were sent, in the
-- partition of the day of their receipt.
CREATE TABLE log_record (
    id            INTEGER PRIMARY KEY,
    received      INTEGER NOT NULL,            -- Unix nanoseconds
    time          INTEGER NOT NULL,
    trace_id      BLOB,
    span_id       BLOB,
    event_name    TEXT NOT NULL,
    form          INTEGER NOT NULL,            -- 0: ResourceLogs protobuf, 1: the same as JSON
    digest        INTEGER NOT NULL,            -- of the bytes: a record sent again is kept once
    raw_bytes     INTEGER NOT NULL,
    data          BLOB NOT NULL                -- zlib
);
CREATE UNIQUE INDEX log_record_digest ON log_record (digest, time, event_name);
CREATE INDEX log_record_trace ON log_record (trace_id) WHERE trace_id IS NOT NULL;

-- What was refused, repaired, late or doubled, by reason.
CREATE TABLE ledger (
    reason        TEXT PRIMARY KEY,
    amount        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE VIEW live_segment AS
    SELECT s.id, s.format, s.spans, s.traces, s.ordered, s.mapping,
           datetime(s.start_min / 1000000000, 'unixepoch') AS starts_from,
           datetime(s.start_max / 1000000000, 'unixepoch') AS starts_to,
           CASE WHEN s.body IS NULL
                THEN (SELECT sum(length(c.data)) FROM "column" c WHERE c.segment = s.id)
                     + coalesce((SELECT sum(length(b.data)) FROM text_block b
                                 JOIN "column" c ON c.id = b."column" WHERE c.segment = s.id), 0)
                ELSE length(s.body) END AS bytes
    FROM segment s WHERE s.id NOT IN (SELECT segment FROM retired);

CREATE VIEW column_size AS
    SELECT c.tbl, c.origin, c.key, c.type, sum(c.present) AS present,
           sum(length(c.data))
           + coalesce(sum((SELECT sum(length(b.data)) FROM text_block b WHERE b."column" = c.id)), 0)
           AS bytes
    FROM "column" c WHERE c.segment NOT IN (SELECT segment FROM retired)
    GROUP BY c.tbl, c.origin, c.key, c.type ORDER BY bytes DESC;
