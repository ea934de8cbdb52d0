"""Spans as columns by the place of each attribute, and the columns that the sources of `dimensions.py` read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import dimensions as d
from columns import EMPTY, Column, ColumnBuilder, distinct, first_of, flattened, united

RESERVED = {
    "trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano",
    "status", "status_message", "events", "links", "resource", "scope",
}
PLACES = ("span", "resource", "scope")  # in which a bare key is looked for


class Attributes:
    """Every attribute of every span, while they are read and after."""

    def __init__(self) -> None:
        self._builders: dict[tuple[str, str], ColumnBuilder] = {}
        self._events: dict[tuple[str, str], ColumnBuilder] = {}
        self._last_events: dict[tuple[str, str], ColumnBuilder] = {}
        self.places: dict[str, dict[str, Column]] = {place: {} for place in PLACES}

    def add(self, row: int, span: dict[str, Any]) -> None:
        for key, value in span.items():
            if key not in RESERVED:
                self._add("span", row, key, value)
        for key, value in span.get("resource", {}).items():
            self._add("resource", row, key, value)
        for key, value in span.get("scope", {}).get("attributes", {}).items():
            self._add("scope", row, key, value)
        self._add_events(row, span.get("events", ()))

    def _add(self, place: str, row: int, key: str, value: Any) -> None:
        for name, leaf in flattened(key, value):
            self._builders.setdefault((place, name), ColumnBuilder()).add(row, leaf)

    def _add_events(self, row: int, events: Iterable[dict[str, Any]]) -> None:
        found: dict[tuple[str, str], list[Any]] = {}
        for event in events:
            for key, value in event.get("attributes", {}).items():
                found.setdefault((event["name"], key), []).append(value)
        for name, values in found.items():
            self._events.setdefault(name, ColumnBuilder()).add(row, values)
            self._last_events.setdefault(name, ColumnBuilder()).add(row, values[-1])

    def finish(self) -> None:
        for (place, name), builder in self._builders.items():
            self.places[place][name] = builder.column()
        self.events = {name: builder.column() for name, builder in self._events.items()}
        self.last_events = {name: builder.column() for name, builder in self._last_events.items()}

    def at(self, place: str, key: str) -> Column:
        return self.places[place].get(key, EMPTY)

    def anywhere(self, key: str, size: int) -> Column:
        """A raw key as a question means it: the span's, else the resource's, else the scope's."""
        found = [self.places[place][key] for place in PLACES if key in self.places[place]]
        return found[0] if len(found) == 1 else first_of(found, size)

    def numbered(self, pattern: str) -> Column:
        matches = re.compile(re.escape(pattern).replace(r"\*", r"\d+")).fullmatch
        return united([column for key, column in self.places["span"].items() if matches(key)])


