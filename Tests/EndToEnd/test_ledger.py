"""The ledger by line: what was lost is told with its reason, tenant, service and key, as an independent count has it, and stays told
through merges, restarts and kill -9."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import scenarios
import workload
from client import JSON, PROTOBUF
from otlp import add_attributes, request
from server import ROOT, Server, wait_for

Line = tuple[str, str | None, str | None, str | None]
NOW = time.time_ns()
DAY = 86_400 * 10**9
HOUR = 3_600 * 10**9


@pytest.fixture(scope="module", autouse=True)
def now() -> None:
    """Set anew when the module's tests begin: in a long run what was now when it was imported is late by then."""
    global NOW
    NOW = time.time_ns()


def a_span(start: int | None = None, **fields: Any) -> dict[str, Any]:
    start = NOW if start is None else start
    span = {"trace_id": os.urandom(16).hex(), "span_id": os.urandom(8).hex(), "name": "chat",
            "start_time_unix_nano": start, "end_time_unix_nano": start + 1_000_000}
    return span | fields


def lines(server: Server, **parameters: object) -> Counter[Line]:
    with server.client() as client:
        rows = client.json("/v1/ledger", limit="all", format="rows", **parameters)
    assert all(not row["other"] for row in rows)
    assert len(rows) == len({(r["reason"], r["tenant"], r["service"], r["key"]) for r in rows})
    return Counter({(r["reason"], r["tenant"], r["service"], r["key"]): r["count"] for r in rows})


def check_totals(server: Server) -> None:
    """Lines, their totals, the status and the coverage of other answers are one."""
    with server.client() as client:
        status = client.json("/v1/status")["ledger"]
        answer = client.json("/v1/ledger", by="reason", limit="all")
        coverage = client.json("/v1/slices", from_=0)["coverage"]
    assert {row["reason"]: row["count"] for row in answer["rows"]} == status
    assert {row["reason"]: row["count"] for row in answer["reasons"]} == status
    assert answer["total"] == sum(status.values())
    for answered in (coverage, answer["coverage"]):
        assert answered["late"] == status.get("span.late", 0)
        assert answered["refused"] == sum(status.get(r, 0) for r in (
            "span.invalid", "span.invalid_trace_id", "span.invalid_span_id", "span.older_than_retention"))
    assert answer["coverage"]["dropped_upstream"] == sum(n for reason, n in status.items() if reason.startswith("upstream."))


def check(server: Server, expected: Counter[Line]) -> None:
    assert lines(server) == expected
    check_totals(server)


# MARK: each reason


class Losses:
    """Sends what is odd, and counts it on its own."""

    def __init__(self) -> None:
        self.expected: Counter[Line] = Counter()

    def add(self, reason: str, tenant: str | None = None, service: str | None = None, key: str | None = None, count: int = 1) -> None:
        self.expected[(reason, tenant, service, key)] += count


def otlp(losses: Losses, tenant: str, service: str) -> bytes:
    """One OTLP request with something of everything, of one tenant of one service."""
    def add(reason: str, key: str | None = None, count: int = 1) -> None:
        losses.add(reason, tenant, service, key, count)

    body = request([a_span(tenant=tenant, number=n, **{"service.name": service}) for n in range(13)])
    spans = body.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id = spans[0].trace_id[:15]
    add("span.invalid_trace_id")
    spans[1].span_id = bytes(8)
    add("span.invalid_span_id")
    spans[2].dropped_attributes_count, spans[2].dropped_events_count, spans[2].dropped_links_count = 3, 4, 5
    spans[2].events.add(name="e", dropped_attributes_count=6)
    add("upstream.dropped_attributes", count=9)
    add("upstream.dropped_events", count=4)
    add("upstream.dropped_links", count=5)
    add_attributes(spans[3].attributes, {"twice": 1})
    add_attributes(spans[3].attributes, {"twice": 2, "tenant": tenant})
    add("attribute.duplicate_key", "twice")
    add("attribute.duplicate_key", "tenant")
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    add_attributes(spans[4].attributes, {"deep": deep})
    add("attribute.too_deep", "deep")
    spans[5].end_time_unix_nano = 0
    add("span.unfinished")
    spans[6].end_time_unix_nano = spans[6].start_time_unix_nano - 1
    add("span.end_before_start")
    spans[7].start_time_unix_nano = spans[7].end_time_unix_nano = 0
    add("span.time_missing")
    spans[8].start_time_unix_nano = spans[8].end_time_unix_nano = NOW + 3 * DAY
    add("span.far_future")
    spans[9].parent_span_id = b"123"
    add("span.invalid_parent_id")
    spans[10].start_time_unix_nano = spans[10].end_time_unix_nano = NOW - HOUR
    add("span.late")
    add_attributes(spans[11].attributes, {"text": "MARK"})
    spans[11].name = "MARK"
    add("text.invalid_utf8", "text")
    add("text.invalid_utf8", "name")
    spans[12].CopyFrom(spans[3])
    spans[12].attributes.add(key="twice").value.int_value = 3
    add("attribute.duplicate_key", "twice", 2)
    add("attribute.duplicate_key", "tenant")
    add("span.duplicate")
    return body.SerializeToString().replace(b"MARK", b"\xff\xfe\xff\xfe"[:4])


