"""OTLP bodies made from plain spans, and OTLP spans made comparable."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

RESOURCE_KEYS = ("service.name", "service.version", "deployment.environment.name")
NOT_ATTRIBUTES = {
    "trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano",
    "status", "status_message",
}
STATUS_CODES = {"UNSET": 0, "OK": 1, "ERROR": 2}


def set_value(target: AnyValue, value: Any) -> None:
    match value:
        case None:
            pass
        case bool():
            target.bool_value = value
        case int():
            target.int_value = value
        case float():
            target.double_value = value
        case str():
            target.string_value = value
        case bytes():
            target.bytes_value = value
        case dict():
            target.kvlist_value.SetInParent()
            add_attributes(target.kvlist_value.values, value)
        case list() | tuple():
            target.array_value.SetInParent()
            for element in value:
                set_value(target.array_value.values.add(), element)
        case _:
            raise TypeError(f"no OTLP value for {value!r}")


def add_attributes(target: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        pair = target.add()
        pair.key = key
        set_value(pair.value, value)


def request(spans: Iterable[dict[str, Any]], scope: str = "everyspan.tests") -> ExportTraceServiceRequest:
    """Flat spans in the order given, one resource for each combination of the resource's keys."""
    result = ExportTraceServiceRequest()
    groups: dict[tuple[Any, ...], Any] = {}
    for span in spans:
        key = tuple(span.get(k) for k in RESOURCE_KEYS)
        if key not in groups:
            resource = result.resource_spans.add()
            add_attributes(resource.resource.attributes, {k: v for k, v in zip(RESOURCE_KEYS, key) if v is not None})
            groups[key] = resource.scope_spans.add()
            groups[key].scope.name = scope
        fill(groups[key].spans.add(), span)
    return result


def fill(target: Span, span: dict[str, Any]) -> None:
    target.trace_id = bytes.fromhex(span["trace_id"])
    target.span_id = bytes.fromhex(span["span_id"])
    target.parent_span_id = bytes.fromhex(span.get("parent_span_id") or "")
    target.name = span["name"]
    target.kind = Span.SpanKind.Value(f"SPAN_KIND_{span.get('kind', 'INTERNAL')}")
    target.start_time_unix_nano = span["start_time_unix_nano"]
    target.end_time_unix_nano = span["end_time_unix_nano"]
    target.status.code = STATUS_CODES[span.get("status", "UNSET")]
    target.status.message = span.get("status_message", "")
    attributes = {k: v for k, v in span.items() if k not in NOT_ATTRIBUTES and k not in RESOURCE_KEYS}
    add_attributes(target.attributes, attributes)


# MARK: comparing


def plain(value: AnyValue) -> Any:
    """A hashable form that keeps what differs: types, order in arrays, every bit of a double."""
    kind = value.WhichOneof("value")
    match kind:
        case None:
            return ("empty",)
        case "array_value":
            return ("array", tuple(plain(v) for v in value.array_value.values))
        case "kvlist_value":
            return ("map", attribute_set(value.kvlist_value.values))
        case "double_value":
            return ("double", struct.pack(">d", value.double_value))
        case _:
            return (kind, getattr(value, kind))


def attribute_set(attributes: Iterable[KeyValue]) -> frozenset[tuple[str, Any]]:
    return frozenset((pair.key, plain(pair.value)) for pair in attributes)


def comparable(body: ExportTraceServiceRequest) -> dict[tuple[bytes, bytes, int], dict[str, Any]]:
    """Each span by trace, id and kind, with its resource and scope, whatever the grouping was."""
    spans = {}
    for resource_spans in body.resource_spans:
        resource = resource_spans.resource
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope
            for span in scope_spans.spans:
                spans[span.trace_id, span.span_id, span.kind] = {
                    "resource": (attribute_set(resource.attributes), resource.dropped_attributes_count, resource_spans.schema_url),
                    "scope": (
                        scope.name, scope.version, attribute_set(scope.attributes), scope.dropped_attributes_count,
                        scope_spans.schema_url),
                    **comparable_span(span),
                }
    return spans


def comparable_span(span: Span) -> dict[str, Any]:
    return {
        "name": span.name, "parent": span.parent_span_id, "state": span.trace_state, "flags": span.flags,
        "times": (span.start_time_unix_nano, span.end_time_unix_nano),
        "status": (span.status.code, span.status.message), "attributes": attribute_set(span.attributes),
        "dropped": (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count),
        "events": sorted(
            (e.time_unix_nano, e.name, e.dropped_attributes_count, sorted(map(repr, attribute_set(e.attributes)))) for e in span.events),
        "links": sorted(
            (link.trace_id, link.span_id, link.trace_state, link.flags, link.dropped_attributes_count,
             sorted(map(repr, attribute_set(link.attributes)))) for link in span.links),
    }
