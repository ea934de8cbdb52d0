"""/openapi.json: it is valid, it is complete, and every answer is as it says."""

from __future__ import annotations

import copy
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import workload
from client import JSON, PROTOBUF, Response
from contract import Contract, named, references
from otlp import request
from raw import exchange, head
from scenarios import FleetScenario, source
from server import ROOT, Server
from test_tail import Follower

NOW = time.time_ns()
SPANS = 2_000
FORM = "application/x-www-form-urlencoded"
FORMATS = ["json", "rows", "ndjson", "csv", "text"]
DEEP = {"name": "deep", "map": {"a": {"b": [1, "x", None]}}, "list": [1, 2.5, True], "events": [{"name": "e", "time_unix_nano": NOW, "k": 1}],
        "attributes": 1, "trace_state": "a=b"}


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """Two workloads: a fleet's days ago, the standard one as if it ended now; and scores."""
    FleetScenario().send(server, workload.fleet(SPANS))
    spans = list(workload.read(source("standard", SPANS)))
    shift = NOW - max(span["end_time_unix_nano"] for span in spans)
    for span in spans:
        span["start_time_unix_nano"] += shift
        span["end_time_unix_nano"] += shift
    scores = [{"trace_id": span["trace_id"], "span_id": span["span_id"], "name": "thumbs", "value": n % 2, "label": "x", "by": "me"} for n, span in enumerate(spans[:50])]
    scores += [{"trace_id": span["trace_id"], "name": "grade", "label": "good"} for span in spans[:50]]
    with server.client() as client:
        client.ingest("/v1/spans", b"\n".join(map(orjson.dumps, [*spans, DEEP])), JSON)
        client.ingest("/v1/scores", orjson.dumps(scores), JSON)
    return server


@pytest.fixture(scope="module")
def contract(filled: Server) -> Contract:
    with filled.client() as client:
        return Contract.of(client)


# MARK: the document


def test_it_is_an_openapi_document(contract: Contract) -> None:
    OpenAPIV31SpecValidator(contract.document).validate()
    used = set(references(contract.document))
    components = {f"#/components/{kind}/{name}" for kind, parts in contract.document["components"].items() for name in parts}
    assert used <= components
    assert components - used == {"#/components/schemas/NativeScore", "#/components/schemas/NativeSpan"} - used
    ids = [operation["operationId"] for _, _, operation in contract.operations]
    assert len(ids) == len(set(ids))


def test_it_is_served_like_other_answers(filled: Server) -> None:
    with filled.client() as client:
        plain = client.get("/openapi.json")
        assert plain.headers["content-type"] == "application/json"
        assert client.request("HEAD", "/openapi.json").headers["etag"] == plain.headers["etag"]
        assert client.get("/openapi.json", headers={"If-None-Match": plain.headers["etag"]}).status == 304
        coded = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
        assert coded.headers["content-encoding"] == "gzip" and len(coded.body) < len(plain.body) / 4
        # What is stored does not change it.
        client.post("/v1/spans", b'{"name":"another"}')
        assert client.get("/openapi.json").headers["etag"] == plain.headers["etag"]


def test_it_has_the_routes_of_the_manual_and_no_others(contract: Contract) -> None:
    table = (ROOT / "docs" / "API.md").read_text().split("\n\n")[2]
    told = {(found[1], path) for line in table.splitlines() if (found := re.match(r"\| `(GET|POST) ", line)) for path in re.findall(r"(/[\w./{}]*)`", line.split("|")[1])}
    described = {(method, path) for method, path, _ in contract.operations}
    posted = {("POST", path) for path in ["/v1/slices", "/v1/series", "/v1/compare", "/v1/dimensions", "/v1/ledger"]}  # told in the text below
    assert described - posted == told


def test_the_server_takes_the_methods_that_are_described_and_no_others(filled: Server, contract: Contract) -> None:
    trace = a_trace(filled)
    for path, methods in contract.document["paths"].items():
        target = path.replace("{id}", trace)
        described = {method.upper() for method in methods}
        with filled.client() as client:
            allowed = set(client.request("OPTIONS", target).headers["allow"].split(", "))
            assert allowed == described | {"OPTIONS"} | ({"HEAD"} if "GET" in described else set()), path
            for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - allowed:
                answer = client.request(method, target)
                assert answer.status == (404 if (method, path) == ("POST", "/") else 405), (method, path)
                assert answer.headers.get("allow", "") == ", ".join(sorted(allowed, key=["GET", "POST", "HEAD", "OPTIONS"].index)) or answer.status == 404
    with filled.client() as client:
        for target in ["/v1", "/v1/slice", "/v1/traces/a/b", "/openapi", "/v1/openapi.json"]:
            assert client.get(target).status == 404, target


