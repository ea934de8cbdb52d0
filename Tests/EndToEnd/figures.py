"""What `calc`, `having`, `vs` and /v1/series mean, computed from the oracle's columns one value at a time.

Slower than the oracle on purpose: lists of Python numbers, sorted and summed with fractions, so that nothing is
shared with how the server sums."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

import expressions as ex
from oracle import DERIVED, NUMBERS_OF_TRACES, TRACE_PROPERTIES, Oracle, typed, value_rank

OF_CALLS = {"tokens.input", "tokens.output", "tokens.cached", "tokens.reasoning", "cost"}
ERROR = ex.Compare("status", "=", "error")


@dataclass
class Group:
    key: tuple[Any, ...]
    units: list[int] = field(default_factory=list)
    failures: int = 0

    @property
    def count(self) -> int:
        return len(self.units)


@functools.cache
def spans_of(oracle: Oracle) -> dict[int, list[int]]:
    """The rows of each trace."""
    found: dict[int, list[int]] = {}
    for row, trace in enumerate(oracle.trace.tolist()):
        found.setdefault(trace, []).append(row)
    return found


@functools.cache
def values_of(oracle: Oracle, dimension: str, unit: str) -> dict[int, list[Any]]:
    """The values of each trace or span that has any."""
    column = oracle.column(dimension, unit)
    found: dict[int, list[Any]] = {}
    for row, code in zip(column.rows.tolist(), column.codes.tolist()):
        found.setdefault(row, []).append(column.values[code])
    return found


def exact_sum(numbers: Iterable[Any]) -> Fraction:
    """Numerators are summed for each denominator: adding fractions one by one takes most of a test's time."""
    numerators: Counter[int] = Counter()
    for number in numbers:
        numerator, denominator = number.as_integer_ratio()
        numerators[denominator] += numerator
    return sum((Fraction(numerator, denominator) for denominator, numerator in numerators.items()), Fraction(0))


class Figures:
    """One window's groups and their figures."""

    def __init__(
        self, oracle: Oracle, by: tuple[str, ...] = (), where: ex.Expression | None = None, unit: str = "trace",
        window: tuple[int, int] | None = None, failure: ex.Expression = ERROR,
    ) -> None:
        self.oracle, self.by, self.unit = oracle, by, unit
        self._sorted: dict[tuple[str, int], list[Any]] = {}
        self._kept: list[Group] = []  # so that no other group gets the identity of one that is known
        self.time = oracle.trace_start if unit == "trace" else oracle.start
        keep = np.ones(len(self.time), bool)
        if window is not None:
            keep &= (self.time >= window[0]) & (self.time < window[1])
        if where is not None:
            keep &= oracle.evaluate(where, unit, failure)
        self.units = np.flatnonzero(keep)
        self.failing = oracle.evaluate(failure, unit, failure)
        self.spans_of = spans_of(oracle)
        self.values_of = {name: values_of(oracle, name, unit) for name in by}
        self.groups = self._groups()
        self.call_values = {
            name: values_of(oracle, name, "span") for name in by
            if name not in TRACE_PROPERTIES | DERIVED and not name.startswith("root.")}
        self.total = Group((), self.units.tolist(), int(self.failing[self.units].sum()))

    def _groups(self) -> dict[tuple[Any, ...], Group]:
        groups: dict[tuple[Any, ...], Group] = {}
        for unit in self.units.tolist():
            keys: list[tuple[Any, ...]] = [()]
            for name in self.by:
                keys = [(*key, value) for key in keys for value in self.values_of[name].get(unit, [None])]
            for key in keys:
                group = groups.setdefault(tuple(typed(v) if v is not None else None for v in key), Group(key))
                group.units.append(unit)
                group.failures += bool(self.failing[unit])
        if not self.by and not groups:
            groups[()] = Group(())
        return groups

    # MARK: numbers

    def numbers(self, dimension: str, group: Group) -> Iterable[Any]:
        """Each number that counts for a group's figures of a dimension."""
        oracle = self.oracle
        if dimension == "duration":
            durations = oracle.trace_duration if self.unit == "trace" else oracle.span_duration
            return [Fraction(int(durations[u]), 1_000_000) for u in group.units]
        if dimension == "start_time":
            return [int(self.time[u]) for u in group.units]
        if self.unit == "trace" and (dimension in NUMBERS_OF_TRACES or dimension.startswith("root.")):
            values = values_of(oracle, dimension, "trace")
            return [v for u in group.units for v in values.get(u, []) if ex.is_number(v)]
        values = values_of(oracle, dimension, "span")
        return [v for row in self.rows(dimension, group) for v in values.get(row, []) if ex.is_number(v)]

    def sorted_numbers(self, dimension: str, group: Group) -> list[Any]:
        key = (dimension, id(group))
        if key not in self._sorted:
            self._kept.append(group)
            self._sorted[key] = sorted(self.numbers(dimension, group))
        return self._sorted[key]

    def rows(self, dimension: str, group: Group) -> list[int]:
        if dimension not in OF_CALLS:
            return group.units if self.unit == "span" else [r for u in group.units for r in self.spans_of[u]]
        if self.unit == "span":
            return [u for u in group.units if self.oracle.is_call[u]]
        return [row for u in group.units for row in self.calls(u, group.key)]

    def calls(self, trace: int, key: tuple[Any, ...]) -> list[int]:
        """The model calls of a trace that carry a row's values, where any of the trace's calls has some."""
        calls = [row for row in self.spans_of[trace] if self.oracle.is_call[row]]
        for name, value in zip(self.by, key):
            carried = self.call_values.get(name)
            if carried is None or value is None or not any(row in carried for row in calls):
                continue
            calls = [r for r in calls if typed(value) in [typed(v) for v in carried.get(r, [])]]
        return calls

    # MARK: figures

    def value(self, figure: str, group: Group, before: Group | None = None) -> Any:
        if figure == "count":
            return group.count
        if figure == "failures":
            return group.failures
        if figure == "failure_rate":
            return group.failures / group.count if group.count else None
        if figure == "share":
            return group.count / self.total.count if self.total.count else None
        name, dimension = re.fullmatch(r"([a-z0-9.]+)\((.*)\)", figure).groups()  # type: ignore[union-attr]
        if name == "distinct":
            values = values_of(self.oracle, dimension, self.unit)
            return len({typed(v) for u in group.units for v in values.get(u, [])})
        numbers = self.sorted_numbers(dimension, group)
        if name == "sum":
            return exact_sum(numbers)
        if not numbers:
            return [] if name == "histogram" else None
        if name == "avg":
            return exact_sum(numbers) / len(numbers)
        if name == "histogram":
            return numbers
        if name in ("min", "max"):
            return numbers[0 if name == "min" else -1]
        return numbers[max(1, math.ceil(Fraction(name[1:]) * len(numbers) / 100)) - 1]

    def is_sketched(self, figure: str, group: Group) -> bool:
        """Percentiles of more than a thousand numbers are within 1 %."""
        percentile = re.fullmatch(r"p[0-9.]+\((.*)\)", figure)
        return percentile is not None and len(self.sorted_numbers(percentile[1], group)) > 1_000

    def ordered(self, figure: str, ascending: bool = False) -> list[Group]:
        def rank(group: Group) -> tuple[Any, ...]:
            value = self.value(figure, group)
            known = (1, 0) if value is None else (0, value if ascending else -value)
            return (*known, -group.count, tuple(value_rank(v) for v in group.key))
        return sorted(self.groups.values(), key=rank)
