"""What api.md sections 2 and 3 mean for /v1/slices, computed by brute force over flat spans with numpy.

Independent of the server on purpose: it reads the NDJSON that was sent, knows no segments and no wire,
and its own mistakes are hunted by `naive.py`, a second and slower reading of the same contract.

What a dimension is read from is in `dimensions.py` and `sources.py`. Everything below is arithmetic on columns."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import expressions as ex
from columns import EMPTY, Column, ColumnBuilder, joined, typed
from dimensions import INHERITED, MODEL_CALLS, SOURCES
from sources import Attributes, Sources

# Bare names that speak of the trace itself when traces are counted.
TRACE_PROPERTIES = {"status", "duration", "name", "start_time"}
DERIVED = {"tool.sequence", "tool.pair", "tool.count", "trace.spans", "llm.calls"}
NUMBERS_OF_TRACES = {"tool.count", "trace.spans", "llm.calls"}
MAX_TOOL_STEPS = 64
Z95 = 1.959963984540054


@dataclass
class Row:
    key: tuple[Any, ...]
    count: int
    failures: int
    avg_ms: float | None
    percentiles: dict[int, float | None]
    max_ms: float | None
    tokens_in: int
    tokens_out: int
    cost: float
    traces: list[str] = field(default_factory=list)

    @property
    def failure_rate(self) -> float | None:
        return self.failures / self.count if self.count else None

    @property
    def wilson(self) -> tuple[float | None, float | None]:
        return wilson(self.failures, self.count)


@dataclass
class Answer:
    rows: list[Row]
    total: Row

    @property
    def failing_groups(self) -> int:
        return sum(row.failures > 0 for row in self.rows)


def wilson(failures: int, count: int) -> tuple[float | None, float | None]:
    if count == 0:
        return None, None
    p, z2 = failures / count, Z95 * Z95
    centre = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = Z95 * math.sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return max(0.0, centre - half), min(1.0, centre + half)


class Oracle:
    def __init__(self, spans: Iterable[dict[str, Any]]) -> None:
        self.attributes = Attributes()
        trace_index: dict[str, int] = {}
        row_of: dict[tuple[int, str], int] = {}
        trace, parent_ids, self.span_ids = array("i"), [], []
        start, end = array("q"), array("q")
        intrinsic = {name: ColumnBuilder() for name in ("name", "kind", "status", "status_message")}
        for row, span in enumerate(spans):
            t = trace_index.setdefault(span["trace_id"], len(trace_index))
            trace.append(t)
            row_of[t, span["span_id"]] = row
            self.span_ids.append(span["span_id"])
            parent_ids.append(span.get("parent_span_id") or None)
            start.append(span["start_time_unix_nano"])
            end.append(max(span["start_time_unix_nano"], span["end_time_unix_nano"]))
            intrinsic["name"].add(row, span["name"])
            intrinsic["kind"].add(row, span.get("kind", "INTERNAL").upper())
            intrinsic["status"].add(row, span.get("status", "UNSET").lower())
            intrinsic["status_message"].add(row, span.get("status_message") or None)
            self.attributes.add(row, span)
        self.attributes.finish()
        self.spans, self.traces = len(self.span_ids), len(trace_index)
        self.trace_ids = list(trace_index)
        self.trace = np.frombuffer(trace, np.int32).astype(np.int64)
        self.start, self.end = np.frombuffer(start, np.int64).copy(), np.frombuffer(end, np.int64).copy()
        self.parent = np.fromiter(
            (-1 if p is None else row_of.get((t, p), -1) for t, p in zip(trace, parent_ids)), np.int64, self.spans)
        self.intrinsic = {name: builder.column() for name, builder in intrinsic.items()}
        self.sources = Sources(self.attributes, self.intrinsic, self.spans)
        self._span_columns: dict[str, Column] = {}
        self._trace_columns: dict[str, Column] = {}
        self._find_roots(np.fromiter((p is None for p in parent_ids), bool, self.spans))
        self._time_units()
        self._find_model_calls()

    # MARK: structure

    def _find_roots(self, is_root: np.ndarray) -> None:
        """The earliest span without a parent is a trace's root; −1 where it has not come."""
        self.root = np.full(self.traces, -1, np.int64)
        rows = np.flatnonzero(is_root)
        rows = rows[np.argsort(self.start[rows], kind="stable")][::-1]
        self.root[self.trace[rows]] = rows

    def _time_units(self) -> None:
        first = np.full(self.traces, np.iinfo(np.int64).max)
        last = np.full(self.traces, np.iinfo(np.int64).min)
        np.minimum.at(first, self.trace, self.start)
        np.maximum.at(last, self.trace, self.end)
        rooted = self.root >= 0
        root = np.where(rooted, self.root, 0)
        self.span_duration = self.end - self.start
        self.trace_start = np.where(rooted, self.start[root], first)
        self.trace_duration = np.where(rooted, self.span_duration[root], last - first)

    def _find_model_calls(self) -> None:
        """Model calls below which no other call with usage lies: wrappers repeat what their children used."""
        kind = self.span_column("operation.kind")
        call = kind.mask(self.spans, lambda v: v in MODEL_CALLS)
        used = self.span_column("tokens.input").mask(self.spans) | self.span_column("tokens.output").mask(self.spans)
        wraps = np.zeros(self.spans, bool)
        above = self.parent[call & used]
        for _ in range(256):
            above = np.unique(above[above >= 0])
            above = above[~wraps[above]]
            if not len(above):
                break
            wraps[above] = True
            above = self.parent[above]
        self.is_call = call & ~wraps
        self.model_call = call

    # MARK: columns

    def span_column(self, name: str) -> Column:
        if name not in self._span_columns:
            self._span_columns[name] = self._resolve(name)
        return self._span_columns[name]

    def _resolve(self, name: str) -> Column:
        for place in self.attributes.places:
            if name.startswith(f"{place}."):
                return self.attributes.at(place, name.removeprefix(f"{place}."))
        if attribute := re.fullmatch(r'attr\("(.*)"\)', name):
            return self.attributes.anywhere(attribute[1], self.spans)
        if name in NUMBERS_OF_TRACES:
            return self._of_trace(self._derived(name))
        if name.startswith("root."):
            return self._of_trace(self.trace_column(name))
        if name == "tool.pair":
            return self.span_column("tool.sequence").spread(tool_pairs)
        if name in self.intrinsic:
            return self.intrinsic[name]
        if name == "duration":
            return self._numbers(self.span_duration / 1e6)
        if name in SOURCES or name == "operation.kind":
            own = self.sources.own(name)
            return self._inherit(own) if name in INHERITED else own
        return self.attributes.anywhere(name, self.spans)

    def _of_trace(self, column: Column) -> Column:
        """What a trace has, on each of its spans."""
        order = np.argsort(self.trace, kind="stable")
        first = np.searchsorted(self.trace[order], column.rows, "left")
        amount = np.searchsorted(self.trace[order], column.rows, "right") - first
        within = np.arange(amount.sum()) - np.repeat(np.cumsum(amount) - amount, amount)
        rows, codes = order[np.repeat(first, amount) + within], np.repeat(column.codes, amount)
        sort = np.argsort(rows, kind="stable")
        return Column(rows[sort], codes[sort], column.values)

    def _numbers(self, numbers: np.ndarray) -> Column:
        values, codes = np.unique(numbers, return_inverse=True)
        return Column(np.arange(len(numbers)), codes.astype(np.int32), values.tolist())

    def _inherit(self, own: Column) -> Column:
        has = own.mask(self.spans)
        source = np.where(has, np.arange(self.spans), -1)
        above = np.where(has, -1, self.parent)
        for _ in range(256):  # a bound, since senders make cycles
            waiting = np.flatnonzero(above >= 0)
            if not len(waiting):
                break
            found = has[above[waiting]]
            source[waiting[found]] = above[waiting[found]]
            above[waiting] = np.where(found, -1, self.parent[above[waiting]])
        self._fill_only_value(own, source)
        code = np.full(self.spans, -1, np.int32)
        code[own.rows] = own.codes
        rows = np.flatnonzero(source >= 0)
        return Column(rows, code[source[rows]], own.values)

    def _fill_only_value(self, own: Column, source: np.ndarray) -> None:
        """Spans without such an ancestor read the trace's only value."""
        values = own.moved(self.trace)
        distinct = np.bincount(values.rows, minlength=self.traces)
        any_row = np.full(self.traces, -1, np.int64)
        any_row[self.trace[own.rows]] = own.rows
        rows = np.flatnonzero((source < 0) & (distinct[self.trace] == 1))
        source[rows] = any_row[self.trace[rows]]

    def trace_column(self, name: str) -> Column:
        if name not in self._trace_columns:
            self._trace_columns[name] = self._resolve_for_traces(name)
        return self._trace_columns[name]

    def _resolve_for_traces(self, name: str) -> Column:
        if name.startswith("root."):
            to_trace = np.full(self.spans, -1, np.int64)
            rooted = np.flatnonzero(self.root >= 0)
            to_trace[self.root[rooted]] = rooted
            return self.span_column(name.removeprefix("root.")).moved(to_trace)
        if name in TRACE_PROPERTIES:
            return self._trace_property(name)
        if name in DERIVED:
            return self._derived(name)
        return self.span_column(name).moved(self.trace)

    def _trace_property(self, name: str) -> Column:
        if name == "duration":
            return self._numbers(self.trace_duration / 1e6)
        carrier = self.root.copy()
        if name == "status":
            worst = self.intrinsic["status"].mask(self.spans, lambda v: v == "error")
            failing = np.zeros(self.traces, bool)
            failing[self.trace[worst]] = True
            own = self.intrinsic["status"].moved(self._to_trace(carrier))
            without = np.flatnonzero(carrier < 0)
            states = np.where(failing[without], "error", "unset")
            return joined(own, without, states.tolist())
        order = np.lexsort((self.start, self.trace))[::-1]
        first = np.empty(self.traces, np.int64)
        first[self.trace[order]] = order
        return self.intrinsic[name].moved(self._to_trace(np.where(carrier >= 0, carrier, first)))

    def _to_trace(self, carrier: np.ndarray) -> np.ndarray:
        to_trace = np.full(self.spans, -1, np.int64)
        known = np.flatnonzero(carrier >= 0)
        to_trace[carrier[known]] = known
        return to_trace

    def _derived(self, name: str) -> Column:
        if name == "trace.spans":
            return self._numbers(np.bincount(self.trace, minlength=self.traces))
        if name == "llm.calls":
            return self._numbers(np.bincount(self.trace[self.model_call], minlength=self.traces))
        if name == "tool.count":
            tools = self.span_column("operation.kind").mask(self.spans, lambda v: v == "tool")
            return self._numbers(np.bincount(self.trace[tools], minlength=self.traces))
        if name == "tool.sequence":
            return self._tool_sequence()
        return self.trace_column("tool.sequence").spread(tool_pairs)

    def _tool_sequence(self) -> Column:
        sent = self.sources.own("tool.sequence").moved(self.trace)
        has = sent.mask(self.traces)
        tool = self.span_column("tool")
        steps: dict[int, list[tuple[int, str, str]]] = {}
        for row, code in zip(tool.rows.tolist(), tool.codes.tolist()):
            if not has[self.trace[row]]:
                step = (int(self.start[row]), tool.values[code], self.span_ids[row])
                steps.setdefault(int(self.trace[row]), []).append(step)
        rows = np.array(sorted(steps), np.int64)
        texts = [">".join(name for _, name, _ in sorted(steps[t])[:MAX_TOOL_STEPS]) for t in rows.tolist()]
        return joined(sent, rows, texts)

    # MARK: expressions

    def evaluate(self, expression: ex.Expression, unit: str, failure: ex.Expression) -> np.ndarray:
        size = self.traces if unit == "trace" else self.spans
        match expression:
            case ex.And(left, right):
                return self.evaluate(left, unit, failure) & self.evaluate(right, unit, failure)
            case ex.Or(left, right):
                return self.evaluate(left, unit, failure) | self.evaluate(right, unit, failure)
            case ex.Not(inner):
                return ~self.evaluate(inner, unit, failure)
            case ex.Failed():
                return self.evaluate(failure, unit, failure)
            case ex.OneSpan(inner):
                spans = self.evaluate(inner, "span", failure)
                return np.bincount(self.trace[spans], minlength=self.traces) > 0
            case ex.Has(dimension):
                return self.column(dimension, unit).mask(size)
            case ex.IsNull(dimension):
                return ~self.column(dimension, unit).mask(size)
            case ex.In(dimension, literals, negated):
                found = np.zeros(size, bool)
                for literal in literals:
                    found |= self.compare(ex.Compare(dimension, "=", literal), unit, size)
                return ~found if negated else found
            case ex.Compare():
                negate, compare = ex.positive(expression)
                found = self.compare(compare, unit, size)
                return ~found if negate else found
        raise TypeError(expression)

    def compare(self, compare: ex.Compare, unit: str, size: int) -> np.ndarray:
        case_matters = compare.dimension not in ("kind", "status")
        return self.column(compare.dimension, unit).mask(
            size, lambda v: ex.matches(v, compare.operator, compare.literal, case_matters))

    def column(self, dimension: str, unit: str) -> Column:
        return self.trace_column(dimension) if unit == "trace" else self.span_column(dimension)

    # MARK: slices

    def slices(
        self, by: tuple[str, ...] = (), where: ex.Expression | None = None, unit: str = "trace",
        window: tuple[int, int] | None = None, failure: ex.Expression = ex.Compare("status", "=", "error"),
    ) -> Answer:
        time = self.trace_start if unit == "trace" else self.start
        keep = np.ones(len(time), bool) if window is None else (time >= window[0]) & (time < window[1])
        if where is not None:
            keep &= self.evaluate(where, unit, failure)
        failing = self.evaluate(failure, unit, failure)
        units = np.flatnonzero(keep)
        columns = [self.column(dimension, unit) for dimension in by]
        everything = self._figures(units, np.zeros((0, len(units)), np.int64), [], (), unit, failing)
        total = everything[0] if everything else Row((), 0, 0, None, {50: None, 95: None, 99: None}, None, 0, 0, 0.0)
        if not by:
            return Answer([total], total)
        members, codes = self._product(units, columns)
        return Answer(self._figures(members, codes, columns, by, unit, failing), total)

    def _product(self, units: np.ndarray, columns: list[Column]) -> tuple[np.ndarray, np.ndarray]:
        """Each unit with each combination of its values; null is −1."""
        members, codes = units, np.empty((0, len(units)), np.int64)
        for column in columns:
            first = np.searchsorted(column.rows, members, "left")
            amount = np.searchsorted(column.rows, members, "right") - first
            repeats = np.maximum(1, amount)
            within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
            at = np.repeat(first, repeats) + within
            has = np.repeat(amount > 0, repeats)
            code = np.full(len(at), -1, np.int64)
            code[has] = column.codes[at[has]]
            members = np.repeat(members, repeats)
            codes = np.vstack([np.repeat(codes, repeats, axis=1), code])
        return members, codes

    def _figures(
        self, members: np.ndarray, codes: np.ndarray, columns: list[Column], by: tuple[str, ...], unit: str, failing: np.ndarray,
    ) -> list[Row]:
        if not len(members):
            return []
        if len(by):
            keys, group = np.unique(codes, axis=1, return_inverse=True)
            group = group.reshape(-1)
        else:
            keys, group = np.zeros((0, 1), np.int64), np.zeros(len(members), np.int64)
        n = keys.shape[1]
        duration = (self.trace_duration if unit == "trace" else self.span_duration)[members]
        time = (self.trace_start if unit == "trace" else self.start)[members]
        failed = failing[members]
        order = np.lexsort((duration, group))
        sorted_duration = duration[order]
        count = np.bincount(group, minlength=n)
        first = np.cumsum(count) - count
        percentiles = {q: sorted_duration[first + (q * count + 99) // 100 - 1] / 1e6 for q in (50, 95, 99)}
        maximum = sorted_duration[first + count - 1] / 1e6
        total_duration = np.add.reduceat(sorted_duration, first)
        failures = np.bincount(group[failed], minlength=n)
        tokens_in, tokens_out, cost = self._usage(members, codes, columns, by, unit, group, n)
        newest = np.lexsort((-time, ~failed, group))
        rows = []
        for g in range(n):
            key = tuple(None if c < 0 else column.values[c] for c, column in zip(keys[:, g].tolist(), columns))
            examples = members[newest[first[g] : first[g] + min(3, count[g])]]
            rows.append(Row(
                key, int(count[g]), int(failures[g]), int(total_duration[g]) / int(count[g]) / 1e6,
                {q: float(p[g]) for q, p in percentiles.items()}, float(maximum[g]),
                int(tokens_in[g]), int(tokens_out[g]), float(cost[g]),
                [self.trace_ids[t if unit == "trace" else self.trace[t]] for t in examples.tolist()]))
        return rows

    def _usage(
        self, members: np.ndarray, codes: np.ndarray, columns: list[Column], by: tuple[str, ...], unit: str, group: np.ndarray, n: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if unit == "span":
            calls, of = members, group
            kept = self.is_call[calls]
            calls, of = calls[kept], of[kept]
        else:
            calls, of = self._calls_of_rows(members, codes, columns, by, group)
        figures = (self._amount("tokens.input"), self._amount("tokens.output"), self._amount("cost"))
        sums = [np.bincount(of, weights=f[calls], minlength=n) for f in figures]
        return np.rint(sums[0]).astype(np.int64), np.rint(sums[1]).astype(np.int64), sums[2]

    def _amount(self, dimension: str) -> np.ndarray:
        column = self.span_column(dimension)
        amounts = np.zeros(self.spans)
        if len(column.values):
            amounts[column.rows] = np.array(column.values, float)[column.codes]
        return amounts

    def _calls_of_rows(
        self, members: np.ndarray, codes: np.ndarray, columns: list[Column], by: tuple[str, ...], group: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The model calls of each (trace, row) that carry the row's values, and the row each counts in."""
        calls = np.flatnonzero(self.is_call)
        calls = calls[np.argsort(self.trace[calls], kind="stable")]
        owner = self.trace[calls]
        first = np.searchsorted(owner, members, "left")
        amount = np.searchsorted(owner, members, "right") - first
        within = np.arange(amount.sum()) - np.repeat(np.cumsum(amount) - amount, amount)
        call = calls[np.repeat(first, amount) + within]
        kept = np.ones(len(call), bool)
        for column, dimension, code in zip(columns, by, codes):
            if dimension in TRACE_PROPERTIES | DERIVED or dimension.startswith("root."):
                continue  # these speak of the trace, so all of its calls have them
            carried = self.span_column(dimension)
            width = max(1, len(carried.values))
            on_call = carried.restricted(self.is_call)
            trace_has = np.zeros(self.traces, bool)
            trace_has[self.trace[on_call.rows]] = True
            pair = call * width + np.repeat(code, amount)
            carries = np.isin(pair, on_call.rows * width + on_call.codes)
            kept &= carries | ~np.repeat(trace_has[members], amount)
        return call[kept], np.repeat(group, amount)[kept]


ORDERS: dict[str, Callable[[Row], float]] = {
    "failures": lambda row: row.failures,
    "count": lambda row: row.count,
    "failure_rate": lambda row: row.wilson[0] or 0.0,
    "p95_ms": lambda row: row.percentiles[95] or 0.0,
    "tokens_in": lambda row: row.tokens_in,
    "cost": lambda row: row.cost,
}


def tool_pairs(sequence: str) -> list[str]:
    steps = sequence.split(">")
    return [f"{a}>{b}" for a, b in zip(steps, steps[1:])]


def ordered(rows: list[Row], order: str = "failures") -> list[Row]:
    """Ties: count descending, then group values ascending, null last."""
    figure = ORDERS[order.removeprefix("-")]
    sign = 1 if order.startswith("-") else -1
    return sorted(rows, key=lambda row: (sign * figure(row), -row.count, tuple(value_rank(v) for v in row.key)))


def value_rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return 3, 0
    if isinstance(value, bool):
        return 0, value
    return (1, value) if ex.is_number(value) else (2, value)
