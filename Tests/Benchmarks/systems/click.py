"""chDB: ClickHouse's engine as a library, one MergeTree table."""

from __future__ import annotations

from pathlib import Path

from questions import FAILURES_LEAST, LISTS, LOCALE, MINUTE, PHRASE, SCALARS, VALUES_MOST, Probes

from .library import Library
from .system import Rows

FEW = "LowCardinality(String)"
ZSTD, CLOCK = "CODEC(ZSTD(1))", "CODEC(Delta, ZSTD(1))"
READ = {  # as they stand in the JSON
    "trace_id": "String", "span_id": "String", "parent_span_id": "String", "start_time_unix_nano": "Int64",
    "end_time_unix_nano": "Int64", "status": FEW, "gen_ai.usage.input_tokens": "UInt32", "gen_ai.usage.output_tokens": "UInt32",
    "gen_ai.usage.cache_read.input_tokens": "UInt32", "cost.usd": "Float64", "gen_ai.request.temperature": "Float32",
    "gen_ai.prompt": "String",
} | dict.fromkeys(SCALARS, FEW) | dict.fromkeys(LISTS, f"Array({FEW})")
# Tens of thousands of values in a part: dictionaries would not help.
READ |= dict.fromkeys(("user.id", "session.id", "tool.sequence"), "String") | {"retrieval.document.ids": "Array(String)"}
FAILED = "countIf(status = 'ERROR')"


def column(key: str) -> str:
    """A dot would make a list part of a nested table."""
    return key.replace(".", "_")


def definition(key: str, kind: str) -> str:
    return f"{column(key)} {kind} {CLOCK if key.endswith('_unix_nano') else ZSTD}"


TABLE = f"""CREATE TABLE bench.spans ({", ".join(definition(key, kind) for key, kind in READ.items())},
    INDEX traces trace_id TYPE bloom_filter(0.01) GRANULARITY 1)
    ENGINE = MergeTree ORDER BY (service_name, name, start_time_unix_nano)"""
QUERIES = {
    "Q1": f"""SELECT prompt_template_version v, count() n, {FAILED} f FROM bench.spans GROUP BY v
        ORDER BY f DESC, n DESC, v LIMIT 20""",
    "Q2": f"""SELECT tenant_id t, gen_ai_response_model m, count() n, {FAILED} f FROM bench.spans
        WHERE locale = '{LOCALE}' AND m != '' GROUP BY t, m ORDER BY f DESC, n DESC, t, m LIMIT 20""",
    "Q3": """SELECT gen_ai_response_model m, count() n, quantilesTDigest(0.5, 0.95, 0.99)(end_time_unix_nano - start_time_unix_nano)
        FROM bench.spans WHERE gen_ai_operation_name = 'chat' GROUP BY m ORDER BY m""",
    "Q4": f"SELECT intDiv(start_time_unix_nano, {MINUTE}) * {MINUTE} t, count(), {FAILED} FROM bench.spans GROUP BY t ORDER BY t",
    "Q5": "SELECT * FROM bench.spans WHERE trace_id = '{trace}' ORDER BY start_time_unix_nano",
    "Q6a": f"SELECT count() FROM bench.spans WHERE position(gen_ai_prompt, '{PHRASE}') > 0",
    "Q6b": "SELECT trace_id, span_id FROM bench.spans WHERE position(gen_ai_prompt, '{rare}') > 0 LIMIT 20",
}


def values(key: str, source: str, name: str) -> str:
    return f"SELECT '{key}' d, toString({name}) v, count() n, {FAILED} f FROM {source} WHERE {name} != '' GROUP BY {name}"


def every_value() -> str:
    each = [values(key, "bench.spans", column(key)) for key in SCALARS]
    each += [values(key, f"(SELECT status, arrayJoin({column(key)}) e FROM bench.spans)", "e") for key in LISTS]
    totals = f"WITH (SELECT count() FROM bench.spans) AS tn, (SELECT {FAILED} FROM bench.spans) AS tf"
    return f"""{totals} SELECT d, v, n, f, (f - n * tf / tn) / sqrt(n * tf / tn) z FROM ({" UNION ALL ".join(each)})
        WHERE f >= {FAILURES_LEAST} ORDER BY z DESC, d, v LIMIT {VALUES_MOST}"""


class ChDB(Library):
    def __init__(self, folder: Path, threads: int, probes: Probes) -> None:
        super().__init__("chdb", "click_engine", folder, threads, probes)

    def sql(self, question: str, turn: int) -> str:
        if question == "Q7":
            return every_value()
        text = QUERIES["Q5" if question == "Q5b" else question]
        return text.replace("{trace}", self.probes.trace(question, turn)).replace("{rare}", self.probes.rare_text(turn))

    def normal(self, question: str, rows: Rows) -> Rows:
        match question:
            case "Q3":
                return [(m, int(n), *(q / 1e6 for q in quantiles)) for m, n, quantiles in rows]
            case "Q5" | "Q5b":
                at = [list(READ).index(key) for key in ("span_id", "name", "start_time_unix_nano", "end_time_unix_nano", "status")]
                return sorted((row[at[0]], row[at[1]], int(row[at[2]]), int(row[at[3]]), row[at[4]]) for row in rows)
            case "Q6b":
                return sorted(rows)
            case "Q7":
                return [(d, v, int(n), int(f)) for d, v, n, f, _ in rows]
            case "Q1":
                return [(v, int(n), int(f)) for v, n, f in rows]
            case "Q2":
                return [(t, m, int(n), int(f)) for t, m, n, f in rows]
            case _:
                return [tuple(int(value) for value in row) for row in rows]
