-- What belongs to no partition.

-- Refusals of whole requests, and of spans that never reached a partition, by reason.
CREATE TABLE ledger (
    reason        TEXT PRIMARY KEY,
    amount        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
    name          TEXT PRIMARY KEY,
    value         TEXT NOT NULL
) WITHOUT ROWID;