def native(losses: Losses, tenant: str | None, service: str | None) -> bytes:
    def add(reason: str, key: str | None = None, count: int = 1) -> None:
        losses.add(reason, tenant, service, key, count)

    own = ({"tenant_id": None} if tenant is None else {"metadata.tenant_id": tenant}) | ({} if service is None else {"resource": {"service.name": service}})
    spans: list[dict[str, Any]] = [a_span(**own) for _ in range(7)]
    spans[0]["status"] = "nonsense"
    add("span.invalid")
    spans[1]["trace_id"] = "0" * 32
    add("span.invalid_trace_id")
    spans[2] |= {"llm": {"model": "a"}, "llm.model": "b"}
    add("attribute.duplicate_key", "llm.model")
    spans[3] |= {"list": ["\ud800", "fine"], "name": "\udc00"}
    add("text.invalid_utf8", "list")
    add("text.invalid_utf8", "name")
    spans[4] |= {"start_time_unix_nano": NOW - 5 * DAY, "end_time_unix_nano": NOW - 5 * DAY}
    add("span.late")
    spans[5] = spans[6]
    add("span.duplicate")
    losses.add("span.invalid", count=2)
    return b"\n".join([*(json.dumps(span).encode() for span in spans), b"7", b"{nonsense"])


def test_each_reason_with_its_tenant_service_and_key(fresh_server: Server) -> None:
    losses = Losses()
    with fresh_server.client() as client:
        for tenant, service in (("acme", "checkout"), ("acme", "search"), ('gl"obex\n', "ünïcode"), ("-", "")):
            assert client.post("/v1/traces", otlp(losses, tenant, service), PROTOBUF).status == 200
            assert client.post("/v1/spans", native(losses, tenant, service)).status == 200
        assert client.post("/v1/spans", native(losses, None, None)).status == 200
        # A service without a name says nothing.
        for line in [line for line in losses.expected if line[2] == ""]:
            losses.expected[(line[0], line[1], None, line[3])] += losses.expected.pop(line)
        # Refused before anything is read.
        assert client.post("/v1/traces", b"\xff\xff\xff", PROTOBUF).status == 400
        assert client.post("/v1/spans", b"nonsense").status == 400
        losses.add("request.refused", count=2)
        body = request([a_span(tenant="t")])
        metrics = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":1},{"asInt":2}]}}]}]}]}'
        assert client.post("/v1/metrics", metrics, JSON).status == 200
        losses.add("metric.not_kept", count=2)
        assert client.post("/v1/scores", b'{"name":"x"}').status == 400
        losses.add("score.invalid")
        # The same body again is nothing but duplicates.
        for _ in range(2):
            client.post("/v1/traces", body.SerializeToString(), PROTOBUF)
        losses.add("span.duplicate", "t")
    check(fresh_server, losses.expected)
    fresh_server.wait_until_merged()
    check(fresh_server, losses.expected)
    fresh_server.restart()
    check(fresh_server, losses.expected)
    fresh_server.kill()
    fresh_server.start()
    check(fresh_server, losses.expected)


