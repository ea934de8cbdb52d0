"""DuckDB: one table of its own format, or one Parquet file with zstd."""

from __future__ import annotations

from pathlib import Path

from questions import FAILURES_LEAST, LISTS, LOCALE, MINUTE, PHRASE, SCALARS, VALUES_MOST, Probes

from .library import Library
from .system import Rows

TYPES = {
    "trace_id": "VARCHAR", "span_id": "VARCHAR", "parent_span_id": "VARCHAR", "start_time_unix_nano": "BIGINT",
    "end_time_unix_nano": "BIGINT", "status": "VARCHAR", "gen_ai.usage.input_tokens": "INTEGER",
    "gen_ai.usage.output_tokens": "INTEGER", "gen_ai.usage.cache_read.input_tokens": "INTEGER", "cost.usd": "DOUBLE",
    "gen_ai.request.temperature": "DOUBLE", "gen_ai.prompt": "VARCHAR",
} | dict.fromkeys(SCALARS, "VARCHAR") | {"tool.call.index": "INTEGER"} | dict.fromkeys(LISTS, "VARCHAR[]")
FAILED = "count(*) FILTER (WHERE status = 'ERROR')"
QUERIES = {
    "Q1": f"""SELECT "prompt.template.version" v, count(*) n, {FAILED} f FROM spans GROUP BY 1
        ORDER BY f DESC, n DESC, v LIMIT 20""",
    "Q2": f"""SELECT "tenant.id" t, "gen_ai.response.model" m, count(*) n, {FAILED} f FROM spans
        WHERE locale = '{LOCALE}' AND m IS NOT NULL GROUP BY 1, 2 ORDER BY f DESC, n DESC, t, m LIMIT 20""",
    "Q3": """SELECT "gen_ai.response.model" m, count(*) n,
        quantile_disc(end_time_unix_nano - start_time_unix_nano, [0.5, 0.95, 0.99]) FROM spans
        WHERE "gen_ai.operation.name" = 'chat' GROUP BY 1 ORDER BY 1""",
    "Q4": f"SELECT start_time_unix_nano // {MINUTE} * {MINUTE} t, count(*), {FAILED} FROM spans GROUP BY 1 ORDER BY 1",
    "Q5": "SELECT * FROM spans WHERE trace_id = '{trace}' ORDER BY start_time_unix_nano",
    "Q6a": f"""SELECT count(*) FROM spans WHERE contains("gen_ai.prompt", '{PHRASE}')""",
    "Q6b": """SELECT trace_id, span_id FROM spans WHERE contains("gen_ai.prompt", '{rare}') LIMIT 20""",
}


def values(key: str, column: str, source: str) -> str:
    return f"SELECT '{key}' d, CAST({column} AS VARCHAR) v, count(*) n, {FAILED} f FROM {source} WHERE {column} IS NOT NULL GROUP BY {column}"


def every_value() -> str:
    each = [values(key, f'"{key}"', "spans") for key in SCALARS]
    each += [values(key, "e", f'(SELECT status, unnest("{key}") e FROM spans)') for key in LISTS]
    return f"""SELECT d, v, n, f, (f - n * tf / tn) / sqrt(n * tf / tn) z FROM ({" UNION ALL ".join(each)}),
        (SELECT count(*) tn, {FAILED} tf FROM spans) WHERE f >= {FAILURES_LEAST} ORDER BY z DESC, d, v LIMIT {VALUES_MOST}"""


class DuckDB(Library):
    def __init__(self, folder: Path, threads: int, probes: Probes, is_parquet: bool = False) -> None:
        super().__init__("duckdb parquet" if is_parquet else "duckdb", "parquet_engine" if is_parquet else "duck_engine", folder, threads, probes)

    def sql(self, question: str, turn: int) -> str:
        if question == "Q7":
            return every_value()
        text = QUERIES["Q5" if question == "Q5b" else question]
        return text.replace("{trace}", self.probes.trace(question, turn)).replace("{rare}", self.probes.rare_text(turn))

    def normal(self, question: str, rows: Rows) -> Rows:
        match question:
            case "Q3":
                return [(m, n, *(q / 1e6 for q in quantiles)) for m, n, quantiles in rows]
            case "Q5" | "Q5b":
                at = [list(TYPES).index(key) for key in ("span_id", "name", "start_time_unix_nano", "end_time_unix_nano", "status")]
                return sorted(tuple(row[i] for i in at) for row in rows)
            case "Q6b":
                return sorted(rows)
            case "Q7":
                return [row[:4] for row in rows]
            case _:
                return rows
