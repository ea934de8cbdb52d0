-- How many spans and traces of a merged segment have each value, and how many of these failed. All of it follows from the
-- segment's rows, and is made anew where it is missing, damaged, or of another mapping.

CREATE TABLE segment_count (
    segment       INTEGER PRIMARY KEY REFERENCES segment (id) ON DELETE CASCADE,
    mapping       INTEGER NOT NULL,            -- version of the dimensions, which say what a span's values are
    raw_bytes     INTEGER NOT NULL,
    compressed    INTEGER NOT NULL,            -- 0: data is raw, 1: zlib
    checksum      INTEGER NOT NULL,            -- CRC-32 of data
    data          BLOB NOT NULL,               -- the traces that are not counted, and counts by minute
    seal          INTEGER NOT NULL             -- CRC-32 of what these three tables say of the segment
);

CREATE TABLE value_count (
    id            INTEGER PRIMARY KEY,
    segment       INTEGER NOT NULL REFERENCES segment_count (segment) ON DELETE CASCADE,
    distinct_values INTEGER NOT NULL,
    raw_bytes     INTEGER NOT NULL,
    compressed    INTEGER NOT NULL,
    checksum      INTEGER NOT NULL,
    data          BLOB NOT NULL
);
CREATE INDEX value_count_segment ON value_count (segment);

-- Which field a count is of. Several names may have the same values on all spans: a dimension, and the key that it is from.
CREATE TABLE value_count_name (
    segment       INTEGER NOT NULL REFERENCES segment_count (segment) ON DELETE CASCADE,
    origin        TEXT NOT NULL,               -- canonical, attribute
    name          TEXT NOT NULL,
    value_count   INTEGER NOT NULL,            -- value_count.id; both go with the segment
    PRIMARY KEY (segment, origin, name)
) WITHOUT ROWID;

CREATE VIEW count_size AS
    SELECT n.origin, n.name, sum(v.distinct_values) AS distinct_values, sum(length(v.data)) AS bytes
    FROM value_count_name n JOIN value_count v ON v.id = n.value_count
    WHERE n.segment NOT IN (SELECT segment FROM retired)
    GROUP BY n.origin, n.name ORDER BY bytes DESC;
