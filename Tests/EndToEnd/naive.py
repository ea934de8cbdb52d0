"""The contract once more, span by span with dictionaries: slow, short, and written without looking at
oracle.py's methods, to catch what the vectorised reading gets wrong. Small inputs only."""

from __future__ import annotations

import itertools
import re
from typing import Any

import dimensions as d
import expressions as ex
import oracle as o
from columns import flattened

CONTAINERS = ("resource", "scope", "events")


def key(value: Any) -> Any:
    return ("text", value) if isinstance(value, str) else ("bool" if isinstance(value, bool) else "number", value)


def unique(values: Any) -> list[Any]:
    return list({key(v): v for v in values if v is not None}.values())


def listed(value: Any) -> list[Any]:
    """The elements of a list of scalars; anything else is one value, and nothing is none."""
    if isinstance(value, list) and not any(isinstance(e, (list, dict)) for e in value):
        return value
    return [] if value is None else [value]


class Naive:
    def __init__(self, spans: list[dict[str, Any]]) -> None:
        self.spans = [dict(s) for s in spans]
        self.traces: dict[str, list[dict[str, Any]]] = {}
        for span in self.spans:
            for name in [n for n, v in span.items() if isinstance(v, dict) and n not in CONTAINERS]:
                span.update(flattened(name, span.pop(name)))
            self.traces.setdefault(span["trace_id"], []).append(span)
        self.by_id = {(s["trace_id"], s["span_id"]): s for s in self.spans}
        self.memo: dict[tuple[int, str], list[Any]] = {}

    # MARK: one span

    def end(self, span: dict[str, Any]) -> int:
        return max(span["start_time_unix_nano"], span["end_time_unix_nano"])

    def raw(self, span: dict[str, Any], name: str) -> list[Any]:
        for attributes in (span, span.get("resource", {}), span.get("scope", {}).get("attributes", {})):
            if found := unique(listed(attributes.get(name))):
                return found
        return []

    def own(self, span: dict[str, Any], name: str) -> list[Any]:
        """Own values of a canonical dimension, before inheritance."""
        at = (id(span), f"own {name}")
        if at not in self.memo:
            self.memo[at] = self.look_up_own(span, name)
        return self.memo[at]

    def look_up_own(self, span: dict[str, Any], name: str) -> list[Any]:
        if name == "operation.kind":
            return [self.kind(span)]
        if name == "tool" and self.kind(span) != "tool":
            return []
        for values in self.candidates(span, d.SOURCES[name]):
            found = unique(d.reading(name)(e) for v in values for e in d.elements(name, v))
            if found and name == "prompt.version":
                return unique(d.prompt_version(next(iter(self.own(span, "prompt.name")), None), v) for v in found)
            if found:
                return found
        return []

    def candidates(self, span: dict[str, Any], sources: tuple[d.Source, ...]) -> Any:
        """What each source reads, in order of precedence: the span's own before its scope's and resource's."""
        resource = span.get("resource", {})
        for source in sources:
            if isinstance(source, str) and source.startswith(d.RESOURCE_FIRST) and source in resource:
                yield listed(resource[source])
            yield self.read(span, source)
        for attributes in (span.get("scope", {}).get("attributes", {}), resource):
            for source in sources:
                if isinstance(source, str):
                    yield listed(attributes.get(source))

    def read(self, span: dict[str, Any], source: d.Source) -> list[Any]:
        match source:
            case str():
                return listed(span.get(source))
            case d.Numbered(pattern):
                before, after = pattern.split("*")
                return [v for k, v in span.items() if k.startswith(before) and k.endswith(after)
                        and k[len(before) : len(k) - len(after)].isdigit()]
            case d.Member(name, path):
                sent = span.get(name)
                return self.walk(sent if isinstance(sent, list) else d.parsed(sent), path.split("."))
            case d.OnEvent(event, attribute, last):
                found = [e["attributes"][attribute] for e in span.get("events", []) if e["name"] == event and attribute in e["attributes"]]
                return found[-1:] if last else found
            case d.NameAfter(prefix):
                return [span["name"][len(prefix) :]] if span["name"].startswith(prefix) else []
            case d.Where(name, other, value):
                return listed(span.get(name)) if span.get(other) == value else []
            case d.OtherThan(name, dimension):
                return [v for v in listed(span.get(name)) if (known := self.own(span, dimension)) and v not in known]
            case d.Times(name, factor):
                return [v * factor for v in listed(span.get(name))]
            case d.Implies(name, text, value):
                return [value for v in listed(span.get(name)) if text in str(v)]
            case d.ErrorPrefix():
                found = re.match(r"([\w.]*(Error|Exception)): ", span.get("status_message", ""))
                return [found[1]] if found and span.get("status", "").upper() == "ERROR" else []
            case d.Failed(value):
                return [value] if span.get("status", "").upper() == "ERROR" else []
            case d.StatusMessage():
                return [span.get("status_message")]
        raise TypeError(source)

    def walk(self, value: Any, path: list[str]) -> list[Any]:
        if not path:
            return [value] if isinstance(value, (str, int, float)) else []
        if path[0] == "*":
            return [v for e in value for v in self.walk(e, path[1:])] if isinstance(value, list) else []
        return self.walk(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []

    def kind(self, span: dict[str, Any]) -> str:
        for name, kind in d.KINDS:
            sent = span.get(name)
            if isinstance(sent, str) and d.says_something(sent) and (found := kind(d.unwrapped(sent))):
                return found
        if any(name in span for name in d.TOOL_KEYS):
            return "tool"
        has_model = self.own(span, "model") or self.own(span, "model.revision")
        if has_model and (self.own(span, "tokens.input") or self.own(span, "tokens.output")):
            return "chat"
        if span.get("mcp.method.name") == "tools/call":
            return "tool"
        has_vectors = any(name.startswith(d.VECTOR_PREFIX) for name in span)
        return "retrieval" if has_vectors and any(name in span for name in d.DATABASE_KEYS) else "other"

    # MARK: traces

    def parent(self, span: dict[str, Any]) -> dict[str, Any] | None:
        return self.by_id.get((span["trace_id"], span.get("parent_span_id")))

    def root(self, trace: list[dict[str, Any]]) -> dict[str, Any] | None:
        return min((s for s in trace if not s.get("parent_span_id")), key=lambda s: s["start_time_unix_nano"], default=None)

    def values(self, span: dict[str, Any], name: str) -> list[Any]:
        at = (id(span), name)
        if at not in self.memo:
            self.memo[at] = self.look_up(span, name)
        return self.memo[at]

    def look_up(self, span: dict[str, Any], name: str) -> list[Any]:
        if name in ("name", "kind", "status", "status_message"):
            value = span.get(name) or None
            return [] if value is None else [value.lower() if name == "status" else value]
        if name.startswith("root.") or name in o.NUMBERS_OF_TRACES:
            return self.trace_values(self.traces[span["trace_id"]], name)
        if name == "duration":
            return [(self.end(span) - span["start_time_unix_nano"]) / 1e6]
        for place, attributes in (("span.", span), ("resource.", span.get("resource", {}))):
            if name.startswith(place):
                return unique(listed(attributes.get(name.removeprefix(place))))
        if name not in d.SOURCES and name != "operation.kind":
            return self.raw(span, name.removeprefix('attr("').removesuffix('")'))
        own = self.own(span, name)
        if own or name not in d.INHERITED:
            return own
        above, seen = self.parent(span), set()
        while above is not None and above["span_id"] not in seen:
            if found := self.own(above, name):
                return found
            seen.add(above["span_id"])
            above = self.parent(above)
        only = {key(v): v for s in self.traces[span["trace_id"]] for v in self.own(s, name)}
        return list(only.values()) if len(only) == 1 else []

    def trace_values(self, trace: list[dict[str, Any]], name: str) -> list[Any]:
        root = self.root(trace)
        if name.startswith("root."):
            return self.values(root, name.removeprefix("root.")) if root else []
        match name:
            case "status" if root is None:
                return ["error" if any(s["status"] == "ERROR" for s in trace) else "unset"]
            case "duration" if root is None:
                return [(max(map(self.end, trace)) - min(s["start_time_unix_nano"] for s in trace)) / 1e6]
            case "status" | "duration" | "name":
                return self.values(root or min(trace, key=lambda s: s["start_time_unix_nano"]), name)
            case "trace.spans":
                return [len(trace)]
            case "tool.count":
                return [sum("tool" in self.own(s, "operation.kind") for s in trace)]
            case "llm.calls":
                return [sum(self.is_model_call(s) for s in trace)]
            case "tool.sequence":
                return self.sequence(trace)
            case "tool.pair":
                steps = [s.split(">") for s in self.sequence(trace)]
                return sorted({f"{a}>{b}" for s in steps for a, b in zip(s, s[1:])})
        return list({key(v): v for s in trace for v in self.values(s, name)}.values())

    def sequence(self, trace: list[dict[str, Any]]) -> list[str]:
        sent = {v for s in trace for v in self.own(s, "tool.sequence")}
        if sent:
            return sorted(sent)
        tools = sorted((s["start_time_unix_nano"], v, s["span_id"]) for s in trace for v in self.own(s, "tool"))
        return [">".join(t[1] for t in tools[:64])] if tools else []

    def is_model_call(self, span: dict[str, Any]) -> bool:
        return any(v in d.MODEL_CALLS for v in self.own(span, "operation.kind"))

    def leaf_calls(self, trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
        def used(span: dict[str, Any]) -> bool:
            return bool(self.own(span, "tokens.input") or self.own(span, "tokens.output"))

        wrappers = set()
        for span in trace:
            if self.is_model_call(span) and used(span):
                above = self.parent(span)
                while above is not None and above["span_id"] not in wrappers:
                    wrappers.add(above["span_id"])
                    above = self.parent(above)
        return [s for s in trace if self.is_model_call(s) and s["span_id"] not in wrappers]

    def holds(self, e: ex.Expression, unit: str, thing: Any, failure: ex.Expression) -> bool:
        def read(name: str) -> list[Any]:
            return self.trace_values(thing, name) if unit == "trace" else self.values(thing, name)

        match e:
            case ex.And(a, b):
                return self.holds(a, unit, thing, failure) and self.holds(b, unit, thing, failure)
            case ex.Or(a, b):
                return self.holds(a, unit, thing, failure) or self.holds(b, unit, thing, failure)
            case ex.Not(a):
                return not self.holds(a, unit, thing, failure)
            case ex.Failed():
                return self.holds(failure, unit, thing, failure)
            case ex.OneSpan(a):
                return any(self.holds(a, "span", s, failure) for s in thing)
            case ex.Has(name):
                return bool(read(name))
            case ex.IsNull(name):
                return not read(name)
            case ex.In(name, literals, negated):
                return negated != any(ex.matches(v, "=", l) for v in read(name) for l in literals)
            case ex.Compare():
                negate, c = ex.positive(e)
                case_matters = c.dimension not in ("kind", "status")
                return negate != any(ex.matches(v, c.operator, c.literal, case_matters) for v in read(c.dimension))
        raise TypeError(e)

    def slices(self, by: tuple[str, ...], where: ex.Expression | None, unit: str, window: tuple[int, int] | None,
               failure: ex.Expression = ex.Compare("status", "=", "error")) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Figures by group; the total is under the key "total"."""
        groups: dict[Any, list[Any]] = {}
        for thing in self.traces.values() if unit == "trace" else self.spans:
            if window and not window[0] <= self.time(thing, unit) < window[1]:
                continue
            if where is not None and not self.holds(where, unit, thing, failure):
                continue
            groups.setdefault("total", []).append(thing)
            read = self.trace_values if unit == "trace" else self.values
            for combination in itertools.product(*[read(thing, name) or [None] for name in by]):
                groups.setdefault(tuple(key(v) for v in combination), []).append(thing)
        return {g: self.figures(by if g != "total" else (), g, things, unit, failure) for g, things in groups.items()}

    def time(self, thing: Any, unit: str) -> int:
        if unit == "span":
            return thing["start_time_unix_nano"]
        root = self.root(thing)
        return root["start_time_unix_nano"] if root else min(s["start_time_unix_nano"] for s in thing)

    def figures(self, by: tuple[str, ...], group: Any, things: list[Any], unit: str, failure: ex.Expression) -> dict[str, Any]:
        read = self.trace_values if unit == "trace" else self.values
        durations = sorted(read(t, "duration")[0] for t in things)
        calls = [c for t in things for c in self.calls_of(by, group, t, unit)]
        return {
            "count": len(things), "failures": sum(self.holds(failure, unit, t, failure) for t in things),
            "avg_ms": sum(durations) / len(durations), "max_ms": durations[-1],
            **{f"p{q}_ms": durations[-(-q * len(durations) // 100) - 1] for q in (50, 95, 99)},
            "tokens_in": sum(sum(self.own(c, "tokens.input")) for c in calls),
            "tokens_out": sum(sum(self.own(c, "tokens.output")) for c in calls),
            "cost": sum(sum(self.own(c, "cost")) for c in calls),
        }

    def calls_of(self, by: tuple[str, ...], group: Any, thing: Any, unit: str) -> list[dict[str, Any]]:
        if unit == "span":
            return [c for c in self.leaf_calls(self.traces[thing["trace_id"]]) if c is thing]
        calls = self.leaf_calls(thing)
        kept = calls
        for name, value in zip(by, group):
            of_trace = name in o.TRACE_PROPERTIES | o.DERIVED or name.startswith("root.")
            if not of_trace and any(self.values(c, name) for c in calls):
                kept = [c for c in kept if value in [key(v) for v in self.values(c, name)]]
        return kept
