-- Which values each trace of a merged segment has, by the numbers that these have in the field's counts. They belong to the
-- counts, follow from the segment's rows as they do, and are made anew with them.

CREATE TABLE trace_value (
    value_count   INTEGER PRIMARY KEY REFERENCES value_count (id) ON DELETE CASCADE,
    raw_bytes     INTEGER NOT NULL,
    compressed    INTEGER NOT NULL,            -- 0: data is raw, 1: zlib
    checksum      INTEGER NOT NULL,            -- CRC-32 of data
    data          BLOB NOT NULL
);
