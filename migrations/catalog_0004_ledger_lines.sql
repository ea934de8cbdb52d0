-- The ledger by reason, tenant, service and key: in which places something was lost. `ledger` stays the exact total of each
-- reason; what it has beyond the lines was counted before there were lines, or beyond those that are kept.
CREATE TABLE ledger_line (
    id            INTEGER PRIMARY KEY,         -- from 1 on without gaps: the greatest says how many there are
    reason        TEXT NOT NULL,
    tenant        TEXT,                        -- NULL: neither the span nor its scope nor its resource says it
    service       TEXT,
    key           TEXT,                        -- of the attribute, or the field; NULL: the reason is about none
    amount        INTEGER NOT NULL,
    first         INTEGER NOT NULL,            -- receipt, Unix nanoseconds
    last          INTEGER NOT NULL
);
-- NULL is a value here, and other than ''.
CREATE UNIQUE INDEX ledger_line_place
    ON ledger_line (reason, ifnull(tenant, x''), ifnull(service, x''), ifnull(key, x''));

-- The lines of the last commits, a row each, until they are added to the above: an import of old spans of a thousand tenants
-- would write a thousand rows with every commit.
CREATE TABLE ledger_commit (
    id            INTEGER PRIMARY KEY,
    received      INTEGER NOT NULL,            -- Unix nanoseconds
    lines         TEXT NOT NULL                -- JSON: [[reason, tenant, service, key, amount], ...]
);

-- When a reason was counted first and last; NULL: before this was written down.
ALTER TABLE ledger ADD COLUMN first INTEGER;
ALTER TABLE ledger ADD COLUMN last INTEGER;

-- For people: both tables added up.
CREATE VIEW ledger_detail AS
SELECT reason, tenant, service, key, sum(amount) AS amount, min(first) AS first, max(last) AS last
FROM (
    SELECT reason, tenant, service, key, amount, first, last FROM ledger_line
    UNION ALL
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]'), json_extract(value, '$[4]'), received, received
    FROM ledger_commit, json_each(ledger_commit.lines)
)
GROUP BY reason, tenant, service, key;
