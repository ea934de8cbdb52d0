"""The query commands of the real binary: against a server, and straight against a data directory."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import scenarios
import workload
from cases import ALL
from page import Terminal
from server import Server
from terminal import on_terminal

FROM, TO = str(ALL[0]), str(ALL[1])


def run(server: Server, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command's output as a pipe gets it."""
    return subprocess.run(
        [server.executable, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        env={k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")} | {"EVERYSPAN_URL": server.url} | environment)


@pytest.fixture(scope="module")
def loaded(executable: Path) -> Iterator[Server]:
    with Server(executable) as server:
        with server.client() as client:
            for body in scenarios.ndjson_in_order(workload.ndjson(20000)):
                client.ingest("/v1/spans", body, scenarios.NDJSON)
        server.wait_until_merged()
        yield server


@pytest.mark.parametrize(("arguments", "path", "parameters"), [
    (["slices", "--by", "tenant,locale", "--limit", "3"], "/v1/slices", {"by": "tenant,locale", "limit": 3}),
    (["slices", "--by", "tool", "--where", "failed and tool = sql", "--unit", "span", "--order", "-count", "--calc", "count,p95(duration)"],
     "/v1/slices", {"by": "tool", "where": "failed and tool = sql", "unit": "span", "order": "-count", "calc": "count,p95(duration)"}),
    (["slices", "--vs", f"{FROM}..{TO}", "--having", "count > 3", "--by", "locale"], "/v1/slices",
     {"vs": f"{FROM}..{TO}", "having": "count > 3", "by": "locale"}),
    (["series", "--step", "2h", "--by", "environment"], "/v1/series", {"step": "2h", "by": "environment"}),
    (["traces", "--limit", "2", "--order", "-duration"], "/v1/traces", {"limit": 2, "order": "-duration"}),
    (["spans", "--limit", "2", "--fields", "name,tenant"], "/v1/spans", {"limit": 2, "fields": "name,tenant"}),
    (["dimensions", "tenant", "--prefix", "t-0001"], "/v1/dimensions", {"name": "tenant", "prefix": "t-0001"}),
    (["dimensions"], "/v1/dimensions", {}),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_pipe_gets_what_the_server_answers(loaded: Server, arguments: list[str], path: str, parameters: dict[str, object]) -> None:
    with loaded.client() as client:
        want = client.json(path, from_=FROM, to=TO, **parameters)
    done = run(loaded, *arguments, "--from", FROM, "--to", TO)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == want


def test_formats_are_passed_on(loaded: Server) -> None:
    done = run(loaded, "slices", "--by", "locale", "--from", FROM, "--to", TO, "--format", "csv", "--limit", "2")
    assert [row["locale"] for row in csv.DictReader(io.StringIO(done.stdout))] and done.returncode == 0


def test_a_terminal_gets_a_table_as_wide_as_it_is(loaded: Server) -> None:
    shown = on_terminal(
        [loaded.executable, "slices", "--by", "locale", "--from", FROM, "--to", TO, "--limit", "2", "--url", loaded.url], columns=60)
    lines = shown.splitlines()
    assert lines[1].split()[:3] == ["FAILED", "COUNT", "RATE"]
    # A column that does not fit is left out, not cut.
    assert "COST" not in lines[1] and all(len(line) <= 60 for line in lines[1:])


def on_a_terminal(server: Server, *arguments: str) -> list[str]:
    command = "everyspan " + " ".join(f"'{argument}'" for argument in arguments)
    with Terminal(command, server.url.removeprefix("http://"), server.executable) as terminal:
        return terminal.whole().splitlines()


def test_spans_are_a_table_on_a_terminal(loaded: Server) -> None:
    question = ["--from", FROM, "--to", TO, "--where", "tool = sql", "--limit", "5", "--order=-duration"]
    title, *lines, last = on_a_terminal(loaded, "spans", *question)
    with loaded.client() as client:
        answer = client.json("/v1/spans", from_=FROM, to=TO, where="tool = sql", limit=5, order="-duration")
    spans = answer["spans"]
    assert title.split() == ["TRACE", "START_TIME", "DURATION", "STATUS", "NAME", "TENANT", "MODEL", "TOOL"]
    assert len(lines) == len(spans) == 5
    for line, span in zip(lines, spans, strict=True):
        cells = line.split()
        assert cells[0] == span["trace_id"][:8] and " ".join(cells[1:3]) == span["start_time"][5:16].replace("T", " ")
        assert cells[4] == span["status"].lower() and span["name"] in line and cells[-1] == "sql" and span["dimensions"]["tenant"] in cells
    durations = [span["duration_ms"] for span in spans]
    assert durations == sorted(durations)
    assert last.startswith(f"{answer['coverage']['matched']:,} spans · ")


def test_fields_of_spans_and_their_texts(loaded: Server) -> None:
    question = ["--from", FROM, "--to", TO, "--where", "has(prompt.text)", "--limit", "2"]
    lines = on_a_terminal(loaded, "spans", *question, "--fields", "prompt.text,span_id,gen_ai.usage.input_tokens")
    with loaded.client() as client:
        spans = client.json("/v1/spans", from_=FROM, to=TO, where="has(prompt.text)", limit=2)["spans"]
    assert lines[0].split() == ["TRACE", "SPAN_ID", "GEN_AI.USAGE.INPUT_TOKENS"]
    shown = [line.split() for line in lines[1:-1] if not line.startswith(" ")]
    assert shown == [[s["trace_id"][:8], s["span_id"], str(s["gen_ai.usage.input_tokens"])] for s in spans]
    texts = [line for line in lines if line.startswith("         › ")]
    assert len(texts) == 2 and all(s["dimensions"]["prompt.text"][:30] in t for s, t in zip(spans, texts, strict=True))
    assert max(map(len, lines)) <= 100


def test_nothing_held_is_said(fresh_server: Server) -> None:
    assert on_a_terminal(fresh_server, "status")[1] == "nothing is held yet"
    assert on_a_terminal(fresh_server, "spans")[-1].startswith("0 spans · ")


def test_the_status_is_a_table_on_a_terminal(loaded: Server) -> None:
    with loaded.client() as client:
        client.post("/v1/spans", b'[{"name":"bad","status":7}]')
        status = client.json("/v1/status")
    lines = on_a_terminal(loaded, "status")
    assert lines[0].startswith(f"everyspan {status['version']} · up for ")
    assert lines[1].startswith(f"{status['spans']:,} spans · {status['traces']:,} traces · {status['scores']:,} scores · ")
    assert lines[1].endswith(f"{status['oldest'][5:16].replace('T', ' ')} → {status['newest'][5:16].replace('T', ' ')} UTC")
    ledger = lines[next(n for n, line in enumerate(lines) if line.endswith("LEDGER")) + 1:]
    assert {line.split()[1]: int(line.split()[0].replace(",", "")) for line in ledger} == status["ledger"]
    assert status["ledger"]["span.invalid"] >= 1
    partitions = {line.split()[-1]: int(line.split()[0].replace(",", "")) for line in lines[5:5 + len(status["partitions"])]}
    assert partitions == {p["name"]: p["spans"] for p in status["partitions"]}
    assert run(loaded, "status", "--format", "csv").stderr.count("json, text") == 1


def test_a_directory_answers_as_its_server_did(executable: Path) -> None:
    with Server(executable) as server:
        with server.client() as client:
            for body in list(scenarios.ndjson_in_order(workload.ndjson(20000)))[:5]:
                client.ingest("/v1/spans", body, scenarios.NDJSON)
            want = client.json("/v1/slices", by="tenant", from_=FROM, to=TO)
            one = client.json("/v1/traces", from_=FROM, to=TO, limit=1)["traces"][0]["trace_id"]
        held = run(server, "slices", "--data", str(server.data))
        assert held.returncode == 3 and "another everyspan (process" in held.stderr
        server.stop()
        done = run(server, "slices", "--by", "tenant", "--from", FROM, "--to", TO, "--data", str(server.data))
        assert json.loads(done.stdout) == want
        assert one in run(server, "trace", one[:20], "--data", str(server.data), "--format", "text").stdout
        refused = run(server, "tail", "--data", str(server.data))
        assert refused.returncode != 0 and "only a server" in refused.stderr


@pytest.mark.parametrize(("arguments", "code", "says"), [
    (["slices", "--by", "tenat", "--from", "0"], 1, "tenant"), (["slices", "--where", "tenant ="], 1, "value"), (["trace", "xyz"], 64, "hexadecimal"),
    (["trace", "ffffffffffff"], 1, "no trace begins"), (["slices", "--url", "http://127.0.0.1:9"], 3, "nothing listens"),
    (["slices", "--url", "https://127.0.0.1"], 64, "proxy"), (["slices", "--watch", "0"], 64, "seconds"), (["score", "a" * 32, "x", "high"], 64, "--label"),
    (["slices", "--format", "xml"], 1, "csv"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_what_goes_wrong_is_said_in_a_sentence(loaded: Server, arguments: list[str], code: int, says: str) -> None:
    done = run(loaded, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_a_check_tells_by_its_exit_code(loaded: Server) -> None:
    window = ["--from", FROM, "--to", TO, "--by", "tenant", "--check"]
    alarm = run(loaded, "slices", *window, "--having", "failures >= 1")
    assert alarm.returncode == 4 and json.loads(alarm.stdout)["rows"]
    assert run(loaded, "slices", *window, "--having", "failures >= 1000000").returncode == 0


def test_a_score_is_sent_and_asked_by(loaded: Server) -> None:
    with loaded.client() as client:
        trace = client.json("/v1/traces", from_=FROM, to=TO, limit=1)["traces"][0]["trace_id"]
    done = run(loaded, "score", trace, "thumbs", "-0.5", "--by", "pat", "--comment", "late", "--label", "down")
    assert json.loads(done.stdout)["accepted"] == 1, done.stderr
    rows = json.loads(run(loaded, "slices", "--by", "score.thumbs", "--where", "has(score.thumbs)", "--from", FROM, "--to", TO).stdout)["rows"]
    assert [(row["slice"]["score.thumbs"], row["count"]) for row in rows] == [(-0.5, 1)]
    assert "score thumbs = -0.5 (down) by pat: late" in run(loaded, "trace", trace, "--format", "text").stdout


def test_a_tail_is_followed(fresh_server: Server) -> None:
    with subprocess.Popen([fresh_server.executable, "tail", "--where", "status = error", "--url", fresh_server.url, "--fields", "name"],
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"  # it follows
        with fresh_server.client() as client:
            client.post("/v1/spans", b'[{"name":"good"},{"name":"bad","status":"error"}]')
        assert json.loads(process.stdout.readline()) == {"name": "bad"}
        process.terminate()


def test_a_watch_asks_again(fresh_server: Server) -> None:
    with subprocess.Popen([fresh_server.executable, "slices", "--since", "1h", "--calc", "count", "--watch", "0.2", "--format", "ndjson", "--url",
                           fresh_server.url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["count"] == 0
        with fresh_server.client() as client:
            client.post("/v1/spans", b'{"name":"one"}')
        deadline = time.monotonic() + 20
        while json.loads(process.stdout.readline())["count"] != 1:
            assert time.monotonic() < deadline
        process.terminate()
