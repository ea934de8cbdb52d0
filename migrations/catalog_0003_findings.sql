-- What the watch has found, open and resolved. docs/STORAGE.md says what the JSON holds.
CREATE TABLE finding (
    id            TEXT PRIMARY KEY,
    state         TEXT NOT NULL,               -- open, resolved
    opened        INTEGER NOT NULL,            -- Unix nanoseconds
    resolved      INTEGER,
    failure       TEXT NOT NULL,               -- the expression that says what a failure is
    slice         TEXT NOT NULL,               -- JSON
    also          TEXT NOT NULL,               -- JSON: other slices of the same units
    onset         TEXT,                        -- JSON
    traces        TEXT NOT NULL,               -- JSON: ids of traces that failed
    changes       TEXT NOT NULL,               -- JSON: when it came and went
    told          INTEGER NOT NULL             -- how many of the changes the webhook has taken
) WITHOUT ROWID;

-- The windows in which it was seen.
CREATE TABLE finding_sighting (
    finding       TEXT NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
    window_to     INTEGER NOT NULL,            -- Unix nanoseconds
    window_from   INTEGER NOT NULL,
    question      TEXT NOT NULL,               -- failing, worse
    target        INTEGER NOT NULL,            -- members that failed
    baseline      INTEGER NOT NULL,            -- members that did not
    target_rate   REAL,
    rest_rate     REAL,
    excess        REAL NOT NULL,
    p_log10       REAL NOT NULL,
    q_value       REAL NOT NULL,
    units         INTEGER NOT NULL,            -- of the whole window
    failures      INTEGER NOT NULL,
    PRIMARY KEY (finding, window_to)
) WITHOUT ROWID;
