"""GET /v1/traces, one trace as text and beside one that passed, /v1/dimensions, and what a poll costs that finds nothing new."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenarios
import workload
from cases import ALL, MIDDAY, c
from client import Client
from expressions import Expression, Failed, Milliseconds
from figures import Figures, values_of
from oracle import Oracle, typed
from scenarios import SCENARIOS
from server import Server
from test_slices import SPANS, Laboratory

SCENARIO = next(s for s in SCENARIOS if s.name == "otlp-shuffled-cut")


@pytest.fixture(scope="module")
def laboratory(executable: Path) -> Iterator[Laboratory]:
    built = Laboratory(executable)
    yield built
    built.close()


@pytest.fixture(scope="module", params=[0, 1], ids=["before merging", "after merging"])
def loaded(laboratory: Laboratory, request: pytest.FixtureRequest) -> Server:
    return laboratory.at(SCENARIO, request.param)


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(workload.read(scenarios.source("standard", SPANS)))


def all_pages(client: Client, **parameters: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.json("/v1/traces", cursor=cursor, **parameters)
        found += page["traces"]
        cursor = page["cursor"]
        if cursor is None:
            return found


WHERES: list[Expression | None] = [
    None, Failed(), c("tool", "=", "sql"), c("duration", ">", Milliseconds(5000)) & ~c("locale", "=", "en-US"), c("tenant", "=", "nobody")]


@pytest.mark.parametrize("where", WHERES, ids=str)
@pytest.mark.parametrize("order", ["start_time", "-start_time", "duration", "-duration"])
def test_pages_together_are_the_traces_each_once_in_order(loaded: Server, oracle: Oracle, where: Expression | None, order: str) -> None:
    figures = Figures(oracle, where=where, window=MIDDAY)
    by = oracle.trace_start if "start" in order else oracle.trace_duration
    sign = 1 if order.startswith("-") else -1
    want = sorted(figures.units.tolist(), key=lambda t: (sign * int(by[t]), oracle.trace_ids[t]))
    with loaded.client() as client:
        got = all_pages(client, where=where, order=order, limit=37, from_=MIDDAY[0], to=MIDDAY[1], fields="status")
        first = client.json("/v1/traces", where=where, order=order, limit=1, from_=MIDDAY[0], to=MIDDAY[1])
    assert [row["trace_id"] for row in got] == [oracle.trace_ids[t] for t in want]
    assert [row["failed"] for row in got] == [bool(figures.failing[t]) for t in want]
    assert first["coverage"]["matched"] == len(want)
    assert [row["trace_id"] for row in first["traces"]] == [row["trace_id"] for row in got[:1]]


def test_the_fields_of_a_row(loaded: Server, oracle: Oracle) -> None:
    names = ["start_time", "duration", "status", "name", "tenant", "model", "tool", "document", "tool.sequence", "tool.pair", "root.name", "tokens.input", "tool.count",
             "attr(\"eval.bucket\")"]
    with loaded.client() as client:
        rows = client.json("/v1/traces", from_=MIDDAY[0], to=MIDDAY[1], limit=50, fields=",".join(names))["traces"]
        flat = client.get("/v1/traces", from_=MIDDAY[0], to=MIDDAY[1], limit=50, fields=",".join(names), format="csv")
    trace_of = {trace: row for row, trace in enumerate(oracle.trace_ids)}
    for row in rows:
        trace = trace_of[row["trace_id"]]
        for name in ("status", "name", "tenant", "model", "tool", "document", "tool.sequence", "root.name", "tokens.input", "tool.count", "tool.pair"):
            want = {typed(v) for v in values_of(oracle, name, "trace").get(trace, [])}
            got = row[name] if isinstance(row[name], list) else [] if row[name] is None else [row[name]]
            assert {typed(v) for v in got} == want and len(got) == len(want), name
        assert row["duration"] == pytest.approx(oracle.trace_duration[trace] / 1e6)
        assert row["spans"] == int((oracle.trace == trace).sum())
    table = list(csv.DictReader(io.StringIO(flat.body.decode())))
    assert [line["trace_id"] for line in table] == [row["trace_id"] for row in rows]
    assert flat.headers["everyspan-cursor"]


def test_texts_are_the_first_prompt_and_the_last_output(fresh_server: Server) -> None:
    spans = [
        {"trace_id": "0" * 31 + "7", "span_id": f"{n:016x}", "name": "chat", "operation": "chat", "start_time_unix_nano": n * 10**9,
         "end_time_unix_nano": n * 10**9 + 5, "prompt.text": f"prompt {n}", "output.text": f"output {n}"} for n in (3, 1, 2)]
    with fresh_server.client() as client:
        client.post("/v1/spans", b"\n".join(scenarios.orjson.dumps(s) for s in spans))
        row = client.json("/v1/traces", from_=0)["traces"][0]
        text = client.get("/v1/traces", from_=0, format="text").body.decode()
    assert (row["prompt.text"], row["output.text"]) == ("prompt 1", "output 3")
    assert "› prompt 1" in text and "‹ output 3" in text


def test_a_tree_for_a_terminal(fresh_server: Server) -> None:
    def span(number: int, parent: int | None, name: str, **more: object) -> bytes:
        return scenarios.orjson.dumps({
            "trace_id": "a" * 32, "span_id": f"{number:016x}", "name": name, "start_time_unix_nano": number * 10**6, "end_time_unix_nano":
            number * 10**6 + 2_000_000} | ({"parent_span_id": f"{parent:016x}"} if parent else {}) | more)

    spans = [
        span(1, None, "root", tenant="acme", status="ERROR", status_message="gave up"),
        span(2, 1, "agent"), span(3, 2, "execute_tool sql", **{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "sql",
                                                                "gen_ai.tool.call.arguments": '{"q":"select 1"}'}),
        span(4, 2, "chat m", operation="chat", **{"tokens.input": 12, "tokens.output": 3, "prompt.text": "What\nnow?"}), span(5, 1, "end")]
    with fresh_server.client() as client:
        assert client.post("/v1/spans", b"\n".join(reversed(spans))).json()["accepted"] == 5
        client.post("/v1/scores", scenarios.orjson.dumps({"trace_id": "a" * 32, "name": "thumbs", "value": 0, "by": "pat"}))
        lines = client.get(f"/v1/traces/{'a' * 8}", format="text").body.decode().splitlines()
    tree = [line for line in lines if any(mark in line for mark in "✗✓·") and "ms" in line]
    assert [line.split(" ", 3)[-1].split("·")[0].strip("✗✓· ").rstrip() for line in tree] and len(tree) == 5
    shapes = ["✗ root · gave up", "├─ agent", "│  ├─ execute_tool sql", "│  └─ chat m · 12 → 3 tokens", "└─ end"]
    for line, shape in zip(tree, shapes, strict=True):
        assert line.endswith(shape), (line, shape)
    whole = "\n".join(lines)
    assert "  tenant = acme" in whole and '( {"q":"select 1"}' in whole and "› What now?" in whole
    assert "score thumbs = 0 by pat" in whole


def test_beside_the_nearest_trace_that_passed(fresh_server: Server) -> None:
    def trace(number: int, start: int, tenant: str, failed: bool, tools: str) -> list[bytes]:
        base = {"trace_id": f"{number:032x}", "tenant": tenant, "prompt.name": "p", "prompt.version": "p@1"}
        root = {"span_id": f"{number * 100:016x}", "name": "run", "start_time_unix_nano": start, "end_time_unix_nano": start + 10**9,
                "status": "ERROR" if failed else "OK"}
        steps = [
            {"span_id": f"{number * 100 + at + 1:016x}", "parent_span_id": root["span_id"], "name": f"execute_tool {tool}", "operation": "execute_tool",
             "tool": tool, "start_time_unix_nano": start + at + 1, "end_time_unix_nano": start + at + 2} for at, tool in enumerate(tools)]
        return [scenarios.orjson.dumps(base | span) for span in (root, *steps)]

    second = 10**9
    lines = [
        *trace(1, 100 * second, "acme", True, "abx"), *trace(2, 90 * second, "acme", False, "aby"), *trace(3, 104 * second, "acme", False, "abc"),
        *trace(4, 101 * second, "other", False, "abx"), *trace(5, 99 * second, "acme", True, "abx"), *trace(6, 500 * second, "lone", True, "a")]
    with fresh_server.client() as client:
        client.post("/v1/spans", b"\n".join(lines))
        got = client.json(f"/v1/traces/{1:032x}", vs="ok")["vs"]
        text = client.get(f"/v1/traces/{1:032x}", vs="ok", format="text").body.decode()
        alone = client.json(f"/v1/traces/{6:032x}", vs="ok")["vs"]
        refused = client.get(f"/v1/traces/{1:032x}", vs="bad")
    assert got["trace_id"] == f"{3:032x}"  # 4 s away, not 10; another tenant and failed ones do not count
    assert got["first_difference"] == 3
    assert got["steps"][0]["differs_in"] == ["status", "error.type"] and got["steps"][1]["differs_in"] == []
    assert got["steps"][3]["differs_in"] == ["name", "tool"]
    assert len(got["spans"]) == 4
    assert "▶" in text and f"{3:032x}" in text
    assert alone is None and refused.status == 400


def test_the_first_difference_is_looked_for_inside_of_what_only_fails_with_it(fresh_server: Server) -> None:
    """An agent between the root and the step that failed differs as its root does."""
    def trace(number: int, failed: bool, reply: str) -> list[bytes]:
        def span(at: int, parent: int | None, name: str, fails: bool, **more: object) -> bytes:
            return scenarios.orjson.dumps({
                "trace_id": f"{number:032x}", "span_id": f"{number * 10 + at:016x}", "name": name, "tenant": "acme", "start_time_unix_nano": number * 10**9 + at,
                "end_time_unix_nano": number * 10**9 + 9, "status": "ERROR" if fails else "OK"}
                | ({"parent_span_id": f"{number * 10 + parent:016x}"} if parent else {}) | more)

        return [
            span(1, None, "run", failed), span(2, 1, "agent", failed), span(3, 2, "chat", False), span(4, 2, "tool", failed, tool="sql", operation="execute_tool"),
            span(5, 1, reply, False)]

    with fresh_server.client() as client:
        client.post("/v1/spans", b"\n".join(trace(1, True, "reply") + trace(2, False, "answer")))
        got = client.json(f"/v1/traces/{1:032x}", vs="ok")["vs"]
    assert [bool(step["differs_in"]) for step in got["steps"]] == [True, True, False, True, True]
    assert got["first_difference"] == 3


# MARK: dimensions

COUNTED = ["tenant", "user", "model.revision", "document", "tool", "tokens.input", "cost", "finish_reason", "locale", "prompt.version",
           "trace.spans", "error.type", "start_time", "kind"]


@pytest.mark.parametrize("where", [None, c("locale", "=", "en-US")], ids=str)
@pytest.mark.parametrize("window", [ALL, MIDDAY], ids=["all", "midday"])
def test_dimensions_and_how_many_values_they_have(loaded: Server, oracle: Oracle, where: Expression | None, window: tuple[int, int]) -> None:
    spans = Figures(oracle, unit="span", where=where, window=window).units.tolist()
    with loaded.client() as client:
        answer = client.json("/v1/dimensions", where=where, from_=window[0], to=window[1])
    found = {(d["name"], d["canonical"]): d for d in answer["dimensions"]}
    assert answer["coverage"]["matched"] == len(spans)
    for name in COUNTED:
        if name == "start_time":
            have, distinct = len(spans), None  # nearly every span has its own
        else:
            known = values_of(oracle, name, "span")
            have = sum(s in known for s in spans)
            distinct = len({typed(v) for s in spans for v in known.get(s, [])})
        assert (found[name, True]["count"], found[name, True]["distinct"]) == (have, distinct), name
    assert found["tenant", True]["sources"] == ["tenant.id"]
    assert found["document", True]["list"] and found["document", True]["type"] == "string"
    assert found["tokens.input", True]["type"] == "number"
    assert found["gen_ai.response.model", False]["distinct"] == found["model.revision", True]["distinct"]
    assert found["prompt.text", True]["distinct"] is None
    assert found["prompt.text", True]["type"] == found["trace_id", True]["type"] == "string"


def test_texts_and_ids_are_counted_where_all_is_asked_for(loaded: Server, oracle: Oracle) -> None:
    with loaded.client() as client:
        answer = client.json("/v1/dimensions", from_=ALL[0], to=ALL[1], distinct="all")
    found = {d["name"]: d for d in answer["dimensions"] if d["canonical"]}
    assert found["trace_id"]["distinct"] == oracle.traces
    assert found["span_id"]["distinct"] == oracle.spans
    texts = values_of(oracle, "prompt.text", "span")
    assert (found["prompt.text"]["count"], found["prompt.text"]["distinct"]) == (len(texts), len({t for v in texts.values() for t in v}))


@pytest.mark.parametrize(("name", "prefix"), [("tenant", "T-0001"), ("tool", "s"), ("document", "doc-0000"), ("locale", None), ("tenant", "nobody")])
@pytest.mark.parametrize("unit", ["trace", "span"])
def test_values_of_one_dimension(loaded: Server, oracle: Oracle, name: str, prefix: str | None, unit: str) -> None:
    figures = Figures(oracle, (name,), unit=unit, window=ALL)
    groups = [g for g in figures.ordered("count") if prefix is None or (g.key[0] or "").lower().startswith(prefix.lower())]
    with loaded.client() as client:
        got = client.json("/v1/dimensions", name=name, prefix=prefix, unit=unit, from_=ALL[0], to=ALL[1], limit=10)
    assert [(v["value"], v["count"], v["failures"]) for v in got["values"]] == [(g.key[0], g.count, g.failures) for g in groups[:10]]
    assert got["groups"] == len(groups)


# MARK: polls

POLLS = ["/v1/slices?by=tenant&since=7d", "/v1/series?since=24h", "/v1/traces?since=24h", "/v1/spans?since=24h&limit=3", "/v1/dimensions?since=1h",
         "/v1/slices?by=tenant&from=-2h&to=-1h&vs=previous&format=text"]


@pytest.mark.parametrize("target", POLLS)
def test_unchanged_answers_are_304_until_a_commit_or_a_score(fresh_server: Server, target: str) -> None:
    with fresh_server.client() as client:
        def poll(tag: str | None) -> Any:
            return client.request("GET", target, headers={"If-None-Match": tag} if tag else {})

        def settled() -> str:
            # A window that moves with the clock moves every ten seconds.
            for _ in range(3):
                tag = poll(None).headers["etag"]
                if poll(tag).status == 304:
                    return str(tag)
            raise AssertionError("never unchanged")

        tag = settled()
        unchanged = poll(f'"other", W/{tag}')
        assert (unchanged.status, unchanged.body) == (304, b"") and unchanged.headers["etag"].endswith(tag)
        assert client.request("HEAD", target).headers["etag"].endswith(tag)
        client.post("/v1/spans", b'{"name":"chat","tenant":"acme","trace_id":"%s"}' % (b"b" * 32))
        changed = poll(tag)
        assert changed.status == 200 and changed.headers["etag"] != tag
        tag = settled()
        client.post("/v1/scores", b'{"trace_id":"%s","name":"thumbs","value":1}' % (b"b" * 32))
        assert poll(tag).status == 200
        tag = settled()
        fresh_server.wait_until_merged()
        assert poll(tag).status == 304 or settled()


def test_an_alarm_is_never_unchanged(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        client.post("/v1/spans", b'{"name":"chat","status":"error"}')
        alarm = client.get("/v1/slices", check=1, having="failures > 0")
    assert alarm.status == 409 and "etag" not in alarm.headers