def test_json_says_the_same_as_protobuf(fresh_server: Server) -> None:
    span = {"traceId": "01", "spanId": "0102030405060708", "attributes": [{"key": "tenant.id", "value": {"intValue": "7"}}]}
    kept = {"traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "startTimeUnixNano": str(NOW), "endTimeUnixNano": str(NOW),
            "attributes": [{"key": "k", "value": {"stringValue": "\ud800"}}, {"key": "k", "value": {"intValue": 1, "stringValue": "x"}}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span, kept]}], "resource": {
        "attributes": [{"key": "service.name", "value": {"stringValue": "api"}}], "droppedAttributesCount": 2}}]}
    with fresh_server.client() as client:
        assert client.post("/v1/traces", json.dumps(body).encode(), JSON).status == 200
    check(fresh_server, Counter({
        ("span.invalid_trace_id", "7", "api", None): 1, ("text.invalid_utf8", None, "api", "k"): 1,
        ("attribute.duplicate_key", None, "api", "k"): 1, ("attribute.several_values", None, "api", "k"): 1,
        ("upstream.dropped_attributes", None, "api", None): 2}))


def test_old_spans_are_late_by_tenant_and_service(fresh_server: Server) -> None:
    """An import of the standard workload in every encoding: each span is late, and sent again each is doubled too."""
    spans = list(workload.read(scenarios.source("standard", 20_000)))
    expected: Counter[Line] = Counter(("span.late", s.get("tenant.id"), s.get("service.name"), None) for s in spans)
    assert sum(expected.values()) == 20_000 and len(expected) > 100
    with fresh_server.client() as client:
        for start in range(0, len(spans), 500):
            client.ingest("/v1/traces", request(spans[start:start + 500]).SerializeToString(), PROTOBUF)
        check(fresh_server, expected)
        fresh_server.wait_until_merged()
        for start in range(0, 2_000, 500):
            client.ingest("/v1/traces", request(spans[start:start + 500]).SerializeToString(), PROTOBUF)
    for span in spans[:2_000]:
        for reason in ("span.late", "span.duplicate"):
            expected[(reason, span.get("tenant.id"), span.get("service.name"), None)] += 1
    check(fresh_server, expected)
    fresh_server.restart()
    check(fresh_server, expected)


def test_upstream_drops_of_the_matched_spans_and_of_all(fresh_server: Server) -> None:
    body = request([a_span(tenant=t) for t in ("a", "b")])
    for span, count in zip(body.resource_spans[0].scope_spans[0].spans, (3, 5), strict=True):
        span.dropped_attributes_count = count
    with fresh_server.client() as client:
        client.post("/v1/traces", body.SerializeToString(), PROTOBUF)
        for path in ("/v1/slices", "/v1/series", "/v1/spans", "/v1/traces", "/v1/dimensions", "/v1/compare"):
            for where, dropped in (("tenant = a", 3), ("tenant = b", 5), ("tenant = c", 0), ("tenant in (a, b)", 8)):
                coverage = client.json(path, from_=0, where=where, **({"target": "tenant = a"} if "compare" in path else {}))["coverage"]
                assert coverage["dropped_upstream"] == dropped, (path, where)
        assert client.json("/v1/ledger")["coverage"]["dropped_upstream"] == 8
        assert client.json("/v1/ledger", reason="upstream", by="tenant")["rows"][0]["tenant"] == "b"


# MARK: how it lasts


def test_killed_at_any_time_lines_are_those_of_the_spans(fresh_server: Server) -> None:
    """Spans and what is counted of them are in one transaction: after kill -9 each tenant has as many late spans as it has spans."""
    chance, number = random.Random(20_261_127), iter(range(10**9))
    for _ in range(6):
        killed = threading.Event()

        def send() -> None:
            while not killed.is_set():
                n = next(number)
                spans = [a_span(NOW - 2 * HOUR, tenant=f"t{n % 300 + i}", **{"service.name": f"s{i % 3}"}) for i in range(20)]
                try:
                    with fresh_server.client() as client:
                        client.post("/v1/traces", request(spans).SerializeToString(), PROTOBUF)
                except OSError:
                    return

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.2, 0.9))
        fresh_server.kill()
        killed.set()
        for thread in threads:
            thread.join()
        fresh_server.start()
        with fresh_server.client() as client:
            held = client.json("/v1/slices", by="tenant,service", unit="span", from_=0, limit="all", calc="count", format="rows")
        expected = Counter({("span.late", row["tenant"], row["service"], None): row["count"] for row in held})
        assert sum(expected.values()) > 0
        check(fresh_server, expected)