# MARK: parameters

ASKED = ["/v1/slices", "/v1/series", "/v1/traces", "/v1/spans", "/v1/dimensions", "/v1/ledger", "/v1/tail", "/v1/traces/{id}"]


def known(server: Server, target: str) -> set[str]:
    """What the server says that it takes."""
    with server.client() as client:
        refused = client.get(target + ("&" if "?" in target else "?") + "qqqqqqqqqqqqq=1")
    assert refused.status == 400 and refused.json()["error"]["code"] == "unknown_parameter"
    return set(refused.json()["error"]["message"].partition("it takes ")[2].split(", "))


@pytest.mark.parametrize("path", ASKED)
def test_every_parameter_is_described_and_no_others(filled: Server, contract: Contract, path: str) -> None:
    target = path.replace("{id}", a_trace(filled))
    taken = known(filled, target)
    if path == "/v1/dimensions":
        assert taken != known(filled, target + "?name=tenant")
        taken |= known(filled, target + "?name=tenant")
    assert taken == set(contract.parameters("GET", path))


def test_bodies_have_the_same_parameters(contract: Contract) -> None:
    for method, path, operation in contract.operations:
        content = operation.get("requestBody", {}).get("content", {})
        forms = [content[FORM]["schema"]] if FORM in content else []
        if "Posted" in operation["operationId"]:
            forms.append(content[JSON]["schema"])
        for schema in forms:
            assert set(schema["properties"]) == set(contract.parameters("GET", path))
            assert schema["additionalProperties"] is False


def choices() -> list[Any]:
    """Each parameter of a route with a value that it may have, and one that it may not."""
    return [pytest.param(path, id=path) for path in ASKED if path != "/v1/tail"]


@pytest.mark.parametrize("path", choices())
def test_values_are_bounded_as_described(filled: Server, contract: Contract, path: str) -> None:
    target = path.replace("{id}", a_trace(filled))
    for name, schema in contract.parameters("GET", path).items():
        good, bad = values(schema)
        with filled.client() as client:
            needs = {"name": "tenant"} if path == "/v1/dimensions" and name in {"unit", "order", "limit", "prefix"} else {}
            for value in [*good, *map(written, schema.get("examples", []))]:
                answer = client.get(target, **{**needs, name: value})
                assert answer.status in {200, 409}, (name, value, answer.body)
            for value in bad:
                answer = client.get(target, **{**needs, name: value})
                assert answer.status == 400, (name, value, answer.body)


@pytest.mark.parametrize("path", choices())
def test_what_is_absent_stands_for_the_default(filled: Server, contract: Contract, path: str) -> None:
    target = path.replace("{id}", a_trace(filled))
    window = {} if path in {"/v1/traces/{id}", "/v1/ledger"} else {"from": NOW - 3600 * 10**9, "to": NOW + 60 * 10**9}
    checked = 0
    for name, schema in contract.parameters("GET", path).items():
        if "default" not in schema or name == "since":
            continue
        needs = {"name": "tenant"} if path == "/v1/dimensions" and name in {"unit", "order", "limit"} else {"format": "text"} if name == "width" else {}
        with filled.client() as client:
            absent = client.get(target, **{**window, **needs})
            given = client.get(target, **{**window, **needs, name: written(schema["default"])})
        assert absent.status == 200 and len(absent.body) > 200
        assert given.body == absent.body, name
        checked += 1
    assert checked >= 2


def test_a_day_is_the_default_window(filled: Server) -> None:
    with filled.client() as client:
        absent, given = client.json("/v1/slices"), client.json("/v1/slices", since="24h")
    assert absent["total"] == given["total"] and 0 < absent["total"]["count"]


