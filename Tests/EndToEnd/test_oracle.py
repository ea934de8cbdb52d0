"""The oracle against a second, naive reading of the contract. Needs no server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workload
from cases import AWKWARD, STANDARD, Case
from fleet_cases import FLEET
from mixed import mixed
from naive import Naive, key
from oracle import Oracle, Row, wilson

SPANS = 2_000


@pytest.fixture(scope="module")
def standard() -> tuple[Oracle, Naive]:
    spans = list(workload.read(workload.ndjson(SPANS)))
    return Oracle(spans), Naive(spans)


@pytest.fixture(scope="module")
def awkward() -> tuple[Oracle, Naive]:
    spans = mixed(list(workload.read(workload.ndjson(SPANS))))
    return Oracle(spans), Naive(spans)


@pytest.fixture(scope="module")
def fleet() -> tuple[Oracle, Naive]:
    spans = list(workload.read(workload.fleet(SPANS)))
    return Oracle(spans), Naive(spans)


@pytest.mark.parametrize("case", FLEET, ids=str)
def test_fleet(fleet: tuple[Oracle, Naive], case: Case) -> None:
    agree(*fleet, case)


@pytest.mark.parametrize("case", STANDARD, ids=str)
def test_standard_workload(standard: tuple[Oracle, Naive], case: Case) -> None:
    agree(*standard, case)


@pytest.mark.parametrize("case", [*AWKWARD, *STANDARD], ids=str)
def test_awkward_spans(awkward: tuple[Oracle, Naive], case: Case) -> None:
    agree(*awkward, case)


def test_awkward_spans_are_awkward(awkward: tuple[Oracle, Naive]) -> None:
    """The set must hold what it is made for: otherwise agreement means nothing."""
    oracle = awkward[0]
    assert (oracle.root < 0).sum() > 3
    assert (oracle.model_call & ~oracle.is_call).sum() > 10
    assert any(row.key == ("t-middle",) for row in oracle.slices(("tenant",)).rows)
    tenants = oracle.trace_column("tenant")
    assert len(tenants.rows) > len(set(tenants.rows.tolist()))


@pytest.mark.parametrize(
    ("failures", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
def test_wilson_interval_as_published(failures: int, count: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3."""
    assert wilson(failures, count) == pytest.approx((low, high), abs=5e-5)


def test_cases_are_not_vacuous() -> None:
    """At the size that CI runs, every case but the three meant to be empty has units to count."""
    oracle = Oracle(workload.read(workload.ndjson(20_000)))
    empty = [str(c) for c in STANDARD if not oracle.slices((), c.where, c.unit, c.window, c.failure).total.count]
    assert len(STANDARD) >= 30
    assert empty == [
        "trace | - | - | -72h..-48h", "trace | - | tenant = nobody",
        "trace | locale | model = no-such-model or no.such.key = 1",
    ]


@pytest.fixture(scope="module")
def fleet_oracle() -> Oracle:
    return Oracle(workload.read(workload.fleet(20_000)))


def test_cases_of_the_fleet_are_not_vacuous(fleet_oracle: Oracle) -> None:
    """Each has units to count, and but for those of one value several groups; most have failures."""
    empty, alone, failing = [], [], 0
    for case in FLEET:
        answer = fleet_oracle.slices(case.by, case.where, case.unit, case.window, case.failure)
        if not answer.total.count:
            empty.append(str(case))
        if case.by and len(answer.rows) < 2:
            alone.append(str(case))
        failing += answer.total.failures > 0
    assert empty == ["trace | - | - | -72h..-48h"]
    assert alone == [], alone
    assert failing > 0.8 * len(FLEET)


def test_the_fleet_is_what_it_is_made_for(fleet_oracle: Oracle) -> None:
    """Each trait of the traffic is there in numbers, or agreement over it means nothing."""
    oracle = fleet_oracle
    sent = workload.planted_in(workload.fleet(20_000))["sent"]
    assert (sent["senders"], sent["distinct_spans"]) == (200, 20_000) == (sent["senders"], oracle.spans)
    assert 0.08 < sent["late"] / oracle.spans < 0.12
    assert 0.005 < sent["duplicates"] / oracle.spans < 0.015
    assert min(sent[name] for name in ("unfinished", "end_before_start", "far_future", "lost_roots", "retried_requests")) > 5
    assert (oracle.model_call & ~oracle.is_call).sum() > 100  # calls that the proxy reports once more
    services = oracle.span_column("service").moved(oracle.trace)
    assert (np.bincount(services.rows) > 1).sum() > 0.4 * oracle.traces
    rows_of_roots = set(oracle.root.tolist())
    for dimension in ("tenant", "session", "user", "locale", "variant"):
        own = oracle.sources.own(dimension)
        assert set(own.rows.tolist()) <= rows_of_roots
        assert len(oracle.span_column(dimension).rows) > 5 * len(own.rows)
    retrievals = oracle.span_column("operation.kind").mask(oracle.spans, lambda kind: kind == "retrieval")
    documents = oracle.span_column("document").mask(oracle.spans)
    assert (documents & ~retrievals).sum() == 0
    wrappers = oracle.span_column("tokens.input").mask(oracle.spans) & ~oracle.model_call
    assert wrappers.sum() > 500


def test_prompts_grow_with_their_conversation() -> None:
    """Within a trace each call repeats what came before, and sizes are as asked for."""
    sizes: dict[str, list[tuple[int, int]]] = {}
    for span in workload.read(workload.fleet(20_000)):
        if "ai.prompt.messages" in span:
            sizes.setdefault(span["trace_id"], []).append((span["start_time_unix_nano"], len(span["ai.prompt.messages"])))
    several = [[size for _, size in sorted(calls)] for calls in sizes.values() if len(calls) > 1]
    assert len(several) > 100
    assert sum(calls == sorted(calls) for calls in several) > 0.95 * len(several)
    every = sorted(size for calls in sizes.values() for _, size in calls)
    assert 150 < every[len(every) // 20] < every[len(every) // 2] < every[-len(every) // 20] < 4_000


def agree(oracle: Oracle, naive: Naive, case: Case) -> None:
    answer = oracle.slices(case.by, case.where, case.unit, case.window, case.failure)
    expected = naive.slices(case.by, case.where, case.unit, case.window, case.failure)
    total = expected.pop("total", None)
    if total is not None:
        same(answer.total, total)
    else:
        assert answer.total.count == 0
    if not case.by:
        return
    assert {tuple(key(v) for v in row.key) for row in answer.rows} == set(expected)
    for row in answer.rows:
        same(row, expected[tuple(key(v) for v in row.key)])


def same(row: Row, expected: dict[str, Any]) -> None:
    got = {
        "count": row.count, "failures": row.failures, "avg_ms": row.avg_ms, "max_ms": row.max_ms,
        **{f"p{q}_ms": row.percentiles[q] for q in (50, 95, 99)},
        "tokens_in": row.tokens_in, "tokens_out": row.tokens_out, "cost": row.cost,
    }
    for figure, value in expected.items():
        value = int(value) if figure.startswith("tokens") else value
        assert got[figure] == pytest.approx(value, rel=1e-9, abs=1e-9), (row.key, figure)
