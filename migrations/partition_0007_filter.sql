-- A filter over the traces of many large segments at once, asked before the filter of each. It follows from their trace ids,
-- and is made anew where it is missing or damaged. One row, or none.

CREATE TABLE partition_filter (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    segments      TEXT NOT NULL,               -- JSON: [segment, CRC-32 of its trace_filter] of each that it knows
    checksum      INTEGER NOT NULL,            -- CRC-32 of segments and data
    data          BLOB NOT NULL
);
