"""Each limit that docs/OPERATIONS.md names: what just fits is taken, one more is refused or changed as it says,
and counted. Bodies are in test_otlp_http.py, deadlines in the HTTP module's own tests."""

from __future__ import annotations

import json
import re
import time

import pytest

from client import Response
from raw import exchange, head
from server import ROOT, Server, wait_for

NOW = time.time_ns()
DAY = 86_400 * 10**9


def ledger(server: Server) -> dict[str, int]:
    with server.client() as client:
        return client.json("/v1/status")["ledger"]


def asked(server: Server, **parameters: object) -> Response:
    with server.client() as client:
        body = json.dumps({name.rstrip("_"): value for name, value in parameters.items()}).encode()
        return client.post("/v1/slices", body, "application/json")


# MARK: requests


@pytest.mark.parametrize("over,status", [(0, 200), (1, 414)])
def test_request_line(server: Server, over: int, status: int) -> None:
    line = 16 * 1024 + over  # as it is sent, its end not counted
    target = "/healthz?" + "a" * (line - len("GET /healthz? HTTP/1.1"))
    assert exchange(server, [head("GET", target)], ["GET"])[0].status == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 431)])
def test_header_fields(server: Server, over: int, status: int) -> None:
    fields = [f"X-{n}: v" for n in range(99 + over)]  # and Host
    assert exchange(server, [head("GET", "/healthz", *fields)], ["GET"])[0].status == status


@pytest.mark.parametrize("over,status", [(0, 200), (1, 431)])
def test_header_bytes(server: Server, over: int, status: int) -> None:
    rest = len("Host: everyspan\r\n") + len("X: \r\n")  # line ends count, the empty line does not
    answer = exchange(server, [head("GET", "/healthz", "X: " + "a" * (64 * 1024 - rest + over))], ["GET"])[0]
    assert answer.status == status


def test_refused_requests_are_counted(fresh_server: Server) -> None:
    exchange(fresh_server, [head("GET", "/" + "a" * 20_000)], ["GET"])
    exchange(fresh_server, [head("GET", "/", *[f"X-{n}: v" for n in range(200)])], ["GET"])
    exchange(fresh_server, [b"GET / HTTP/9.9\r\n\r\n"], ["GET"])
    wait_for(lambda: ledger(fresh_server).get("request.refused") == 3)


# MARK: spans


def test_days_of_a_commit(fresh_server: Server) -> None:
    """Eight partitions at most: with nine days the two of fewest spans lie in the day of receipt."""
    for days, scattered in ((8, 0), (9, 2)):
        body = [{"name": f"{days} days", "start_time_unix_nano": NOW - day * DAY, "end_time_unix_nano": NOW - day * DAY} for day in range(days)]
        with fresh_server.client() as client:
            assert client.post("/v1/spans", json.dumps(body).encode()).json()["accepted"] == days
            assert client.json("/v1/slices", unit="span", from_=0, where=f'name = "{days} days"')["total"]["count"] == days
        assert ledger(fresh_server).get("span.scattered_time", 0) == scattered


@pytest.mark.parametrize("steps", [64, 65])
def test_steps_of_a_tool_sequence(fresh_server: Server, steps: int) -> None:
    body = [{"trace_id": "1" * 32, "span_id": f"{n:016x}", "name": "t", "tool": f"t{n}", "start_time_unix_nano": NOW + n, "end_time_unix_nano": NOW + n}
            for n in range(1, steps + 1)]
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps(body).encode())
        [row] = client.json("/v1/slices", by="tool.sequence,tool.count", format="rows")
    assert row["tool.sequence"].split(">") == [f"t{n}" for n in range(1, 65)]
    assert row["tool.count"] == steps


# MARK: questions


@pytest.mark.parametrize("limit,status", [("1000", 200), ("1001", 400), ("0", 400), ("-1", 400), ("all", 400)])
def test_rows_of_spans(server: Server, limit: str, status: int) -> None:
    with server.client() as client:
        assert client.get("/v1/spans", limit=limit).status == status


EXPRESSION_MAX = 16 * 1024