class Sources:
    """Own values of canonical dimensions, before inheritance."""

    def __init__(self, attributes: Attributes, intrinsic: dict[str, Column], size: int) -> None:
        self.attributes, self.intrinsic, self.size = attributes, intrinsic, size
        self._own: dict[str, Column] = {}

    def own(self, dimension: str) -> Column:
        if dimension not in self._own:
            self._own[dimension] = self.operation_kinds() if dimension == "operation.kind" else self._resolve(dimension)
        return self._own[dimension]

    def _resolve(self, dimension: str) -> Column:
        read = d.reading(dimension)

        def values(column: Column) -> Column:
            return column.spread(lambda value: map(read, d.elements(dimension, value)))

        column = first_of([values(column) for column in self._in_order(d.SOURCES[dimension])], self.size)
        if dimension == "tool":
            return column.restricted(self.own("operation.kind").mask(self.size, lambda v: v == "tool"))
        return self._with_prompt_name(column) if dimension == "prompt.version" else column

    def _in_order(self, sources: tuple[d.Source, ...]) -> Iterable[Column]:
        """Spans say more than their resources, but of what describes the process itself."""
        for source in sources:
            if isinstance(source, str) and source.startswith(d.RESOURCE_FIRST):
                yield self.attributes.at("resource", source)
            yield self.column(source)
        for place in ("scope", "resource"):
            for source in sources:
                if isinstance(source, str):
                    yield self.attributes.at(place, source)

    def column(self, source: d.Source) -> Column:
        """What a source reads on spans, as sent."""
        attributes = self.attributes
        match source:
            case str():
                return attributes.at("span", source)
            case d.Numbered(pattern):
                return attributes.numbered(pattern)
            case d.Member(key, path):
                return attributes.at("span", key).spread(lambda text: d.members(text, path))
            case d.OnEvent(event, attribute, last):
                return (attributes.last_events if last else attributes.events).get((event, attribute), EMPTY)
            case d.NameAfter(prefix):
                return self.intrinsic["name"].mapped(lambda name: name.removeprefix(prefix) if name.startswith(prefix) else None)
            case d.Where(key, other, value):
                return attributes.at("span", key).restricted(attributes.at("span", other).mask(self.size, lambda v: v == value))
            case d.OtherThan(key, dimension):
                return self._other_than(attributes.at("span", key), self.own(dimension))
            case d.Times(key, factor):
                return attributes.at("span", key).mapped(lambda v: v * factor)
            case d.Implies(key, text, value):
                return attributes.at("span", key).mapped(lambda v: value if text in str(v) else None)
            case d.ErrorPrefix():
                failed = self.intrinsic["status"].mask(self.size, lambda v: v == "error")
                return self.intrinsic["status_message"].mapped(d.error_class).restricted(failed)
            case d.Failed(value):
                return self._constant(value, self.intrinsic["status"].mask(self.size, lambda v: v == "error"))
            case d.StatusMessage():
                return self.intrinsic["status_message"]
        raise TypeError(source)

    def _other_than(self, column: Column, known: Column) -> Column:
        of_row = dict(zip(known.rows.tolist(), known.codes.tolist()))
        keep = np.zeros(self.size, bool)
        for row, code in zip(column.rows.tolist(), column.codes.tolist()):
            keep[row] = row in of_row and d.as_text(column.values[code]) != known.values[of_row[row]]
        return column.restricted(keep)

    def _with_prompt_name(self, version: Column) -> Column:
        name = self.own("prompt.name")
        name_of = np.full(self.size, -1, np.int64)
        name_of[name.rows] = name.codes
        pairs, at = np.unique(np.stack([name_of[version.rows], version.codes]), axis=1, return_inverse=True)
        texts = [d.prompt_version(name.values[n] if n >= 0 else None, version.values[v]) for n, v in pairs.T.tolist()]
        return Column(version.rows, at.reshape(-1).astype(np.int32), texts).mapped(lambda v: v)

    # MARK: kinds of operations

    def operation_kinds(self) -> Column:
        sent = [self.attributes.at("span", key).mapped(text_only(kind)) for key, kind in d.KINDS]
        return first_of([*sent, *self._implied_kinds(), self._everywhere("other")], self.size)

    def _implied_kinds(self) -> Iterable[Column]:
        """What the presence of other attributes says, where no kind was sent."""
        yield self._constant("tool", self._has(*d.TOOL_KEYS))
        uses_tokens = self.own("tokens.input").mask(self.size) | self.own("tokens.output").mask(self.size)
        has_model = self.own("model").mask(self.size) | self.own("model.revision").mask(self.size)
        yield self._constant("chat", uses_tokens & has_model)
        yield self._constant("tool", self.attributes.at("span", "mcp.method.name").mask(self.size, lambda v: v == "tools/call"))
        vectors = [key for key in self.attributes.places["span"] if key.startswith(d.VECTOR_PREFIX)]
        yield self._constant("retrieval", self._has(*d.DATABASE_KEYS) & self._has(*vectors))

    def _has(self, *keys: str) -> np.ndarray:
        found = np.zeros(self.size, bool)
        for key in keys:
            found |= self.attributes.at("span", key).mask(self.size)
        return found

    def _constant(self, value: str, mask: np.ndarray) -> Column:
        rows = np.flatnonzero(mask)
        return distinct(rows, np.zeros(len(rows), np.int32), [value])

    def _everywhere(self, value: str) -> Column:
        return self._constant(value, np.ones(self.size, bool))


def text_only(kind: Callable[[str], str | None]) -> Callable[[Any], str | None]:
    return lambda value: kind(d.unwrapped(value)) if isinstance(value, str) and d.says_something(value) else None
