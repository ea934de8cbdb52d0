"""calc, having, order, vs, series and the flat formats equal a computation of one value at a time."""

from __future__ import annotations

import csv
import io
import itertools
import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import fisher_exact

import scenarios
import workload
from cases import ALL, END, HOUR, LAST_6H, MIDDAY, c
from client import Client
from expressions import Failed, Milliseconds
from figures import Figures, Group
from laboratory import SPANS, Laboratory
from oracle import Oracle, typed
from scenarios import SCENARIOS
from server import Server

DATA = {scenario.name: scenario for scenario in SCENARIOS}
FIGURES = {
    "standard": [
        "count", "failures", "failure_rate", "share", "p95(duration)", "min(duration)", "max(duration)", "avg(duration)",
        "sum(duration)", "sum(cost)", "avg(cost)", "p50(cost)", "max(cost)", "sum(tokens.input)", "avg(tokens.output)",
        "p99(tokens.output)", "min(tokens.cached)", "sum(tokens.cached)", "distinct(user)", "distinct(tool)", "distinct(document)",
        "avg(tool.call.index)", "max(tool.count)", "sum(trace.spans)", "avg(temperature)", "min(start_time)", "max(start_time)",
        "sum(no.number.at.all)", "p90.5(duration)", "distinct(status)", "sum(root.trace.spans)",
    ],
    "awkward": ["count", "sum(my.key)", "avg(my.key)", "min(my.key)", "max(my.key)", "p50(my.key)", "distinct(my.key)", "distinct(my.list)",
                "p75(tokens.input)", "distinct(tenant)", "sum(cost)"],
}
GROUPINGS: list[dict[str, Any]] = [
    {}, {"by": ("tenant",)}, {"by": ("model.revision",)}, {"by": ("prompt.version",), "where": c("locale", "=", "en-US")},
    {"by": ("tool",)}, {"by": ("document",), "window": MIDDAY}, {"by": ("tool", "finish_reason"), "window": LAST_6H},
    {"by": ("status",), "where": c("duration", ">", Milliseconds(2500))}, {"by": ("root.name", "locale"), "window": MIDDAY},
    {"by": ("service",), "failure": c("finish_reason", "=", "length")}, {"by": ("tool.count",)},
]
AWKWARD_GROUPINGS: list[dict[str, Any]] = [{}, {"by": ("tenant",)}, {"by": ("my.list",)}, {"by": ("user", "status")}, {"by": ("my.key",)}]


@pytest.fixture(scope="module")
def laboratory(executable: Path) -> Iterator[Laboratory]:
    built = Laboratory(executable)
    yield built
    built.close()


@pytest.fixture(scope="module")
def oracles() -> dict[str, Oracle]:
    return {data: Oracle(workload.read(scenarios.source(data, SPANS))) for data in FIGURES}


def questions(data: str) -> list[Any]:
    groupings = GROUPINGS if data == "standard" else AWKWARD_GROUPINGS
    return [
        pytest.param(data, phase, unit, grouping, id=f"{data} | phase {phase} | {unit} | {grouping}")
        for phase in (0, 1) for unit in ("trace", "span") for grouping in groupings]


def parameters(unit: str, grouping: dict[str, Any], **more: object) -> dict[str, Any]:
    window = grouping.get("window", ALL)
    return {
        "by": ",".join(grouping.get("by", ())) or None, "where": grouping.get("where"), "failure": grouping.get("failure"),
        "unit": unit, "from": window[0], "to": window[1]} | more


KNOWN: dict[str, Figures] = {}


def figures_of(oracle: Oracle, unit: str, grouping: dict[str, Any], window: tuple[int, int] | None = None) -> Figures:
    """Kept, since the same is asked before and after merging."""
    key = f"{id(oracle)} {unit} {grouping} {window}"
    if key not in KNOWN:
        KNOWN[key] = Figures(oracle, unit=unit, **({"window": ALL} | grouping | ({"window": window} if window else {})))
    return KNOWN[key]


