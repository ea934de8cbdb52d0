"""/v1/slices equals an independent computation over what was sent: for every case, however the spans came,
before merging, after it, and after a restart.

EVERYSPAN_TEST_SPANS=1000000 runs the same on a million spans; EVERYSPAN_TEST_SCENARIOS=otlp,ndjson picks some."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenarios
import workload
from answers import assert_same, ask
from cases import ALL, AWKWARD, STANDARD, Case
from laboratory import PHASES, SPANS, Laboratory
from oracle import Oracle
from scenarios import SCENARIOS, Scenario
from server import Server

CHOSEN = os.environ.get("EVERYSPAN_TEST_SCENARIOS", "")
FORM = "application/x-www-form-urlencoded"
CASES = {"standard": STANDARD, "awkward": [*AWKWARD, *STANDARD]}
CHOSEN_SCENARIOS = [s for s in SCENARIOS if not CHOSEN or s.name in CHOSEN.split(",")]


@pytest.fixture(scope="module")
def laboratory(executable: Path) -> Iterator[Laboratory]:
    built = Laboratory(executable)
    yield built
    built.close()


def everything() -> list[Any]:
    return [
        pytest.param(scenario, phase, case, id=f"{scenario} | {PHASES[phase]} | {case}")
        for scenario in CHOSEN_SCENARIOS for phase in range(len(PHASES)) for case in CASES[scenario.data]
    ]


@pytest.mark.parametrize(("scenario", "phase", "case"), everything())
def test_slices(laboratory: Laboratory, scenario: Scenario, phase: int, case: Case) -> None:
    laboratory.compare(scenario, phase, case)


@pytest.fixture(scope="module")
def loaded(laboratory: Laboratory) -> Server:
    return laboratory.at(CHOSEN_SCENARIOS[0], 1)


ROWS_SELECTED = [
    Case(("tenant", "model.revision")), Case(("document",)), Case(("tool", "finish_reason"), window=(ALL[0], ALL[1] - 1)),
    Case(("error.type",), unit="span"), Case(("operation", "tool"), unit="span"),
    next(case for case in STANDARD if case.where is not None and len(case.by) == 2),
]


@pytest.mark.parametrize("case", ROWS_SELECTED, ids=str)
def test_where_of_a_row_selects_exactly_the_row(loaded: Server, case: Case) -> None:
    with loaded.client() as client:
        for row in ask(client, case, 8)["rows"]:
            again = client.json("/v1/slices", where=row["where"], unit=case.unit, from_=case.window[0], to=case.window[1])
            assert (again["total"]["count"], again["total"]["failures"]) == (row["count"], row["failures"]), row["where"]


def test_default_limit_is_20_and_other_holds_the_rest(loaded: Server, laboratory: Laboratory) -> None:
    case = Case(("prompt.version",))
    with loaded.client() as client:
        got = client.json("/v1/slices", by="prompt.version", from_=ALL[0], to=ALL[1])
    assert len(got["rows"]) == 20
    assert_same(got, laboratory.expected(CHOSEN_SCENARIOS[0].data, case), case, 20)


def test_the_answer_repeats_the_question(loaded: Server) -> None:
    with loaded.client() as client:
        got = client.json("/v1/slices", by="tenant,locale", unit="span", where="failed", from_=ALL[0], to=ALL[1])
    assert (got["by"], got["unit"], got["failure"], got["where"]) == (["tenant", "locale"], "span", "status = error", "failed")
    assert set(got["coverage"]) >= {"from", "to", "oldest", "newest", "matched", "spans", "open_traces", "refused", "late",
                                    "dropped_upstream", "truncated_values"}


def test_rows_format_is_a_bare_array_with_the_slice_spread(loaded: Server) -> None:
    with loaded.client() as client:
        rows = ask(client, Case(("tenant", "locale")), 5)["rows"]
        bare = ask(client, Case(("tenant", "locale")), 5, format="rows")
    assert isinstance(bare, list)
    for got, row in zip(bare, rows, strict=True):
        assert (got["tenant"], got["locale"], got["count"]) == (row["slice"]["tenant"], row["slice"]["locale"], row["count"])


def test_a_form_body_and_a_json_body_ask_the_same(loaded: Server) -> None:
    form = b"by=tenant&where=tenant+%%3D+t-00000&from=%d&to=%d" % ALL
    typed_by_hand = b"by=tenant&where=tenant = t-00000&from=%d&to=%d" % ALL
    body = b'{"by":"tenant","where":"tenant = t-00000","from":"%d","to":"%d"}' % ALL
    with loaded.client() as client:
        want = client.json("/v1/slices", by="tenant", where="tenant = t-00000", from_=ALL[0], to=ALL[1])["rows"]
        assert want[0]["count"] > 0
        for sent, content_type in ((form, FORM), (typed_by_hand, FORM), (body, "application/json")):
            response = client.post("/v1/slices", sent, content_type)
            assert response.status == 200, response.body
            assert response.json()["rows"] == want


@pytest.mark.parametrize(("parameters_", "says"), [
    ({"wher": "failed"}, "where"),
    ({"by": "tenant", "unit": "traces"}, "trace"),
    ({"where": "tenant = "}, "position"),
    ({"where": "tenant ~ '('"}, "position"),
    ({"where": "nonsense(tenant)"}, "position"),
    ({"by": "prompt.verson"}, "prompt.version"),
    ({"order": "failuress"}, "failures"),
    ({"limit": "-1"}, "limit"),
    ({"from": "yesterdayish"}, "from"),
    ({"from": "-2h", "since": "1h"}, "since"),
    ({"step": "1m"}, "step"),
], ids=str)
def test_what_is_not_understood_is_400_and_named(loaded: Server, parameters_: dict[str, str], says: str) -> None:
    with loaded.client() as client:
        response = client.get("/v1/slices", **parameters_)
    assert response.status == 400, response.body
    error = response.json()["error"]
    assert error["code"] and error["message"]
    assert says in response.body.decode()


@pytest.mark.parametrize("target", ["/v1/slices?by=tenant&by=user", "/v1/slices?by=%zz", "/v1/slices?where=%ff"])
def test_repeated_parameters_and_bad_encoding_are_400(loaded: Server, target: str) -> None:
    with loaded.client() as client:
        assert client.get(target).status == 400


@pytest.mark.parametrize("form", ["seconds", "ms", "us", "rfc3339"])
def test_times_in_every_unit(loaded: Server, laboratory: Laboratory, form: str) -> None:
    """One range on whole seconds, written as api.md section 3 allows."""
    second = 1_795_000_000 - 12 * 3600
    window = (second * 10**9, (second + 7200) * 10**9)
    from_, to = {
        "seconds": (second, second + 7200), "ms": (second * 10**3, (second + 7200) * 10**3),
        "us": (second * 10**6, (second + 7200) * 10**6), "rfc3339": ("2026-11-17T23:06:40Z", "2026-11-18T02:06:40+01:00"),
    }[form]
    case = Case(("locale",), window=window)
    with loaded.client() as client:
        got = client.json("/v1/slices", by="locale", from_=from_, to=to, limit="all")
    assert_same(got, laboratory.expected(CHOSEN_SCENARIOS[0].data, case), case, "all")


def test_a_range_is_half_open_to_the_nanosecond(loaded: Server, laboratory: Laboratory) -> None:
    oracle = Oracle(workload.read(scenarios.source("standard", SPANS)))
    starts = sorted(oracle.trace_start.tolist())
    window = (starts[100], starts[200])
    expected = oracle.slices((), window=window).total.count
    assert expected == 100
    with loaded.client() as client:
        assert client.json("/v1/slices", from_=window[0], to=window[1])["total"]["count"] == 100
        assert client.json("/v1/slices", from_=window[0], to=window[1] + 1)["total"]["count"] == 101
        assert client.json("/v1/slices", from_=window[0] + 1, to=window[1])["total"]["count"] == 99


def test_one_trace_is_read_back_in_both_forms(loaded: Server) -> None:
    first = next(iter(workload.read(scenarios.source("standard", SPANS))))
    with loaded.client() as client:
        got = client.json(f"/v1/traces/{first['trace_id']}")
        by_prefix = client.json(f"/v1/traces/{first['trace_id'][:12]}")
        assert client.get("/v1/traces/" + "0" * 31 + "1").status == 404
    assert got["trace_id"] == by_prefix["trace_id"] == first["trace_id"]
    span = next(s for s in got["spans"] if s["span_id"] == first["span_id"])
    assert span["dimensions"]["tenant"] == first["tenant.id"]
    assert int(span["start_time_unix_nano"]) == first["start_time_unix_nano"]


def test_spans_newest_first_with_a_cursor(loaded: Server) -> None:
    """All pages together are the spans of the range, each once."""
    oracle = Oracle(workload.read(scenarios.source("standard", SPANS)))
    window = (int(sorted(oracle.start.tolist())[500]), int(sorted(oracle.start.tolist())[1500]))
    inside = (oracle.start >= window[0]) & (oracle.start < window[1])
    want = sorted(oracle.span_ids[i] for i in inside.nonzero()[0])
    seen: list[dict[str, Any]] = []
    cursor = None
    with loaded.client() as client:
        while True:
            page = client.json("/v1/spans", from_=window[0], to=window[1], limit=300, cursor=cursor)
            seen += page["rows"] if "rows" in page else page["spans"]
            cursor = page.get("cursor")
            if not cursor:
                break
    assert sorted(span["span_id"] for span in seen) == want
