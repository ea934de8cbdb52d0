"""The oracle against a second, naive reading of the contract. Needs no server."""

from __future__ import annotations

from typing import Any

import pytest

import workload
from cases import AWKWARD, STANDARD, Case
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
