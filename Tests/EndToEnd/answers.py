"""What differs between a /v1/slices answer and the oracle's."""

from __future__ import annotations

from typing import Any

import pytest

import oracle as o
from cases import Case
from client import Client
from columns import typed
from oracle import Answer, Row

EXACT_PERCENTILES = 1_000
SHOWN = 12
FIGURES = (
    "count", "failures", "failure_rate", "failure_rate_low", "failure_rate_high", "avg_ms", "max_ms",
    "p50_ms", "p95_ms", "p99_ms", "tokens_in", "tokens_out", "cost",
)
COUNTS = ("count", "failures")
INTEGERS = {"count", "failures", "tokens_in", "tokens_out"}


def parameters(case: Case, limit: int | str) -> dict[str, Any]:
    return {
        "by": ",".join(case.by) or None, "where": case.where_text, "unit": case.unit, "from": case.window[0], "to": case.window[1],
        "failure": None if str(case.failure) == "status = error" else str(case.failure),
        "order": None if case.order == "failures" else case.order, "limit": limit,
    }


def ask(client: Client, case: Case, limit: int | str, **more: object) -> Any:
    return client.json("/v1/slices", **(parameters(case, limit) | more))


def key_of(row: dict[str, Any], case: Case) -> tuple[Any, ...]:
    values = list(row["slice"].values())
    assert len(values) == len(case.by), f"slice {row['slice']} for by={case.by}"
    # The contract does not say how a kind is spelled in answers, only that its case does not matter.
    return tuple(typed(v.upper() if d == "kind" and v else v) for d, v in zip(case.by, values))


def expected_figures(row: Row) -> dict[str, Any]:
    low, high = row.wilson
    return {
        "count": row.count, "failures": row.failures, "failure_rate": row.failure_rate, "failure_rate_low": low,
        "failure_rate_high": high, "avg_ms": row.avg_ms, "max_ms": row.max_ms,
        **{f"p{q}_ms": row.percentiles[q] for q in (50, 95, 99)},
        "tokens_in": row.tokens_in, "tokens_out": row.tokens_out, "cost": row.cost,
    }


def same_figure(figure: str, got: Any, want: Any, count: int) -> bool:
    if want is None or got is None:
        return got is want
    if figure in INTEGERS:
        return type(got) is int and got == want
    sketched = figure in ("p50_ms", "p95_ms", "p99_ms") and count > EXACT_PERCENTILES
    return got == pytest.approx(want, rel=0.01 if sketched else 1e-9, abs=1e-9)


def figure_differences(label: str, got: dict[str, Any], want: Row, figures: tuple[str, ...] = FIGURES) -> list[str]:
    expected = expected_figures(want)
    return [
        f"{label}: {figure} is {got.get(figure, 'missing')}, expected {expected[figure]}"
        for figure in figures if figure not in got or not same_figure(figure, got[figure], expected[figure], want.count)
    ]


def share_differences(label: str, got: dict[str, Any], want: Row, total: Row) -> list[str]:
    shares = {"share": (want.count, total.count), "share_of_failures": (want.failures, total.failures)}
    result = []
    for figure, (part, whole) in shares.items():
        expected = part / whole if whole else None
        if figure not in got or not same_figure(figure, got[figure], expected, want.count):
            result.append(f"{label}: {figure} is {got.get(figure, 'missing')}, expected {expected}")
    return result


def trace_differences(label: str, got: dict[str, Any], want: Row, unit: str) -> list[str]:
    """Failing first, newest first. When spans are counted several may be of one trace, so only the first is certain."""
    ids = got.get("traces", [])
    certain = want.traces if unit == "trace" else want.traces[:1]
    right = ids == certain if unit == "trace" else ids[:1] == certain and len(set(ids)) == len(ids) <= 3
    return [] if right else [f"{label}: traces are {ids}, expected {certain}"]


def rows_in_order(got: list[dict[str, Any]], answer: Answer, case: Case) -> list[str]:
    """The figure sorted by descends as expected; where the order is by whole numbers each row is in its place."""
    want = o.ordered(answer.rows, case.order)[: len(got)]
    figure = o.ORDERS[case.order.removeprefix("-")]
    by_key = {tuple(typed(v) for v in row.key): row for row in answer.rows}
    result = []
    for place, (row, expected) in enumerate(zip(got, want)):
        found = by_key.get(key_of(row, case))
        if found is None:
            continue  # reported as an unknown row
        exact = case.order.removeprefix("-") in ("failures", "count", "tokens_in")
        if exact and found is not expected and not mixed_types(answer, case):
            result.append(f"place {place} has {found.key}, expected {expected.key}")
        elif figure(found) != pytest.approx(figure(expected), rel=0.02, abs=1e-9):
            result.append(f"place {place} has {figure(found)} for {found.key}, expected {figure(expected)}")
    return result


