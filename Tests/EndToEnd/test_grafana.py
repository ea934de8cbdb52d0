"""Flat answers are what Grafana's Infinity takes as it is: a bare array of flat objects, columns of one type, one column of time."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import otlp
import scenarios
from cases import ALL, END, HOUR
from client import PROTOBUF, Client, query
from server import ROOT, Server

SPANS = 5000
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
EMPTY = (ALL[0] - 900 * HOUR, ALL[1] - 900 * HOUR)
RANGE = {"from": ALL[0], "to": ALL[1]}
STEP = {"step": "6h"}

# Keys that are called like columns of the answers, and values of every type under one key.
ODD = [0, -3, 2.5, 2**60, float("nan"), float("inf"), True, "", "NaN", "2", 'a "b", c\nd', "ä", b"\x00\xff", [], ["x"], ["x", "y"], [1, "x"], {"a": {"b": 1}}]
LIKE_COLUMNS = {name: "own" for name in ("count", "where", "traces", "time", "partial", "before_count", "p_value", "value", "spans")}
MIXED = {"my.key": 1, "my.list": ["a"]}  # which the awkward spans have, and the standard ones have not


def odd_spans() -> list[dict[str, Any]]:
    start = END - 3 * HOUR
    return [
        {"trace_id": f"{0xABC0000 + n:032x}", "span_id": f"{0xABC0000 + n:016x}", "name": "odd", "start_time_unix_nano": start + n, "end_time_unix_nano": start + n + 10**6,
         "odd": value, "status": "ERROR" if n % 3 == 0 else "OK"} | LIKE_COLUMNS | MIXED for n, value in enumerate(ODD)]


@pytest.fixture(scope="module", params=["standard", "awkward"])
def loaded(executable: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(executable) as server:
        with server.client() as client:
            for body in scenarios.ndjson_in_order(scenarios.source(request.param, SPANS)):
                client.ingest("/v1/spans", body, scenarios.NDJSON)
            client.ingest("/v1/traces", otlp.request(odd_spans()).SerializeToString(), PROTOBUF)
            client.post("/v1/scores", json.dumps({"trace_id": f"{0xABC0000:032x}", "name": "thumbs", "value": 0.5}).encode())
        yield server


COLLIDING = ",".join(f'attr("{name}")' if name == "count" else name for name in LIKE_COLUMNS)
QUESTIONS: list[tuple[str, dict[str, object]]] = [
    ("/v1/slices", {}), ("/v1/slices", {"by": "tenant,locale"}), ("/v1/slices", {"by": "my.key"}), ("/v1/slices", {"by": "my.key", "unit": "span"}),
    ("/v1/slices", {"by": "my.list,user"}), ("/v1/slices", {"by": "odd", "limit": "all"}), ("/v1/slices", {"by": "odd", "where": "has(odd)", "unit": "span"}),
    ("/v1/slices", {"by": "tokens.input", "unit": "span"}), ("/v1/slices", {"by": "start_time", "unit": "span"}), ("/v1/slices", {"by": "score.thumbs"}),
    ("/v1/slices", {"by": "duration,status"}), ("/v1/slices", {"by": COLLIDING}), ("/v1/slices", {"by": "count,where,time"}),
    ("/v1/slices", {"by": "tool", "vs": f"{END - 20 * HOUR}..{END - 10 * HOUR}"}),
    ("/v1/slices", {"by": "locale", "calc": "count,histogram(duration),max(start_time),avg(my.key),min(odd),distinct(user),sum(cost)"}),
    ("/v1/slices", {"by": "locale", "calc": "count,p95(ttft)", "where": "odd is null and locale is null"}),
    ("/v1/series", STEP), ("/v1/series", STEP | {"by": "my.key"}), ("/v1/series", STEP | {"by": "odd"}), ("/v1/series", STEP | {"by": COLLIDING}),
    ("/v1/series", STEP | {"by": "tenant", "calc": "count,p95(duration),avg(tokens.output),sum(cost)", "limit": 3}),
    ("/v1/series", STEP | {"by": "locale", "vs": f"{ALL[0] - 26 * HOUR}..{ALL[1] - 26 * HOUR}"}), ("/v1/series", STEP | {"where": "tenant = nobody"}),
    ("/v1/dimensions", {}), ("/v1/dimensions", {"distinct": "all"}), ("/v1/dimensions", {"name": "my.key"}), ("/v1/dimensions", {"name": "odd", "limit": "all"}),
    ("/v1/dimensions", {"name": "tenant", "prefix": "t-0001"}), ("/v1/dimensions", {"name": "document", "unit": "span"}),
    ("/v1/traces", {"limit": 200}), ("/v1/traces", {"limit": 200, "fields": "start_time,tokens.input,tool,document,my.key,my.list,odd"}),
    ("/v1/traces", {"fields": "trace_id,start_time,root.start_time,duration"}), ("/v1/traces", {"where": "has(odd)", "fields": "odd,start_time," + COLLIDING}),
    ("/v1/spans", {"limit": 200}), ("/v1/spans", {"limit": 200, "fields": "name,start_time,tokens.input,cost,my.key,my.list,document"}),
    ("/v1/spans", {"where": "has(odd)", "fields": "odd,span_id,start_time," + COLLIDING, "limit": 50}),
]
NAMED = [f"{path[4:]} {' '.join(f'{k}={v}' for k, v in parameters.items())}" for path, parameters in QUESTIONS]


def no_constant(text: str) -> Any:
    raise AssertionError(f"{text} is not JSON")


def rows_of(client: Client, path: str, parameters: dict[str, object]) -> list[dict[str, Any]]:
    def row(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs), f"a column twice: {[name for name, _ in pairs]}"
        return dict(pairs)

    answer = client.get(path, **RANGE | parameters, format="rows")
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    rows = json.loads(answer.body, object_pairs_hook=row, parse_constant=no_constant)
    assert isinstance(rows, list)
    return rows


def kind(value: object) -> str:
    match value:
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
    raise AssertionError(f"nested: {value!r}")


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


@pytest.mark.parametrize(("path", "parameters"), QUESTIONS, ids=NAMED)
def test_rows_are_flat_and_columns_of_one_type(loaded: Server, path: str, parameters: dict[str, object]) -> None:
    with loaded.client() as client:
        rows = rows_of(client, path, parameters)
    for row in rows:
        assert list(row) == list(rows[0])
    for name, values in columns(rows).items():
        assert len({kind(value) for value in values if value is not None}) <= 1, (name, values)


@pytest.mark.parametrize(("path", "parameters"), QUESTIONS, ids=NAMED)
def test_there_is_one_column_of_time_where_there_is_time(loaded: Server, path: str, parameters: dict[str, object]) -> None:
    with loaded.client() as client:
        rows = rows_of(client, path, parameters)
    times = {name for name, values in columns(rows).items() if any(isinstance(v, str) and TIME.fullmatch(v) for v in values)}
    named = ",".join(str(parameters.get(name, "")) for name in ("by", "calc", "fields")).split(",")
    asked = {name for name in ("start_time", "root.start_time", "max(start_time)") if name in named}
    # By default a list has its rows' starts.
    standard = {"/v1/series": {"time"}, "/v1/traces": {"start_time"}, "/v1/spans": {"start_time"}}.get(path, set())
    assert times == (standard if rows and "fields" not in parameters and not asked else asked | (standard if path == "/v1/series" and rows else set()))
    for name in times:
        for value in columns(rows)[name]:
            assert value is None or datetime.fromisoformat(value[:26] + "+00:00")


@pytest.mark.parametrize(("path", "parameters"), QUESTIONS, ids=NAMED)
def test_csv_and_ndjson_say_the_same(loaded: Server, path: str, parameters: dict[str, object]) -> None:
    with loaded.client() as client:
        rows = rows_of(client, path, parameters)
        table = client.get(path, **RANGE | parameters, format="csv")
        lines = client.get(path, **RANGE | parameters, format="ndjson")
    assert [json.loads(line) for line in lines.body.splitlines()] == rows
    header, *cells = csv.reader(io.StringIO(table.body.decode(), newline=""))
    assert len(cells) == len(rows) and len(set(header)) == len(header)
    for row, line in zip(rows, cells, strict=True):
        assert list(row) == header
        for value, cell in zip(row.values(), line, strict=True):
            match value:
                case None:
                    assert cell == ""
                case bool():
                    assert cell == str(value).lower()
                case int() | float():
                    assert json.loads(cell) == value
                case str():
                    assert cell == value


@pytest.mark.parametrize(("path", "parameters"), [(p, q) for p, q in QUESTIONS if p != "/v1/dimensions" or "name" not in q], ids=lambda v: "")
def test_columns_are_the_same_where_nothing_matches(loaded: Server, path: str, parameters: dict[str, object]) -> None:
    def header(window: tuple[int, int]) -> list[str]:
        answer = client.get(path, **parameters | {"from": window[0], "to": window[1]}, format="csv")
        return next(csv.reader(io.StringIO(answer.body.decode())))

    with loaded.client() as client:
        assert header(EMPTY) == header(ALL)
        # A series has its steps, whatever is in them; everything else has no row.
        empty = rows_of(client, path, parameters | {"from": EMPTY[0], "to": EMPTY[1]})
        assert not empty or path == "/v1/series" or not parameters.get("by"), empty


@pytest.mark.parametrize("by", ["my.key", "odd", "tenant,locale", "tokens.input"])
def test_figures_are_those_of_json_and_values_lose_nothing(loaded: Server, by: str) -> None:
    with loaded.client() as client:
        whole = client.json("/v1/slices", by=by, **RANGE, limit="all", unit="span")["rows"]
        flat = rows_of(client, "/v1/slices", {"by": by, "limit": "all", "unit": "span"})
    figures = [name for name in whole[0] if name not in ("slice", "where", "traces")]
    assert [[row[name] for name in figures] for row in flat] == [[row[name] for name in figures] for row in whole]
    for name in whole[0]["slice"]:
        values = [row["slice"][name] for row in whole]
        kinds = {"nested" if isinstance(v, (list, dict)) else kind(v) for v in values if v is not None}
        for value, shown in zip(values, columns(flat)[name], strict=True):
            if value is None or kinds <= {"number"} or kinds <= {"truth"} or isinstance(value, str):
                assert shown == value
            else:
                # Text that reads back as the value.
                assert isinstance(shown, str) and json.loads(shown) == value
    assert [(row["traces"] or "").split() for row in flat] == [row["traces"] for row in whole]


def test_a_trace_with_several_values_makes_its_column_text(fresh_server: Server) -> None:
    def span(trace: int, number: int, **more: object) -> dict[str, object]:
        return {"trace_id": f"{trace:032x}", "span_id": f"{number:016x}", "name": "chat", "operation": "chat", "start_time_unix_nano": number * 10**9, "duration_ms": 5} | more

    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps([span(1, 1, **{"tokens.input": 5}), span(2, 2, **{"tokens.input": 7})]).encode())
        fields = {"from": 0, "to": 10**18, "fields": "tokens.input", "order": "-start_time"}
        assert [row["tokens.input"] for row in rows_of(client, "/v1/traces", fields)] == [5, 7]
        client.post("/v1/spans", json.dumps([span(2, 3, **{"tokens.input": 9})]).encode())
        assert [row["tokens.input"] for row in rows_of(client, "/v1/traces", fields)] == ["5", "[7,9]"]


@pytest.mark.parametrize(("path", "parameters"), [
    ("/v1/slices", {"by": "tenant,tenant"}), ("/v1/slices", {"calc": "count,failures,count"}), ("/v1/traces", {"fields": "name,status,name"}),
    ("/v1/spans", {"fields": "my.key,my.key"}), ("/v1/series", {"by": 'tenant,attr("x"),attr("x")'})], ids=str)
def test_a_column_that_is_asked_for_twice_is_refused(loaded: Server, path: str, parameters: dict[str, object]) -> None:
    with loaded.client() as client:
        refused = client.get(path, **RANGE | parameters)
    assert refused.status == 400 and "twice" in refused.json()["error"]["message"]


def test_the_queries_of_the_documentation_hold(loaded: Server) -> None:
    """Those that docs/OPERATIONS.md gives for panels, with Grafana's variables filled in as it does."""
    section = (ROOT / "docs" / "OPERATIONS.md").read_text().split("## Grafana")[1].split("\n## ")[0]
    urls = re.findall(r"`(/v1/\S+format=rows\S*)`", section)
    assert len(urls) == 3
    with loaded.client() as client:
        for url in urls:
            filled = url.replace("${__from}", str(ALL[0] // 10**6)).replace("${__to}", str(ALL[1] // 10**6)).replace("${tenant}", "t-00001")
            filled = filled.replace("${__interval_ms}", "21600000")
            assert "$" not in filled
            answer = client.get(filled)
            assert answer.status == 200 and answer.json(), (filled, answer.body)
