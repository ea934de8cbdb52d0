"""The command that docs/OPERATIONS.md gives for Parquet, run as it is there: the file answers as the server does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import orjson

import scenarios
import workload
from server import ROOT, Server

START = 1_795_000_000_000_000_000
MIXED = [1, "1", True, 1.5, ["a", "b"], [1, 2], 2**62 + 1, "2026-01-01"]
# The library's shell is a package of its own; this is what its `-c` does.
DUCKDB = "import duckdb, sys; duckdb.execute(sys.argv[1])"
DOCUMENTS = "(span->'retrieval.document.ids')::VARCHAR[]"


def late() -> list[dict[str, Any]]:
    """Started first, so exported last: after thousands of spans that have none of these keys."""
    return [
        {"trace_id": f"{at + 1:032x}", "span_id": f"{at + 1:016x}", "name": "late", "start_time_unix_nano": START - 10**15 + at,
         "end_time_unix_nano": START - 10**15 + at + 1_500_001, "tenant.id": "t-late", "late.key": at, "mixed": value,
         "Mixed": at, 'quo"te': "it's", "gen_ai.usage.input_tokens": "many",
         "events": [{"name": "e", "time_unix_nano": START, "attributes": {"k": at}}]}
        for at, value in enumerate(MIXED)
    ]


def test_the_file_answers_as_the_server(executable: Path, tmp_path: Path) -> None:
    with Server(executable) as server:
        with server.client() as client:
            for body in [*scenarios.ndjson_in_order(workload.ndjson(5000)), b"\n".join(map(orjson.dumps, late()))]:
                client.ingest("/v1/spans", body, scenarios.NDJSON)
            asked = {"from": 0, "unit": "span", "limit": "all"}
            tenants = client.json("/v1/slices", by="tenant", calc="count,failures,sum(tokens.input),max(duration)", **asked)["rows"]
            documents = client.json("/v1/slices", by="document", where="has(document)", calc="count,failures", **asked)["rows"]
        assert server.stop() == 0
        export_as_documented(server, tmp_path)

    def answer(sql: str) -> list[tuple[Any, ...]]:
        return duckdb.execute(sql.replace("spans", f"'{tmp_path}/spans.parquet'")).fetchall()

    failures = "count(*) FILTER (WHERE status = 'error')"
    found = answer(f"SELECT tenant, count(*), {failures}, coalesce(sum(tokens_in), 0), max(duration_ms) FROM spans GROUP BY 1")
    assert Counter(found) == Counter(
        (row["slice"]["tenant"], row["count"], row["failures"], row["sum(tokens.input)"], row["max(duration)"]) for row in tenants)
    found = answer(f"SELECT d, count(*), {failures} FROM (SELECT status, unnest(list_distinct({DOCUMENTS})) AS d FROM spans) GROUP BY 1")
    assert Counter(found) == Counter((row["slice"]["document"], row["count"], row["failures"]) for row in documents)
    kept = answer("""SELECT epoch_ns(start_time), span->>'late.key', span->'mixed', span->'Mixed', span->'events'
        FROM spans WHERE name = 'late' ORDER BY 1""")
    assert [start for start, *_ in kept] == [span["start_time_unix_nano"] for span in late()]
    assert [orjson.loads(mixed) for _, _, mixed, _, _ in kept] == MIXED
    assert [(int(key), int(other)) for _, key, _, other, _ in kept] == [(at, at) for at in range(len(MIXED))]
    assert [orjson.loads(events)[0]["attributes"]["k"] for *_, events in kept] == list(range(len(MIXED)))


def export_as_documented(server: Server, folder: Path) -> None:
    page = (ROOT / "docs" / "OPERATIONS.md").read_text()
    command = re.search(r'^everyspan (export .*?) \| duckdb -c "\n(.*?)"\n```', page, re.MULTILINE | re.DOTALL)
    assert command
    arguments = command[1].replace("/var/lib/everyspan", str(server.data)).split()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EVERYSPAN_")}
    with subprocess.Popen([server.executable, *arguments], stdout=subprocess.PIPE, env=environment) as export:
        subprocess.run([sys.executable, "-c", DUCKDB, command[2]], stdin=export.stdout, cwd=folder, check=True, timeout=120)
        assert export.wait(60) == 0
