"""Columns of values: sets of (row, code) pairs sorted by row, where a row is a span or a trace and a code names a
value. A row without a pair is null, a list has several pairs."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson


def typed(value: Any) -> Any:
    """A key under which 1 and 1.0 are one value, and neither "1" nor true is that value."""
    if isinstance(value, str):
        return value
    return (type(value) is bool, value)


@dataclass
class Column:
    rows: np.ndarray
    codes: np.ndarray
    values: list[Any]

    def mask(self, size: int, test: Callable[[Any], bool] | None = None) -> np.ndarray:
        """Which rows have a value that passes."""
        found = np.zeros(size, bool)
        if test is None:
            found[self.rows] = True
        else:
            passes = np.fromiter((test(v) for v in self.values), bool, len(self.values))
            found[self.rows[passes[self.codes]]] = True
        return found

    def moved(self, new_row: np.ndarray) -> Column:
        """The same values on other rows (−1: nowhere), each once a row."""
        rows = new_row[self.rows]
        kept = rows >= 0
        pairs = np.unique(rows[kept].astype(np.int64) * max(1, len(self.values)) + self.codes[kept])
        width = max(1, len(self.values))
        return Column(pairs // width, (pairs % width).astype(np.int32), self.values)

    def mapped(self, change: Callable[[Any], Any]) -> Column:
        """Values changed, those that become None dropped."""
        return self.spread(lambda value: (change(value),))

    def spread(self, change: Callable[[Any], Iterable[Any]]) -> Column:
        """Each value replaced by any number of others, of which None are dropped."""
        index: dict[Any, int] = {}
        values: list[Any] = []
        codes, first = array("i"), [0]
        for value in self.values:
            for new in change(value):
                if new is None:
                    continue
                at = index.setdefault(typed(new), len(values))
                if at == len(values):
                    values.append(new)
                codes.append(at)
            first.append(len(codes))
        starts = np.array(first, np.int64)
        amount = (starts[1:] - starts[:-1])[self.codes]
        within = np.arange(amount.sum()) - np.repeat(np.cumsum(amount) - amount, amount)
        new_codes = np.frombuffer(codes, np.int32)[np.repeat(starts[:-1][self.codes], amount) + within]
        return distinct(np.repeat(self.rows, amount), new_codes, values)

    def restricted(self, keep: np.ndarray) -> Column:
        kept = keep[self.rows]
        return Column(self.rows[kept], self.codes[kept], self.values)


EMPTY = Column(np.empty(0, np.int64), np.empty(0, np.int32), [])


def distinct(rows: np.ndarray, codes: np.ndarray, values: list[Any]) -> Column:
    """Pairs in order, each once."""
    width = max(1, len(values))
    pairs = np.unique(rows.astype(np.int64) * width + codes)
    return Column(pairs // width, (pairs % width).astype(np.int32), values)


def united(columns: list[Column]) -> Column:
    """Each row with the values that it has in any of the columns."""
    columns = [column for column in columns if len(column.rows)]
    if len(columns) < 2:
        return columns[0] if columns else EMPTY
    index: dict[Any, int] = {}
    values: list[Any] = []
    codes = []
    for column in columns:
        lookup = np.empty(len(column.values), np.int32)
        for code, value in enumerate(column.values):
            lookup[code] = index.setdefault(typed(value), len(values))
            if lookup[code] == len(values):
                values.append(value)
        codes.append(lookup[column.codes])
    return distinct(np.concatenate([column.rows for column in columns]), np.concatenate(codes), values)


def first_of(columns: list[Column], size: int) -> Column:
    """Each row's values from the first column that has any."""
    free = np.ones(size, bool)
    kept = []
    for column in columns:
        kept.append(column.restricted(free))
        free[column.rows] = False
    return united(kept)


def joined(column: Column, rows: np.ndarray, values: list[Any]) -> Column:
    """A column with one more value for each of some rows that had none."""
    index = {typed(v): code for code, v in enumerate(column.values)}
    all_values = list(column.values)
    codes = np.empty(len(rows), np.int32)
    for at, value in enumerate(values):
        codes[at] = index.setdefault(typed(value), len(all_values))
        if codes[at] == len(all_values):
            all_values.append(value)
    order = np.argsort(np.concatenate([column.rows, rows]), kind="stable")
    return Column(np.concatenate([column.rows, rows])[order], np.concatenate([column.codes, codes])[order], all_values)


class ColumnBuilder:
    def __init__(self) -> None:
        self.rows, self.codes = array("i"), array("i")
        self.index: dict[Any, int] = {}
        self.values: list[Any] = []

    def add(self, row: int, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            if any(isinstance(element, (list, dict)) for element in value):
                return self.add_scalar(row, orjson.dumps(value).decode())  # structured: the same as its JSON text
            for element in {typed(e): e for e in value if e is not None}.values():
                self.add_scalar(row, element)
        elif value is not None:
            self.add_scalar(row, value)

    def add_scalar(self, row: int, value: Any) -> None:
        code = self.index.setdefault(typed(value), len(self.values))
        if code == len(self.values):
            self.values.append(value)
        self.rows.append(row)
        self.codes.append(code)

    def column(self) -> Column:
        """Sorted, as rows are added in order."""
        return Column(np.frombuffer(self.rows, np.int32).astype(np.int64), np.frombuffer(self.codes, np.int32).copy(), self.values)


def flattened(prefix: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flattened(f"{prefix}.{key}", inner)
    else:
        yield prefix, value