def key_of(row: dict[str, Any], by: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(None if v is None else typed(v) for v in row["slice"].values())


def nanoseconds(text: str) -> int:
    seconds = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 10**9 + int(text[20:29])


def assert_figure(got: Any, figures: Figures, figure: str, group: Group) -> None:
    want = figures.value(figure, group)
    where = f"{figure} of {group.key}"
    if figure.startswith("histogram"):
        assert sum(b["count"] for b in got) == len(want), where
        for bucket in got:
            low, high = bucket["gte"], bucket["lt"]
            inside = (len(want) if high is None else bisect_left(want, high)) - (0 if low is None else bisect_left(want, low))
            assert bucket["count"] == inside, where
    elif want is None:
        assert got is None, where
    elif "start_time" in figure:
        assert nanoseconds(got) == want, where
    elif isinstance(got, int):
        assert got == want, where
    else:
        tolerance = 0.01 if figures.is_sketched(figure, group) else 1e-9
        assert got == pytest.approx(float(want), rel=tolerance, abs=1e-9), where


@pytest.mark.parametrize(("data", "phase", "unit", "grouping"), [*questions("standard"), *questions("awkward")])
def test_calc(
    laboratory: Laboratory, oracles: dict[str, Oracle], data: str, phase: int, unit: str, grouping: dict[str, Any],
) -> None:
    known = FIGURES[data]
    names = [f for f in known if "no.number" not in f]
    figures = figures_of(oracles[data], unit, grouping)
    scenario = DATA["otlp-shuffled-cut" if data == "standard" else "awkward-otlp-shuffled-cut"]
    with laboratory.at(scenario, phase).client(timeout=120) as client:
        got = client.json("/v1/slices", **parameters(unit, grouping, calc=",".join([*names, "histogram(duration)"]), limit="all"))
    rows = {key_of(row, figures.by): row for row in got["rows"]}
    assert rows.keys() == figures.groups.keys()
    few = list(figures.groups.items())[:25]
    for key, group in few:
        for figure in names:
            assert_figure(rows[key][figure], figures, figure, group)
        assert_figure(rows[key]["histogram(duration)"], figures, "histogram(duration)", group)
    for figure in names:
        assert_figure(got["total"][figure], figures, figure, figures.total)


@pytest.fixture(scope="module")
def loaded(laboratory: Laboratory) -> Server:
    return laboratory.at(DATA["otlp-shuffled-cut"], 1)


ORDERS = ["p95(duration)", "-p95(duration)", "sum(tokens.input)", "-avg(cost)", "distinct(user)", "max(tool.count)", "-count"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("unit", ["trace", "span"])
def test_order_by_any_figure_and_what_the_limit_cuts(loaded: Server, oracles: dict[str, Oracle], order: str, unit: str) -> None:
    grouping = {"by": ("prompt.name",), "window": LAST_6H}
    figures = figures_of(oracles["standard"], unit, grouping)
    figure = order.removeprefix("-")
    assert not any(figures.is_sketched(figure, g) for g in figures.groups.values()), "small groups, so that the order is certain"
    want = [typed(g.key[0]) if g.key[0] is not None else None for g in figures.ordered(figure, order.startswith("-"))]
    with loaded.client() as client:
        got = client.json("/v1/slices", **parameters(unit, grouping, order=order, limit=7, calc="count,failures,sum(tokens.input)"))
    assert [key_of(row, ("prompt.name",))[0] for row in got["rows"]] == want[:7]
    rest = [group for key, group in figures.groups.items() if key[0] not in want[:7]]
    assert got["other"]["count"] == sum(g.count for g in rest)
    assert got["other"]["sum(tokens.input)"] == sum(figures.value("sum(tokens.input)", g) for g in rest)
    assert got["groups"] == len(figures.groups)


CONDITIONS = [
    ("count >= 30", lambda f, g: g.count >= 30),
    ("failure_rate > 0.05 and count > 10", lambda f, g: g.count > 10 and g.failures / g.count > 0.05),
    ("p95(duration) > 2s or failures = 0", lambda f, g: g.failures == 0 or f.value("p95(duration)", g) > 2000),
    ("not sum(cost) > 0.05", lambda f, g: not f.value("sum(cost)", g) > 0.05),
    ("not avg(tool.call.index) >= 1", lambda f, g: (a := f.value("avg(tool.call.index)", g)) is None or not a >= 1),
    ("distinct(user) != 1 and share < 0.01", lambda f, g: f.value("distinct(user)", g) != 1 and f.value("share", g) < 0.01),
]


@pytest.mark.parametrize(("having", "holds"), CONDITIONS, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("unit", ["trace", "span"])
@pytest.mark.parametrize("by", ["tenant", "tool"])
def test_having(loaded: Server, oracles: dict[str, Oracle], having: str, holds: Any, unit: str, by: str) -> None:
    figures = figures_of(oracles["standard"], unit, {"by": (by,)})
    want = {key for key, group in figures.groups.items() if holds(figures, group)}
    with loaded.client() as client:
        got = client.json("/v1/slices", **parameters(unit, {"by": (by,)}, having=having, limit="all"))
        cut = client.json("/v1/slices", **parameters(unit, {"by": (by,)}, having=having, limit=2))
        checked = client.get("/v1/slices", **parameters(unit, {"by": (by,)}, having=having, limit=2, check=1))
    assert {key_of(row, (by,)) for row in got["rows"]} == want
    assert got["groups"] == cut["groups"] == len(want)
    assert got["total"]["count"] == figures.total.count
    shown = {key_of(row, (by,)) for row in cut["rows"]}
    rest = [figures.groups[key] for key in want - shown]
    assert (cut["other"] or {"count": 0})["count"] == sum(g.count for g in rest)
    assert checked.status == (409 if want else 200)
    assert checked.json() == cut


WINDOWS = [
    ("previous", (END - 12 * HOUR, END - 6 * HOUR)), ("12h", (END - 18 * HOUR, END - 12 * HOUR)),
    (f"{END - 24 * HOUR}..{END - 20 * HOUR}", (END - 24 * HOUR, END - 20 * HOUR)), ("7d", (END - 174 * HOUR, END - 168 * HOUR)),
]


@pytest.mark.parametrize(("vs", "window"), WINDOWS, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("unit", ["trace", "span"])
@pytest.mark.parametrize("by", [(), ("locale",), ("tool", "status")])
def test_vs(loaded: Server, oracles: dict[str, Oracle], vs: str, window: tuple[int, int], unit: str, by: tuple[str, ...]) -> None:
    grouping = {"by": by, "window": LAST_6H}
    now, before = figures_of(oracles["standard"], unit, grouping), figures_of(oracles["standard"], unit, grouping, window)
    names = ["count", "failures", "failure_rate", "p95(duration)", "sum(cost)", "distinct(user)"]
    with loaded.client() as client:
        got = client.json("/v1/slices", **parameters(unit, grouping, vs=vs, calc=",".join(names), limit="all"))
        flat = client.json("/v1/slices", **parameters(unit, grouping, vs=vs, calc="count", limit="all", format="rows"))
    assert nanoseconds(got["vs"]["from"]) == window[0] and nanoseconds(got["vs"]["to"]) == window[1]
    assert {key_of(row, by) for row in got["rows"]} == now.groups.keys()
    for row, flat_row in zip(got["rows"], flat, strict=True):
        key = key_of(row, by)
        group, earlier = now.groups[key], before.groups.get(key, Group(key))
        for name in names:
            assert_figure(row[name], now, name, group)
            assert_figure(row["before"][name], before, name, earlier)
        assert_p_value(row["p_value"], group, earlier)
        assert flat_row["before_count"] == earlier.count
    assert_p_value(got["total"]["p_value"], now.total, before.total)
    assert got["total"]["before"]["count"] == before.total.count


def assert_p_value(got: float | None, now: Group, before: Group) -> None:
    if not now.count or not before.count:
        assert got is None
        return
    want = fisher_exact([[now.failures, now.count - now.failures], [before.failures, before.count - before.failures]]).pvalue
    assert got == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize(("step", "length"), [("1h", HOUR), ("7m", 7 * 60 * 10**9), ("90s", 90 * 10**9)])
@pytest.mark.parametrize("unit", ["trace", "span"])
@pytest.mark.parametrize("by", [(), ("model",), ("tool",)])
def test_series(loaded: Server, oracles: dict[str, Oracle], step: str, length: int, unit: str, by: tuple[str, ...]) -> None:
    window = (MIDDAY[0] + 1, MIDDAY[1])
    grouping = {"by": by, "window": window}
    names = ["count", "failures", "failure_rate", "p50(duration)", "sum(tokens.output)"]
    figures = figures_of(oracles["standard"], unit, grouping)
    limit = 3
    with loaded.client() as client:
        got = client.json("/v1/series", **parameters(unit, grouping, step=step, calc=",".join(names), limit=limit))
    first, last = window[0] // length * length, (window[1] - 1) // length * length
    steps = list(range(first, last + length, length))
    assert got["step"] == f"{length // 10**9}s"
    shown = figures.ordered("failures")[:limit]
    blocks = [list(block) for block in itertools.batched(got["rows"], len(steps))] if hasattr(itertools, "batched") else [
        got["rows"][at:at + len(steps)] for at in range(0, len(got["rows"]), len(steps))]
    assert len(blocks) == len(shown)
    for group, block in zip(shown, blocks):
        assert_steps(figures, group, block, steps, length, window, names)
    rest = [g for g in figures.groups.values() if g not in shown]
    if rest:
        assert [row["count"] for row in got["other"]] == [
            sum(at <= figures.time[u] < at + length for g in rest for u in g.units) for at in steps]
    else:
        assert got["other"] is None
    assert got["total"]["count"] == figures.total.count


def assert_steps(
    figures: Figures, group: Group, block: list[dict[str, Any]], steps: list[int], length: int, window: tuple[int, int], names: list[str],
) -> None:
    for at, row in zip(steps, block, strict=True):
        units = [u for u in group.units if at <= figures.time[u] < at + length]
        part = Group(group.key, units, int(sum(bool(figures.failing[u]) for u in units)))
        assert nanoseconds(row["time"]) == at
        assert row.get("partial", False) == (at < window[0] or at + length > window[1])
        for name in names:
            assert_figure(row[name], figures, name, part)


def test_series_beside_another_window(loaded: Server, oracles: dict[str, Oracle]) -> None:
    window, before = (END - 6 * HOUR, END), (END - 12 * HOUR, END - 6 * HOUR)
    now, earlier = (Figures(oracles["standard"], window=w) for w in (window, before))
    with loaded.client() as client:
        got = client.json("/v1/series", from_=window[0], to=window[1], vs="previous", step="1h")
    first = window[0] // HOUR * HOUR
    for at, row in enumerate(got["rows"]):
        start = first + at * HOUR
        assert row["count"] == int(((now.time[now.units] >= start) & (now.time[now.units] < start + HOUR)).sum())
        shifted = start - 6 * HOUR
        assert row["before"]["count"] == int(((earlier.time[earlier.units] >= shifted) & (earlier.time[earlier.units] < shifted + HOUR)).sum())


def test_an_open_range_is_cut_over_the_data(loaded: Server, oracles: dict[str, Oracle]) -> None:
    oracle = oracles["standard"]
    with loaded.client() as client:
        got = client.json("/v1/series", from_=0)
    assert sum(row["count"] for row in got["rows"]) == oracle.traces
    assert len(got["rows"]) <= 120
    assert nanoseconds(got["rows"][0]["time"]) <= int(oracle.start.min())
    assert nanoseconds(got["rows"][-1]["time"]) <= int(oracle.start.max())


def test_too_many_steps(loaded: Server) -> None:
    with loaded.client() as client:
        response = client.get("/v1/series", from_=ALL[0], to=ALL[1], step="1s")
        error = response.json()["error"]
        assert (response.status, error["code"]) == (400, "too_many_steps")
        suggestion = error["message"].split("step=")[1].split()[0]
        assert client.get("/v1/series", from_=ALL[0], to=ALL[1], step=suggestion).status == 200


def test_the_trend_and_the_formats_say_the_same(loaded: Server) -> None:
    question = {"by": "tenant,locale", "from": ALL[0], "to": ALL[1], "limit": 5}
    with loaded.client() as client:
        rows = client.json("/v1/slices", **question)["rows"]
        bare = client.json("/v1/slices", **question, format="rows")
        lines = client.get("/v1/slices", **question, format="ndjson")
        table = client.get("/v1/slices", **question, format="csv")
        text = client.get("/v1/slices", **question, format="text")
    assert [json.loads(line) for line in lines.body.splitlines()] == bare
    assert json.loads(lines.headers["everyspan-coverage"])["matched"] > 0
    read = list(csv.DictReader(io.StringIO(table.body.decode())))
    assert [r["tenant"] for r in read] == [r["slice"]["tenant"] for r in rows]
    assert [int(r["count"]) for r in read] == [r["count"] for r in rows]
    assert [r["traces"].split() for r in read] == [r["traces"] for r in rows]
    assert read[0]["where"] == rows[0]["where"]
    shown = text.body.decode().splitlines()
    assert shown[1].split()[:3] == ["FAILED", "COUNT", "RATE"]
    assert shown[2].split()[0] == str(rows[0]["failures"]) and rows[0]["slice"]["tenant"] in shown[2]
    assert "other (" in shown[7]


@pytest.mark.parametrize(("parameters_", "says"), [
    ({"calc": "p95(durations)"}, "duration"), ({"calc": "median(duration)"}, "median"), ({"having": "count >"}, "number"),
    ({"order": "failurs"}, "failures"), ({"order": "p_value"}, "vs"), ({"having": "p_value < 0.1"}, "vs"),
    ({"order": "histogram(duration)"}, "histogram"), ({"calc": "sum(tokens.inptu)"}, "tokens.input"),
    ({"vs": "yesterday"}, "previous"), ({"from": "0", "vs": "previous"}, "range"), ({"tz": "Mars/Olympus"}, "zone"),
    ({"width": "3"}, "width"), ({"check": "2"}, "check"), ({"format": "xml"}, "csv"), ({"having": "tokens_in > 3 and"}, "position"),
], ids=str)
def test_what_is_not_understood_is_400_and_named(loaded: Server, parameters_: dict[str, str], says: str) -> None:
    with loaded.client() as client:
        for route in ("/v1/slices", "/v1/series"):
            response = client.get(route, by="tenant", **parameters_)
            assert response.status == 400, response.body
            assert says in response.body.decode()


def test_coverage_says_what_a_condition_matches_alone(loaded: Server, oracles: dict[str, Oracle]) -> None:
    oracle = oracles["standard"]
    tenant = oracle.span_column("tenant").values[0]
    near = tenant.upper()
    with loaded.client() as client:
        got = client.json("/v1/slices", where=f"tenant = {near} and locale = en-US and failed", from_=ALL[0], to=ALL[1])
        spans = client.json("/v1/spans", where=f"tenat = {tenant}", from_=ALL[0], to=ALL[1])
    conditions = {entry["text"]: entry for entry in got["coverage"]["conditions"]}
    assert conditions[f"tenant = {near}"]["spans"] == 0
    assert tenant in conditions[f"tenant = {near}"]["closest"]
    english = oracle.evaluate(c("locale", "=", "en-US"), "span", Failed())
    assert conditions["locale = en-US"]["spans"] == int(english.sum())
    assert "tenant" in spans["coverage"]["conditions"][0]["closest"]


def test_a_time_of_a_zone(loaded: Server) -> None:
    client: Client
    with loaded.client() as client:
        here = client.json("/v1/slices", from_="2026-11-18", to="2026-11-19", tz="Europe/Berlin")
        there = client.json("/v1/slices", from_="2026-11-17T23:00:00Z", to="2026-11-18T23:00:00Z")
    assert here["total"] == there["total"] and here["total"]["count"] > 0