def mixed_types(answer: Answer, case: Case) -> bool:
    """The contract does not say how values of different types sort among each other."""
    return any(len({type(row.key[i]) for row in answer.rows if row.key[i] is not None}) > 1 for i in range(len(case.by)))


def other_differences(got: dict[str, Any], answer: Answer, case: Case) -> list[str]:
    shown = {key_of(row, case) for row in got["rows"]}
    cut = [row for row in answer.rows if tuple(typed(v) for v in row.key) not in shown]
    other = got.get("other") or {}
    expected = {
        "count": sum(r.count for r in cut), "failures": sum(r.failures for r in cut), "tokens_in": sum(r.tokens_in for r in cut),
        "tokens_out": sum(r.tokens_out for r in cut), "cost": sum(r.cost for r in cut),
    }
    if not cut and not other:
        return []
    return [
        f"other: {figure} is {other.get(figure, 'missing')}, expected {value}"
        for figure, value in expected.items() if figure not in other or not same_figure(figure, other[figure], value, 0)
    ]


def differences(got: dict[str, Any], answer: Answer, case: Case, limit: int | str) -> list[str]:
    result = figure_differences("total", got["total"], answer.total)
    if got["coverage"]["matched"] != answer.total.count:
        result.append(f"coverage.matched is {got['coverage']['matched']}, expected {answer.total.count}")
    if not case.by:
        return result + figure_differences("the row", got["rows"][0], answer.total)
    for figure, want in (("groups", len(answer.rows)), ("failing_groups", answer.failing_groups)):
        if got.get(figure) != want:
            result.append(f"{figure} is {got.get(figure)}, expected {want}")
    expected_rows = len(answer.rows) if limit == "all" else min(int(limit), len(answer.rows))
    if len(got["rows"]) != expected_rows:
        result.append(f"{len(got['rows'])} rows, expected {expected_rows}")
    by_key = {tuple(typed(v) for v in row.key): row for row in answer.rows}
    for row in got["rows"]:
        want_row = by_key.get(key_of(row, case))
        if want_row is None:
            result.append(f"no such group: {row['slice']}")
            continue
        label = str(row["slice"])
        result += figure_differences(label, row, want_row) + share_differences(label, row, want_row, answer.total)
        result += trace_differences(label, row, want_row, case.unit)
    return result + rows_in_order(got["rows"], answer, case) + other_differences(got, answer, case)


def assert_same(got: dict[str, Any], answer: Answer, case: Case, limit: int | str) -> None:
    fail_with(differences(got, answer, case, limit))


def assert_same_counts(got: dict[str, Any], answer: Answer, case: Case, limit: int | str) -> None:
    """Of an answer with count and failures alone."""
    found = figure_differences("total", got["total"], answer.total, COUNTS)
    for name, want in (("matched", answer.total.count), ("groups", len(answer.rows)), ("failing_groups", answer.failing_groups)):
        has = got["coverage"][name] if name == "matched" else got.get(name)
        if has != want and (case.by or name == "matched"):
            found.append(f"{name} is {has}, expected {want}")
    by_key = {tuple(typed(v) for v in row.key): row for row in answer.rows}
    if limit == "all" and case.by and len(got["rows"]) != len(by_key):
        found.append(f"{len(got['rows'])} rows, expected {len(by_key)}")
    for row in got["rows"]:
        want_row = by_key.get(key_of(row, case)) if case.by else answer.total
        if want_row is None:
            found.append(f"no such group: {row['slice']}")
            continue
        found += figure_differences(str(row["slice"]), row, want_row, COUNTS)
        if case.by:
            found += trace_differences(str(row["slice"]), row, want_row, case.unit)
    fail_with(found)


def fail_with(found: list[str]) -> None:
    if found:
        more = f"\n… and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        pytest.fail("\n".join(found[:SHOWN]) + more, pytrace=False)