def values(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values at the bounds, and beyond them."""
    if "enum" in schema:
        return schema["enum"], ["", "nonsense", schema["enum"][0].upper()]
    if schema.get("type") == "integer":
        low, high = schema["minimum"], schema["maximum"]
        return [low, high], [low - 1, high + 1, "", "x", "1.5", 10**30]
    if "anyOf" in schema:
        assert schema["anyOf"] == [{"type": "integer", "minimum": 1}, {"type": "string", "const": "all"}]
        return [1, "all", 10**6], [0, -1, "ALL", "x"]
    return [], []


def written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


# MARK: answers

EVER = "from=0"
QUESTIONS = {
    "Slices": [
        ("/v1/slices", query) for query in [
            "", "by=tenant", f"{EVER}&by=tenant,locale&unit=span", f"{EVER}&by=document&limit=1", "where=tenant = nobody&by=tenant",
            "by=model&calc=count,p95(duration),histogram(duration),min(start_time),max(tokens.output),distinct(user),sum(cost)",
            "by=tenant&vs=previous", "by=tenant&vs=24h&calc=count,avg(duration),histogram(duration)", f"{EVER}&by=tool.pair&having=count > 3&order=cost",
            f"{EVER}&by=map.a.b,list&unit=span&order=count", f"{EVER}&by=status,kind,duration,start_time&limit=50&unit=span", "where=nonsense = 1", f"{EVER}&by=score.thumbs,score.grade.label",
            "from=2000-01-01&to=2000-01-02&by=tenant", "tz=Europe/Berlin&from=00:00&by=tenant",
        ]
    ],
    "Series": [
        ("/v1/series", query) for query in [
            "", "by=tenant&step=1h", "by=tenant&vs=previous&step=1h&limit=2", "calc=p95(duration),histogram(duration),max(start_time)", f"{EVER}&step=90d",
            "from=2000-01-01&to=2000-01-02", "where=tenant = nobody",
        ]
    ],
    "Traces": [
        ("/v1/traces", query) for query in [
            "", f"{EVER}&limit=1000", "where=failed&fields=document,root.name,score.thumbs,start_time",
            "order=-duration&limit=1", "where=tenant = nobody",
        ]
    ],
    "Spans": [("/v1/spans", query) for query in ["", f"{EVER}&limit=1000", "where=failed&order=duration", "limit=3&fields=name,tenant,duration,map.a.b,list", "where=tenant = nobody"]],
    "Dimensions": [("/v1/dimensions", query) for query in ["", f"{EVER}&distinct=all", "where=tenant = nobody"]],
    "DimensionValues": [("/v1/dimensions", f"name={query}") for query in ["tenant", "document&prefix=doc-1", "duration&unit=span", "list&unit=span&from=0", "tenant&where=tenant = nobody"]],
    "Ledger": [("/v1/ledger", query) for query in ["", "by=reason", "by=tenant,service&limit=1", "reason=span&tenant=null", "tenant=nobody", "since=1h&limit=all"]],
}


@pytest.mark.parametrize(("name", "path", "query"), [(name, *question) for name, questions in QUESTIONS.items() for question in questions])
def test_answers_are_as_described(filled: Server, contract: Contract, name: str, path: str, query: str) -> None:
    with filled.client() as client:
        for format in FORMATS if "format" in contract.parameters("GET", path) else [None]:
            target = f"{path}?{quote(query, safe='=&,')}" + (f"&format={format}" if format else "")
            answer = client.get(target)
            assert answer.status == 200, answer.body
            contract.check("GET", target, answer, name if format in {None, "json"} else None)
            if format == "rows":
                assert isinstance(answer.json(), list)
            assert ("everyspan-coverage" in answer.headers) == (format not in {None, "json"})
            if "everyspan-coverage" in answer.headers:
                contract.validate(json.loads(answer.headers["everyspan-coverage"]), named("Coverage"))
            assert ("etag" in answer.headers) == (path != "/v1/ledger")
            if "etag" in answer.headers:
                unchanged = client.get(target, headers={"If-None-Match": answer.headers["etag"]})
                assert unchanged.status in {200, 304}  # ten seconds may have begun
                contract.check("GET", target, unchanged)
            contract.check("HEAD", target, client.request("HEAD", target))


def test_all_of_a_span_is_described(filled: Server, contract: Contract) -> None:
    """Attributes may have any name, so what is no attribute must be told apart by name."""
    described = set(contract.document["components"]["schemas"]["Span"]["properties"])
    with filled.client() as client:
        deep = client.json("/v1/spans", where="name = deep", from_=0)["spans"][0]
        fleet = client.json("/v1/spans", from_=0, limit=1000, to="2026-11-19")["spans"]
    own = {"map.a.b", "list", "attributes", "trace_state"}
    assert set(deep) <= described | own and {"events", "attributes", "dimensions", "marks"} <= set(deep)
    seen = {key for span in fleet for key in span if not re.search(r"[.]", key)}
    assert {"resource", "scope"} <= seen
    assert {span["kind"] for span in fleet} <= set(contract.document["components"]["schemas"]["Span"]["properties"]["kind"]["enum"])


@pytest.mark.parametrize("query", ["", "?vs=ok", "?format=text", "?format=text&vs=ok&width=60", "?format=otlp", "?vs=ok&failure=tenant = nobody"])
@pytest.mark.parametrize("accept", ["*/*", "application/x-protobuf", "application/json"])
def test_traces_are_as_described(filled: Server, contract: Contract, query: str, accept: str) -> None:
    with filled.client() as client:
        failing = client.json("/v1/traces", where="failed", limit=3)["traces"] + client.json("/v1/traces", from_=0, where="failed", to="2026-11-19", limit=3)["traces"]
        assert len(failing) == 6
        for row in failing:
            target = f"/v1/traces/{row['trace_id']}{quote(query, safe='?&=')}"
            answer = client.get(target, headers={"Accept": accept})
            assert answer.status == 200
            protobuf = "otlp" in query and accept != JSON or "format" not in query and accept == PROTOBUF
            kind = PROTOBUF if protobuf else "text/plain" if "text" in query else JSON
            assert answer.headers["content-type"].startswith(kind)
            contract.check("GET", target, answer, None if kind != JSON else "TracesData" if "otlp" in query else "Trace")


def test_the_rest_is_as_described(filled: Server, contract: Contract) -> None:
    with filled.client() as client:
        for path in ["/", "/v1/status", "/metrics", "/healthz", "/readyz", "/openapi.json"]:
            contract.check("GET", path, client.get(path), "Status" if path == "/v1/status" else None)
            contract.check("HEAD", path, client.request("HEAD", path))
        for path, body in [("/v1/slices", "by=tenant"), ("/v1/series", "by=tenant&step=1h"), ("/v1/dimensions", "name=tenant"), ("/v1/ledger", "by=tenant"), ("/v1/spans", "limit=2"), ("/v1/traces", "limit=2")]:
            answer = client.post(path, body.encode(), FORM)
            assert answer.status == 200
            contract.check("POST", path, answer)
        for path, question in [("/v1/slices", {"by": ["tenant", "locale"], "limit": 2, "check": 1}), ("/v1/series", {"by": "tenant", "limit": "all"}), ("/v1/dimensions", {"distinct": "all"})]:
            body = contract.operation("POST", path)["requestBody"]["content"][JSON]["schema"]
            contract.validate(question, body)
            answer = client.post(path, json.dumps(question).encode(), JSON)
            assert answer.status == (409 if "check" in question else 200)
            contract.check("POST", path, answer)


@pytest.mark.parametrize("format", ["sse", "ndjson"])
@pytest.mark.parametrize("fields", [None, "name,tenant"])
def test_tails_are_as_described(filled: Server, contract: Contract, format: str, fields: str | None) -> None:
    follower = Follower(filled, format=format, fields=fields)
    described = contract.answer(contract.operation("GET", "/v1/tail"), 200)["content"]
    kind = follower.response.headers["content-type"]
    assert kind in described
    with filled.client() as client:
        client.post("/v1/spans", json.dumps([{"name": f"tailed {n}", "tenant": "acme"} for n in range(20)]).encode())
        deadline = time.monotonic() + 20
        while len(follower.spans) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    follower.close()
    for span in follower.spans:
        contract.validate(span, described["application/x-ndjson"]["schema"]["x-itemSchema"])
        contract.validate(span, named("Fields" if fields else "Span"))


# MARK: what is sent


def test_bodies_that_are_sent_are_as_described(filled: Server, contract: Contract) -> None:
    span = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "name": "sent", "kind": "LLM", "start_time_unix_nano": str(NOW), "duration_ms": 3.5, "status": "ok", "tenant": "acme", "nested": {"a": [1]}}
    score = {"trace_id": "ab" * 16, "name": "thumbs", "value": True, "time": "2026-11-18T02:40:00Z"}
    late = {"name": "x", "start_time": "2026-11-18T02:40:00Z", "end_time": "2026-11-18T02:40:01Z"}
    for path, name, bodies in [("/v1/spans", "spans", [span, [span, late], {"spans": [late]}]), ("/v1/scores", "scores", [score, [score], {"scores": [score]}])]:
        content = contract.operation("POST", path)["requestBody"]["content"]
        for body in bodies:
            contract.validate(body, content[JSON]["schema"])
            with filled.client() as client:
                answer = client.post(path, json.dumps(body).encode(), JSON)
                assert answer.status == 200
                contract.check("POST", path, answer, "Receipt")
        assert contract.problem({name: 1}, content[JSON]["schema"]) is not None or name == "spans"
    assert contract.problem(score | {"vaule": 1}, contract.operation("POST", "/v1/scores")["requestBody"]["content"][JSON]["schema"])
    with filled.client() as client:
        some = client.post("/v1/spans", b'[{"name":"x"},{"trace_id":"short"}]')
        assert some.json()["rejected_count"] == 1
        contract.check("POST", "/v1/spans", some, "Receipt")
        for path, signal in [("/v1/traces", "resourceSpans"), ("/v1/logs", "resourceLogs"), ("/v1/metrics", "resourceMetrics")]:
            for body in [b"{}", json.dumps({signal: [{}]}).encode()]:
                answer = client.post(path, body, JSON)
                assert answer.status == 200
                contract.check("POST", path, answer, "ExportReply")
        partly = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "no ids"}]}]}]}
        answer = client.post("/v1/traces", json.dumps(partly).encode(), JSON)
        assert "partialSuccess" in answer.json()
        contract.check("POST", "/v1/traces", answer, "ExportReply")
        contract.check("POST", "/v1/traces", client.post("/v1/traces", request([span | {"kind": "CLIENT", "status": "OK", "start_time_unix_nano": NOW, "end_time_unix_nano": NOW}]).SerializeToString(), PROTOBUF))


# MARK: errors


def refusals() -> Iterator[tuple[int, str, str, bytes, list[str]]]:
    """A status, and a request that gets it."""
    for path in ASKED:
        target = path.replace("{id}", "0" * 31 + "1")
        yield 400, "GET", target + "?nonsense=1", b"", []
        yield 400, "GET", target + "?format=nonsense", b"", []
        yield 400, "GET", target + "?failure=%25%", b"", []
        yield 400, "GET", target + "?format=text&failure=tenant+%3D", b"", []
    yield 400, "GET", "/v1/slices?format=text&where=name+~+%22(%22", b"", []
    yield 400, "GET", "/v1/series?from=0&step=1ms&to=2026-11-18", b"", []
    yield 400, "GET", "/v1/series?format=text&from=0&step=1ms&to=2026-11-18", b"", []
    yield 400, "GET", "/v1/traces/nonsense", b"", []
    yield 404, "GET", "/v1/traces/" + "0" * 31 + "1", b"", []
    yield 404, "GET", "/v1/traces/" + "0" * 31 + "1?format=text", b"", []
    yield 409, "GET", "/v1/slices?check=1", b"", []
    yield 409, "GET", "/v1/series?check=1&format=csv", b"", []
    yield 409, "POST", "/v1/slices", b'{"check":1}', [f"Content-Type: {JSON}"]
    yield 400, "POST", "/v1/slices", b'{"check":', [f"Content-Type: {JSON}"]
    yield 400, "POST", "/v1/slices?format=text", b"where=tenant+%3D", [f"Content-Type: {FORM}"]
    yield 400, "POST", "/v1/slices", b"where=\xff", [f"Content-Type: {FORM}"]
    for path in ["/v1/traces", "/v1/spans"]:
        yield 400, "POST", path, b"nonsense=1", [f"Content-Type: {FORM}"]
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"]:
        yield 400, "POST", path, b"\xff", [f"Content-Type: {PROTOBUF}"]
        yield 400, "POST", path, b"[", [f"Content-Type: {JSON}"]
        yield 415, "POST", path, b"x", ["Content-Type: text/plain"]
        yield 415, "POST", path, b"x", [f"Content-Type: {PROTOBUF}", "Content-Encoding: br"]
        yield 415, "POST", path, b"{}", [f"Content-Type: {JSON}", "Content-Encoding: br"]
    for path in ["/v1/spans", "/v1/scores"]:
        yield 400, "POST", path, b"{", []
        yield 400, "POST", path, b"", []
        yield 400, "POST", path, b'{"trace_id":"short"}', []
        yield 400, "POST", path + "?nonsense=1", b"{}", []
        yield 415, "POST", path, b"{}", ["Content-Encoding: br"]
    for method, path in [("GET", "/"), ("GET", "/healthz"), ("GET", "/v1/status"), ("GET", "/v1/tail"), ("POST", "/v1/spans"), ("POST", "/v1/traces"), ("GET", "/openapi.json")]:
        yield 400, method, path, b"", ["Content-Length: x"]
        yield 413, method, path, b"", ["Content-Length: 9000000000"]
        yield 414, method, path + "?" + "a" * 20_000, b"", []
        yield 417, method, path, b"", ["Expect: nonsense", "Content-Length: 1"]
        yield 431, method, path, b"", [f"X-{n}: v" for n in range(200)]


@pytest.mark.parametrize(("status", "method", "target", "body", "fields"), [pytest.param(*r, id=f"{r[0]} {r[1]} {r[2][:60]} {r[3][:20]!r} {len(r[4])}-{n}") for n, r in enumerate(refusals())])
def test_refusals_are_as_described(filled: Server, contract: Contract, status: int, method: str, target: str, body: bytes, fields: list[str]) -> None:
    if not any(field.startswith("Content-Length") for field in fields):
        fields = [*fields, f"Content-Length: {len(body)}"]
    answer = exchange(filled, [head(method, target, *fields) + body], [method])[0]
    assert answer.status == status, answer.body
    contract.check(method, target, answer)
    if status != 409:
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind == ("text/plain" if "format=text" in target and not target.startswith("/v1/tail") else PROTOBUF if f"Content-Type: {PROTOBUF}" in fields else JSON)


def test_a_full_disk_is_as_described(executable: Path, contract: Contract) -> None:
    with Server(executable, file_bytes_max=1 << 20) as server, server.client() as client:
        text = json.dumps([{"name": "x", "k": f"{n:x}" * 40} for n in range(2_000)]).encode()
        large = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "name": "x", "start_time_unix_nano": NOW, "end_time_unix_nano": NOW, "k": os.urandom(10**6).hex()}
        until_full = iter(range(100))
        while client.post("/v1/spans", text).status == 200:
            next(until_full)
        for path, body, kind in [("/v1/spans", text, JSON), ("/v1/traces", request([large]).SerializeToString(), PROTOBUF)]:
            answer = client.post(path, body, kind)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            contract.check("POST", path, answer)


# MARK: whether these tests would notice


def test_answers_that_are_wrong_would_be_noticed(filled: Server, contract: Contract) -> None:
    """Every member that is missing, that has another type, or that nobody described."""
    with filled.client() as client:
        answers = {name: client.json(path + "?" + quote(query, safe="=&,")) for name, ((path, query), *_) in QUESTIONS.items()}
        answers |= {"Status": client.json("/v1/status"), "Trace": client.json(f"/v1/traces/{a_trace(filled)}", vs="ok")}
    for name, answer in answers.items():
        assert contract.problem(answer, named(name)) is None
        for place in places(answer):
            if place[-1] in {"vs", "step"} or name == "Ledger" and "rows" in place and place[-1] in {"reason", "tenant", "service", "key"}:
                continue  # not always there
            for change in ["absent", "wrong", "new"]:
                spoilt = copy.deepcopy(answer)
                inner = spoilt
                for key in place[:-1]:
                    inner = inner[key]
                if change == "absent":
                    del inner[place[-1]]
                elif change == "wrong":
                    inner[place[-1]] = {"what": object}
                else:
                    inner["undescribed"] = 1
                assert contract.problem(spoilt, named(name)) is not None, (name, place, change)


def places(answer: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in answer.items():
        yield (key,)
        if key == "coverage":
            for inner in value:
                yield (key, inner)


def a_trace(server: Server) -> str:
    with server.client() as client:
        return client.json("/v1/traces", limit=1, where="failed")["traces"][0]["trace_id"]


def test_explanations_are_as_described(filled: Server, contract: Contract) -> None:
    bodies = [b'{"name":"chat","tenant":"acme","promptVersion":"3","resource":{"service.name":"a"}}', b'[{"name":"a"},{"span_id":"x"}]', b'{"span_id":"x"}']
    with filled.client() as client:
        for body in bodies:
            contract.check("POST", "/v1/spans?explain=1", client.post("/v1/spans?explain=1", body), "Explanation")
