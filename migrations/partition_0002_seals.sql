-- What makes damage visible that the checksums of bytes do not cover.

-- CRC-32 of what is said of a segment and its columns (docs/STORAGE.md); NULL where an earlier version wrote it.
ALTER TABLE segment ADD COLUMN seal INTEGER;

-- CRC-32 of the segment's number and the bitmap.
ALTER TABLE deletion ADD COLUMN checksum INTEGER;

-- Segments that turned out damaged. No query sees them, nothing removes them.
CREATE TABLE set_aside (
    segment       INTEGER PRIMARY KEY,
    reason        TEXT NOT NULL,
    found         INTEGER NOT NULL             -- Unix nanoseconds
);

DROP VIEW live_segment;
CREATE VIEW live_segment AS
    SELECT s.id, s.format, s.spans, s.traces, s.ordered, s.mapping,
           datetime(s.start_min / 1000000000, 'unixepoch') AS starts_from,
           datetime(s.start_max / 1000000000, 'unixepoch') AS starts_to,
           CASE WHEN s.body IS NULL
                THEN (SELECT sum(length(c.data)) FROM "column" c WHERE c.segment = s.id)
                     + coalesce((SELECT sum(length(b.data)) FROM text_block b
                                 JOIN "column" c ON c.id = b."column" WHERE c.segment = s.id), 0)
                ELSE length(s.body) END AS bytes
    FROM segment s
    WHERE s.id NOT IN (SELECT segment FROM retired) AND s.id NOT IN (SELECT segment FROM set_aside);