def test_more_lines_than_are_kept(fresh_server: Server) -> None:
    """What has no line of its own is counted by reason, and the answer says so."""
    page = (ROOT / "docs" / "OPERATIONS.md").read_text()
    assert "| lines of the ledger | 10,000" in page
    tenants, per_body = 10_400, 400
    with fresh_server.client() as client:
        for start in range(0, tenants, per_body):
            body = [a_span(NOW - 2 * HOUR, tenant=f"t{n:05}") for n in range(start, start + per_body)]
            assert client.post("/v1/spans", json.dumps(body).encode()).json()["accepted"] == per_body
        answer = client.json("/v1/ledger", limit="all")
        rows = answer["rows"]
        assert answer["groups"] == len(rows) == 10_001 and answer["total"] == tenants
        assert [r["count"] for r in rows if r["other"]] == [400] and sum(r["count"] for r in rows) == tenants
        assert rows[0]["other"] and (rows[0]["tenant"], rows[0]["service"], rows[0]["key"]) == (None, None, None)
        assert rows[0]["first"] and rows[0]["last"] and rows[0]["reason"] == "span.late"
        # By reason nothing is open, and what is known stays known.
        assert [(r["count"], r["other"]) for r in client.json("/v1/ledger", by="reason")["rows"]] == [(tenants, False)]
        assert client.json("/v1/ledger", tenant="t00007")["rows"][0]["count"] == 1
        assert client.json("/v1/ledger", tenant="null")["rows"] == []
    before = lines_and_rest(fresh_server)
    fresh_server.restart()
    assert lines_and_rest(fresh_server) == before
    check_totals(fresh_server)


def lines_and_rest(server: Server) -> list[dict[str, Any]]:
    with server.client() as client:
        return client.json("/v1/ledger", limit="all", format="rows")


def test_names_of_any_length(fresh_server: Server) -> None:
    name = "ä" * 100_000
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps({"tenant": name, name: 1, "status": "nonsense"}).encode())
        [row] = client.json("/v1/ledger")["rows"]
        assert len(row["tenant"].encode()) <= 256 and row["tenant"].endswith("…") and name.startswith(row["tenant"][:-1])
        assert client.json("/v1/ledger", tenant=name[:2_000])["rows"] == [row]


def test_a_partition_takes_its_lines_with_it(executable: Path) -> None:
    with Server(executable, options=("--retain", "3d")) as server:
        losses = Losses()
        with server.client() as client:
            client.post("/v1/spans", json.dumps([a_span(NOW - DAY, tenant="young"), a_span(NOW - 30 * DAY, tenant="old")]).encode())
        losses.add("span.late", "young")
        losses.add("span.older_than_retention", "old")
        check(server, losses.expected)


def test_files_of_the_version_before_are_taken_over(fresh_server: Server) -> None:
    """Their totals have no lines. The tables are made at the first start."""
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps([a_span(NOW - HOUR, tenant="a")]).encode())
        client.post("/v1/spans", b"nonsense")
    fresh_server.stop()
    for file in [fresh_server.data / "catalog.sqlite", *(fresh_server.data / "partitions").glob("*.sqlite")]:
        with closing(sqlite3.connect(file)) as database, database:
            database.executescript("""
                DROP VIEW ledger_detail; DROP TABLE ledger_line; DROP TABLE ledger_commit;
                ALTER TABLE ledger DROP COLUMN first; ALTER TABLE ledger DROP COLUMN last;
                DELETE FROM grdb_migrations WHERE identifier LIKE '%ledger_lines'""")
    fresh_server.start()
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps([a_span(NOW - HOUR, tenant="a")]).encode())
        rows = client.json("/v1/ledger", format="rows")
    assert [(r["reason"], r["tenant"], r["count"], r["other"], r["first"] is None) for r in rows] == [
        ("request.refused", None, 1, True, True), ("span.late", "a", 1, False, False), ("span.late", None, 1, True, True)]
    check_totals(fresh_server)
    assert checked(fresh_server) == []


def checked(server: Server) -> list[dict[str, Any]]:
    """The problems that `everyspan check` finds, beside the running server."""
    run = subprocess.run([server.executable, "check", server.data], capture_output=True, text=True, timeout=60)
    return json.loads(run.stdout)["problems"]


