"""The standard workload counted once more, from the lines that are sent, by DuckDB, which knows nothing of Everyspan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

MEMORY_MOST = "4GB"  # beyond that it goes to the disk
Rows = list[tuple[Any, ...]]
SENT = {
    "trace_id": "VARCHAR", "span_id": "VARCHAR", "parent_span_id": "VARCHAR", "start_time_unix_nano": "BIGINT",
    "end_time_unix_nano": "BIGINT", "status": "VARCHAR", "tenant.id": "VARCHAR", "user.id": "VARCHAR", "session.id": "VARCHAR",
    "locale": "VARCHAR", "prompt.template.version": "VARCHAR", "gen_ai.operation.name": "VARCHAR", "gen_ai.request.model": "VARCHAR",
    "gen_ai.response.model": "VARCHAR", "gen_ai.usage.input_tokens": "BIGINT", "gen_ai.usage.output_tokens": "BIGINT",
    "cost.usd": "DECIMAL(18, 6)", "retrieval.document.ids": "VARCHAR[]", "gen_ai.prompt": "VARCHAR",
}
SPAN = """SELECT ? AS part, trace_id, span_id, parent_span_id = '' AS is_root, start_time_unix_nano AS start,
    end_time_unix_nano AS "end", end_time_unix_nano - start_time_unix_nano AS duration, status = 'ERROR' AS failed,
    "tenant.id" AS tenant, "user.id" AS user_id, "session.id" AS session, locale, "prompt.template.version" AS version,
    "gen_ai.operation.name" AS operation, "gen_ai.request.model" AS model, "gen_ai.response.model" AS revision,
    "gen_ai.usage.input_tokens" AS tokens_in, "gen_ai.usage.output_tokens" AS tokens_out, "cost.usd" AS cost,
    list_distinct("retrieval.document.ids") AS documents, "gen_ai.prompt" AS prompt
    FROM read_json(?, format = 'newline_delimited', columns = ?)"""
# Of a trace's spans all that have one of these have the same; `add` looks whether they do.
SHARED = ("tenant", "user_id", "session", "locale", "version", "model", "revision")
# A trace is what its root is. Without one it begins with its first span, ends with its last, and fails with any.
TRACE = f"""SELECT part, trace_id, count(*) AS spans, {", ".join(f"max({column}) AS {column}" for column in SHARED)},
    coalesce(any_value(failed) FILTER (WHERE is_root), bool_or(failed)) AS failed,
    coalesce(any_value(start) FILTER (WHERE is_root), min(start)) AS start,
    coalesce(any_value(duration) FILTER (WHERE is_root), max("end") - min(start)) AS duration,
    sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, sum(cost) AS cost, any_value(documents) AS documents
    FROM all_spans WHERE part = ? GROUP BY part, trace_id"""
DIFFERENT = " OR ".join(f"min({column}) != max({column})" for column in (*SHARED, "list_sort(documents)"))


class Recount:
    """Tables of spans and traces, in parts that are sent one after the other."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        folder.mkdir(parents=True)
        self._database = duckdb.connect(folder / "recount.duckdb")
        settings = {"memory_limit": MEMORY_MOST, "temp_directory": folder, "threads": threads, "preserve_insertion_order": False}
        for name, value in settings.items():
            self._database.execute(f"SET {name} = '{value}'")

    def add(self, ndjson: Path, part: int) -> None:
        self._append("all_spans", SPAN, [part, str(ndjson), SENT])
        odd = self.rows(f"SELECT trace_id FROM all_spans WHERE part = {part} GROUP BY trace_id HAVING {DIFFERENT} LIMIT 1")
        assert not odd, f"a trace whose spans differ in what they should share: {odd}"
        self._append("all_traces", TRACE, [part])

    def _append(self, table: str, select: str, parameters: list[Any]) -> None:
        is_there = self.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table])
        self._database.execute(f"INSERT INTO {table} {select}" if is_there else f"CREATE TABLE {table} AS {select}", parameters)

    def look_at(self, parts: int) -> None:
        """From now on `spans` and `traces` are those of so many parts."""
        for name in ("spans", "traces"):
            self._database.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM all_{name} WHERE part < {parts}")

    def rows(self, sql: str, parameters: list[Any] | None = None) -> Rows:
        return self._database.execute(sql, parameters or []).fetchall()

    def close(self) -> None:
        self._database.close()
