"""/v1/slices over a fleet's traffic equals an independent reading of what was sent: two hundred connections, five
dialects, late spans, copies and wrong clocks; before merging, after it, and after a restart.

EVERYSPAN_TEST_SPANS=1000000 runs the same on a million spans."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import readback
import scenarios
import workload
from answers import ask
from cases import Case
from fleet_cases import BROKEN_DOCUMENT, BROKEN_PROMPT, EVER, FLEET, SINCE_BROKEN
from laboratory import PHASES, SPANS, Laboratory
from scenarios import FleetAsNative, FleetScenario
from server import Server

NATIVE, SENT = FleetAsNative(), FleetScenario()
LAST = len(PHASES) - 1  # where the cases leave a server, so that what follows need not load another
# Native spans have no resource to ask for.
CASES = {"fleet": FLEET, "fleet-flat": [c for c in FLEET if not any(name.startswith(("resource.", "span.")) for name in c.by)]}
ENOUGH = 20_000  # spans, for each planted fault to have met some conversations
needs_faults = pytest.mark.skipif(SPANS < ENOUGH, reason=f"faults of 3 % of the traffic show in {ENOUGH} spans or more")
PRINTED = {"start_time", "duration_ms", "marks", "dimensions"}  # what reading back adds


@pytest.fixture(scope="module")
def laboratory(executable: Path) -> Iterator[Laboratory]:
    built = Laboratory(executable)
    yield built
    built.close()


@pytest.fixture(scope="module")
def sent() -> dict[str, int]:
    return workload.planted_in(scenarios.source("fleet", SPANS))["sent"]


def everything() -> list[Any]:
    return [
        pytest.param(scenario, phase, case, id=f"{scenario} | {PHASES[phase]} | {case}")
        for scenario in (NATIVE, SENT) for phase in range(len(PHASES)) for case in CASES[scenario.data]
    ]


@pytest.mark.parametrize(("scenario", "phase", "case"), everything())
def test_slices_of_a_fleet(laboratory: Laboratory, scenario: FleetScenario, phase: int, case: Case) -> None:
    laboratory.compare(scenario, phase, case)


@pytest.mark.parametrize("phase", range(len(PHASES)), ids=PHASES)
def test_every_span_is_held_once_and_what_was_odd_is_counted(laboratory: Laboratory, sent: dict[str, int], phase: int) -> None:
    with laboratory.at(SENT, phase).client() as client:
        status = client.json("/v1/status")
    assert (status["spans"], status["traces"]) == (sent["distinct_spans"], sent["traces"])
    assert sum(partition["spans"] for partition in status["partitions"]) == sent["distinct_spans"]
    names = {"span.duplicate": "duplicates", "span.unfinished": "unfinished", "span.end_before_start": "end_before_start",
             "span.far_future": "far_future"}
    assert {reason: status["ledger"].get(reason) for reason in names} == {reason: sent[name] for reason, name in names.items()}
    assert set(status["ledger"]) <= {*names, "span.late"}


def test_coverage_counts_spans_and_open_traces(laboratory: Laboratory, sent: dict[str, int]) -> None:
    with laboratory.at(SENT, LAST).client() as client:
        coverage = ask(client, Case(window=EVER), 1)["coverage"]
    assert (coverage["matched"], coverage["spans"]) == (sent["traces"], sent["distinct_spans"])
    assert coverage["open_traces"] == (laboratory.oracle("fleet").root < 0).sum() >= sent["lost_roots"] > 0


@needs_faults
@pytest.mark.parametrize(("by", "value", "window"), [
    ("prompt.version", BROKEN_PROMPT, SINCE_BROKEN), ("document", BROKEN_DOCUMENT, EVER)])
def test_the_planted_faults_are_there_to_find(laboratory: Laboratory, by: str, value: str, window: tuple[int, int]) -> None:
    server = laboratory.at(SENT, LAST)
    with server.client() as client:
        got = ask(client, Case((by,), window=window, order="failure_rate"), 5)
    worst = [row["slice"][by] for row in got["rows"]]
    assert value in worst
    row = got["rows"][worst.index(value)]
    assert row["failure_rate"] > 10 * (got["total"]["failures"] - row["failures"]) / (got["total"]["count"] - row["count"])


@needs_faults
def test_a_prompt_breaks_at_its_moment(laboratory: Laboratory) -> None:
    before = (SINCE_BROKEN[0] - (SINCE_BROKEN[1] - SINCE_BROKEN[0]), SINCE_BROKEN[0])
    rates = []
    with laboratory.at(SENT, LAST).client() as client:
        for window in (before, SINCE_BROKEN):
            rows = ask(client, Case(("prompt.version",), window=window), "all")["rows"]
            rates.append(next(row["failure_rate"] for row in rows if row["slice"]["prompt.version"] == BROKEN_PROMPT))
    assert rates[0] < 0.15 < 0.4 < rates[1]


def test_where_of_a_row_selects_exactly_the_row(laboratory: Laboratory) -> None:
    server: Server = laboratory.at(SENT, LAST)
    with server.client() as client:
        for case in (Case(("tenant", "prompt.version")), Case(("release", "model.revision"), unit="span"), Case(("session", "stream"))):
            for row in ask(client, case, 8)["rows"]:
                again = client.json("/v1/slices", where=row["where"], unit=case.unit, from_=case.window[0], to=case.window[1])
                assert (again["total"]["count"], again["total"]["failures"]) == (row["count"], row["failures"]), row["where"]


@pytest.mark.parametrize("scenario", [SENT, NATIVE], ids=str)
def test_spans_read_back_as_the_generator_says(laboratory: Laboratory, scenario: FleetScenario) -> None:
    """Every attribute, event, resource and time of the spans of some traces, whichever copy came when."""
    chosen: dict[str, dict[str, Any]] = {}
    rng = random.Random(1)
    for line in workload.read(scenarios.source(scenario.data, SPANS)):
        if line["trace_id"] in chosen or rng.random() < 200 / SPANS:
            chosen.setdefault(line["trace_id"], {})[line["span_id"]] = line
    with laboratory.at(scenario, LAST).client() as client:
        for trace_id, lines in chosen.items():
            got = {span["span_id"]: span for span in readback.trace(client, trace_id)["spans"]}
            for span_id, line in lines.items():
                assert comparable(got[span_id]) == comparable(line), (trace_id, span_id)


def comparable(span: dict[str, Any]) -> dict[str, Any]:
    """Without what is printed in addition, and with what can be written in several ways in one of them."""
    kept = {key: value for key, value in span.items() if key not in PRINTED}
    for name in ("start_time_unix_nano", "end_time_unix_nano"):
        kept[name] = int(kept[name])
    kept["parent_span_id"] = kept.get("parent_span_id") or ""
    kept["status"] = kept.get("status", "unset").lower()
    kept["events"] = [event | {"time_unix_nano": int(event["time_unix_nano"])} for event in kept.get("events", [])]
    return kept