@pytest.mark.parametrize("where,status", [
    ("name = " + "a" * (EXPRESSION_MAX - 7), 200), ("name = " + "a" * (EXPRESSION_MAX - 6), 400),
    ("(" * 100 + "failed" + ")" * 100, 200), ("(" * 101 + "failed" + ")" * 101, 400),
    ("not " * 100 + "failed", 200), ("not " * 101 + "failed", 400),
    ("name ~ 'a{1000}'", 200), ("name ~ 'a{1001}'", 400), ("name ~ '" + "(" * 200 + ")" * 200 + "'", 200),
    ("name ~ '" + "(" * 201 + ")" * 201 + "'", 400), ("name ~ '(a{100}){90}'", 200), ("name ~ '(a{100}){110}'", 400),
    ("name ~ '((a{1000}){1000}){1000}'", 400),
])
def test_expressions(server: Server, where: str, status: int) -> None:
    answer = asked(server, where=where)
    assert answer.status == status, answer.body[:300]
    if status == 400:
        assert answer.json()["error"]["code"] == "bad_expression"


QUERY_BYTES_MAX = 1 << 20
# 300 traces, each with 30 documents and 30 tools: their product has 900 combinations a trace.
WIDE = [{"trace_id": f"{trace + 1:032x}", "span_id": f"{trace + 1:016x}", "name": "w", "document": [f"d{trace}-{n}" for n in range(30)],
         "tags": [f"t{n}" for n in range(30)], "prompt": f"{trace} " + "long " * 2000,
         "start_time_unix_nano": NOW + trace, "end_time_unix_nano": NOW + trace + 1} for trace in range(300)]


@pytest.mark.parametrize("path,large,small", [
    ("/v1/slices", {"by": "document,tags"}, {"by": "document", "where": 'document = "d7-1"'}),
    ("/v1/slices", {"by": "document", "limit": "all"}, {"by": "document", "limit": 5}),
    ("/v1/series", {"by": "tags", "limit": 20, "step": "1s", "from": NOW // 10**9 - 9000, "to": NOW // 10**9 + 1}, {"by": "tags", "limit": 2, "step": "1h"}),
    ("/v1/dimensions", {"distinct": "all"}, {"distinct": "all", "where": 'document = "d7-1"'}),
    ("/v1/spans", {"limit": 300, "fields": "prompt"}, {"limit": 5, "fields": "prompt"}),
    ("/v1/traces", {"limit": 300}, {"limit": 5}),
])
def test_memory_of_a_query(path: str, large: dict[str, object], small: dict[str, object]) -> None:
    """What would take too much is refused and says what to narrow; what is narrowed is answered, and so is the same elsewhere."""
    with Server(options=("--query-bytes-max", str(QUERY_BYTES_MAX))) as server, server.client() as client:
        assert client.post("/v1/spans", json.dumps(WIDE).encode()).json()["accepted"] == len(WIDE)
        refused = client.get(path, **large)
        assert refused.status == 422, refused.body[:300]
        error = refused.json()["error"]
        assert error["code"] == "query_too_large"
        assert "1 MiB" in error["message"] and re.search(r"limit|narrow|distinct|steps", error["message"])
        assert client.get(path, **small).status == 200
        assert client.json("/v1/slices", from_=0)["total"]["count"] == len(WIDE)
    with Server() as server, server.client() as client:
        client.post("/v1/spans", json.dumps(WIDE).encode())
        assert client.get(path, **large).status == 200


def test_the_page_names_every_reason_that_is_counted() -> None:
    """Both ways: a reason that nobody explains, and one that does not exist."""
    page = (ROOT / "docs" / "OPERATIONS.md").read_text()
    source = (ROOT / "Sources" / "Spans" / "LedgerCounts.swift").read_text()
    counted = set(re.findall(r'case \w+ = "([a-z_.]+)"', source))
    named = {name for name in re.findall(r"`([a-z]+\.[a-z_0-9]+)`", page) if name.split(".")[0] in {c.split(".")[0] for c in counted}}
    assert named == counted