def test_check_finds_lines_that_cannot_be(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        for n in range(300):
            client.post("/v1/spans", json.dumps([a_span(NOW - HOUR, tenant=f"t{n % 3}")]).encode())
    assert checked(fresh_server) == []
    fresh_server.stop()
    file = next((fresh_server.data / "partitions").glob("*.sqlite"))
    with closing(sqlite3.connect(file)) as database, database:
        assert database.execute("SELECT sum(amount), count(*) FROM ledger_detail").fetchone() == (300, 3)
        assert database.execute("SELECT count(*) FROM ledger_line").fetchone() == (3,)
        assert 0 < database.execute("SELECT count(*) FROM ledger_commit").fetchone()[0] < 256
        database.execute("UPDATE ledger_line SET amount = amount + 100 WHERE id = 1")
    assert ["300 at most" in p["expected"] for p in checked(fresh_server)] == [True]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE ledger_commit SET lines = 'x' WHERE id = 2")
    assert len(checked(fresh_server)) == 2
    fresh_server.start()
    with fresh_server.client() as client:
        assert client.json("/v1/status")["ledger"]["span.late"] == 300
        assert client.get("/v1/ledger").status == 200


# MARK: questions


@pytest.fixture(scope="module")
def lossy(server: Server) -> Server:
    losses = Losses()
    with server.client() as client:
        for tenant, service in (("acme", "checkout"), ("acme", "search"), ("globex", "search")):
            client.post("/v1/traces", otlp(losses, tenant, service), PROTOBUF)
        client.post("/v1/spans", native(losses, None, None))
        client.post("/v1/spans", b"nonsense")
    losses.add("request.refused")
    check(server, losses.expected)
    return server


def test_rows_are_summed_over_what_by_leaves_out(lossy: Server) -> None:
    every = lines(lossy)
    parts = ("reason", "tenant", "service", "key")
    with lossy.client() as client:
        for by in ("reason", "tenant", "service,tenant", "key,reason", "reason,tenant,service,key"):
            names = by.split(",")
            want: Counter[tuple[str | None, ...]] = Counter()
            for line, count in every.items():
                want[tuple(dict(zip(parts, line, strict=True))[n] for n in names)] += count
            answer = client.json("/v1/ledger", by=by, limit="all")
            got = [(tuple(row[n] for n in names), row["count"]) for row in answer["rows"]]
            assert dict(got) == want and answer["groups"] == len(got) and answer["by"] == names
            assert [count for _, count in got] == sorted((count for _, count in got), reverse=True)
            assert set(answer["rows"][0]) == {*names, "count", "first", "last", "other"}
            assert client.json("/v1/ledger", by=by, limit=2)["rows"] == answer["rows"][:2]


@pytest.mark.parametrize(("parameters", "wanted"), [
    ({"reason": "span"}, lambda r, t, s, k: r.startswith("span.")), ({"reason": "span.invalid"}, lambda r, t, s, k: r == "span.invalid"),
    ({"reason": "upstream,text"}, lambda r, t, s, k: r.split(".")[0] in ("upstream", "text")),
    ({"tenant": "acme"}, lambda r, t, s, k: t == "acme"), ({"tenant": "null"}, lambda r, t, s, k: t is None),
    ({"tenant": "acme", "service": "search", "key": "null"}, lambda r, t, s, k: (t, s, k) == ("acme", "search", None)),
    ({"key": "twice"}, lambda r, t, s, k: k == "twice"), ({"key": '"twice"'}, lambda r, t, s, k: k == "twice"), ({"since": "1h"}, lambda r, t, s, k: True),
], ids=lambda case: "lines" if callable(case) else str(case))
def test_filters(lossy: Server, parameters: dict[str, str], wanted: Any) -> None:
    want = Counter({line: count for line, count in lines(lossy).items() if wanted(*line)})
    assert want and lines(lossy, **parameters) == want
    with lossy.client() as client:
        assert client.json("/v1/ledger", **parameters)["total"] == sum(want.values())
        form = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        posted = client.post("/v1/ledger", f"limit=all&{form}".encode(), "application/x-www-form-urlencoded").json()
        asked = client.post("/v1/ledger", json.dumps(parameters | {"limit": "all"}).encode(), JSON).json()
        assert posted["rows"] == asked["rows"] == client.json("/v1/ledger", limit="all", **parameters)["rows"]


def test_formats(lossy: Server) -> None:
    with lossy.client() as client:
        rows = client.json("/v1/ledger", format="rows")
        assert client.json("/v1/ledger")["rows"] == rows and len(rows) == 20
        assert [json.loads(line) for line in client.get("/v1/ledger", format="ndjson").body.splitlines()] == rows
        answer = client.get("/v1/ledger", format="csv")
        table = list(csv.DictReader(io.StringIO(answer.body.decode())))
        assert [(r["reason"], r["tenant"], r["key"], int(r["count"])) for r in table] == [
            (r["reason"], r["tenant"] or "", r["key"] or "", r["count"]) for r in rows]
        assert json.loads(answer.headers["everyspan-coverage"])["refused"] > 0
        text = client.get("/v1/ledger", format="text", by="reason,tenant").body.decode().splitlines()
        assert text[0].startswith("ledger · by reason, tenant · ") and text[2].split() == ["COUNT", "FIRST", "LAST", "REASON", "TENANT"]
        assert any(line.startswith("span.duplicate: a span that was there already") for line in text)
        assert max(len(line) for line in text[:20]) <= 100
        narrow = client.get("/v1/ledger", format="text", by="reason", width=45).body.decode().splitlines()
        assert narrow[2].split() == ["COUNT", "LAST", "REASON"]
        assert client.get("/v1/ledger", tenant="nobody", format="csv").body == b"reason,tenant,service,key,count,first,last,other\r\n"


def test_an_alarm_is_a_url(lossy: Server) -> None:
    with lossy.client() as client:
        assert client.get("/v1/ledger", reason="request", check=1).status == 409
        assert client.get("/v1/ledger", reason="commit,segment", check=1).status == 200
        assert client.get("/v1/ledger", reason="request", since="1h", check=1).status == 409


@pytest.mark.parametrize(("question", "hint"), [
    ("by=tenat", "tenant"), ("reason=span.lat", "did you mean span.late?"), ("reason=zzz", "upstream"), ("tenent=acme", "did you mean tenant?"),
    ("limit=0", "all"), ("where=failed", "not used here"), ("by=key,key", "twice"), ("check=yes", "0 or 1"), ("tz=Nowhere", "zone"), ("since=x", "15m"),
])
def test_what_is_wrong_is_said(lossy: Server, question: str, hint: str) -> None:
    with lossy.client() as client:
        answer = client.get(f"/v1/ledger?{question}")
    assert answer.status == 400 and hint in answer.json()["error"]["message"]


def test_nothing_left_names_what_comes_close(lossy: Server) -> None:
    with lossy.client() as client:
        answer = client.json("/v1/ledger", tenant="acmee", service="search")
        assert answer["rows"] == [] and answer["total"] == 0
        conditions = answer["coverage"]["conditions"]
        assert [(c["text"], c["closest"]) for c in conditions] == [("tenant = acmee", ["acme"]), ("service = search", [])]
        assert b"acme" in client.get("/v1/ledger", tenant="acmee", format="text").body


def command(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")} | {"EVERYSPAN_URL": server.url}
    return subprocess.run([server.executable, "ledger", *arguments], capture_output=True, text=True, timeout=60, env=environment)


def test_the_command_asks_a_server_or_a_directory(executable: Path) -> None:
    with Server(executable) as server:
        with server.client() as client:
            client.post("/v1/traces", otlp(Losses(), "acme", "api"), PROTOBUF)
            answer = client.json("/v1/ledger", tenant="acme", by="reason,key", limit=3)
        question = ("--tenant", "acme", "--by", "reason,key", "--limit", "3")
        assert json.loads(command(server, *question).stdout) == answer
        assert command(server, "--format", "text", "--reason", "span.late").stdout.splitlines()[-1].startswith("span.late: ")
        assert command(server, "--check", "--reason", "span.late").returncode == 4
        assert command(server, "--check", "--reason", "commit").returncode == 0
        assert command(server, "--reason", "nothing").returncode == 1
        server.stop()
        assert json.loads(command(server, *question, "--data", str(server.data)).stdout) == answer
