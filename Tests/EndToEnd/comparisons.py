"""What /v1/compare says, checked against an independent count over the raw spans and SciPy's p-values.

A finding names its slice; how many units of each cohort are in it is counted anew from the NDJSON (`oracle.py`), its excess and rates
follow from these counts by the formulas of docs/API.md, and its p-value is SciPy's. In spans a p-value is the greater of two: of spans,
and of the traces that they are of."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
from scipy.stats import hypergeom

from client import Client
from expressions import And, Compare, Expression, IsNull, Milliseconds, OneSpan, Quoted
from oracle import Oracle

TRACE_NUMBERS = {"duration"}


def condition(name: str, value: Any, unit: str) -> Expression:
    """One dimension of a slice, as the finding says it."""
    if value is None:
        return IsNull(name)
    if isinstance(value, dict):
        literal = Milliseconds if name == "duration" else float
        bounds = [Compare(name, operator, literal(value[key])) for key, operator in (("gte", ">="), ("lt", "<")) if key in value]
        both: Expression = bounds[0] if len(bounds) == 1 else And(*bounds)
        return OneSpan(both) if unit == "trace" and len(bounds) == 2 and name not in TRACE_NUMBERS else both
    return Compare(name, "=", Quoted(value) if isinstance(value, str) else value)


class Comparison:
    """The two cohorts of a question, by unit."""

    def __init__(self, oracle: Oracle, unit: str, failure: Expression, window: tuple[int, int], where: Expression | None = None) -> None:
        self.oracle, self.unit, self.failure = oracle, unit, failure
        self.starts = oracle.trace_start if unit == "trace" else oracle.start
        self.matched = (self.starts >= window[0]) & (self.starts < window[1])
        if where is not None:
            self.matched &= oracle.evaluate(where, unit, failure)
        self.target = self.matched & oracle.evaluate(failure, unit, failure)

    def members(self, slice_: dict[str, Any]) -> np.ndarray:
        members = self.matched.copy()
        for name, value in slice_.items():
            members &= self.oracle.evaluate(condition(name, value, self.unit), self.unit, self.failure)
        return members

    def p_log10(self, members: np.ndarray, among: np.ndarray | None = None) -> float:
        """Of a slice's units, among all or some."""
        matched = self.matched if among is None else self.matched & among
        target = self.target & matched
        own = p_log10(*table(members & matched, matched, target))
        if self.unit == "trace":
            return own
        traces = [len(np.unique(self.oracle.trace[rows])) for rows in (members & matched, matched, members & target, target)]
        return max(own, p_log10(traces[2], traces[0], traces[3], traces[1]))

    def check(self, finding: dict[str, Any]) -> None:
        members = self.members(finding["slice"])
        a, n, t, total = table(members, self.matched, self.target)
        assert (finding["target"], finding["baseline"]) == (a, n - a), finding["where"]
        rest = None if total == n else (t - a) / (total - n)
        close(finding["target_rate"], a / n)
        close(finding["rest_rate"], rest)
        close(finding["excess"], a - n * (rest or 0))
        close(finding["explained_share"], (a - n * (rest or 0)) / t)
        close(finding["risk_ratio"], None if not rest else a / n / rest)
        p = self.p_log10(members)
        assert abs(finding["p_log10"] - p) <= 1e-6 * max(1, abs(p)), (finding["where"], p)
        starts = self.starts[members & self.target]
        assert [nanoseconds(finding[name]) for name in ("first_seen", "last_seen")] == [starts.min(), starts.max()]


def table(members: np.ndarray, matched: np.ndarray, target: np.ndarray) -> tuple[int, int, int, int]:
    return int((members & target).sum()), int(members.sum()), int(target.sum()), int(matched.sum())


def p_log10(a: int, n: int, t: int, total: int) -> float:
    return float(hypergeom.logsf(a - 1, total, t, n)) / math.log(10) if a else 0.0


def nanoseconds(text: str) -> int:
    seconds = datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(text[20:29])


def close(got: float | None, expected: float | None) -> None:
    assert (got is None) == (expected is None), (got, expected)
    if got is not None and expected is not None:
        assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-9), (got, expected)


def check_where(client: Client, finding: dict[str, Any], unit: str, failure: str, **window: object) -> None:
    """A finding's `where`, asked of /v1/slices, returns its counts."""
    total = client.json("/v1/slices", where=finding["where"], unit=unit, failure=failure, calc="count,failures", **window)["total"]
    assert (total["count"], total["failures"]) == (finding["target"] + finding["baseline"], finding["target"]), finding["where"]


def survives(p: float, answer: dict[str, Any]) -> bool:
    """Whether a p-value is a finding's whatever the size of its family: all hypotheses together are more."""
    hypotheses = answer["hypotheses_tested"]
    return p <= math.log10(0.05) - math.log10(3 * hypotheses * (math.log(hypotheses) + 0.6))
