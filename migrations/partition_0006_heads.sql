-- What is said of a segment's columns, and of its counts, once more and in one piece. In their tables these rows lie before
-- their bytes, a page for each, and a start reads all of them.

-- The rows of "column" as the seal covers them (docs/STORAGE.md); NULL where none were written.
ALTER TABLE segment ADD COLUMN heads BLOB;

-- Those of value_count, value_count_name and trace_value.
ALTER TABLE segment_count ADD COLUMN heads BLOB;
