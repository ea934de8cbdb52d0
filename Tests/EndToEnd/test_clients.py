"""What real clients send is read back as it was: the Python SDK, bodies that it sent elsewhere, and the
examples of the protocol's own repository."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

import readback
from captures import captures, replay, request
from server import Server

NESTED: dict[str, Any] = {
    "request": {"messages": [{"role": "user", "parts": ["a", {"deep": [1, 2.5, None, True]}]}], "empty": {}},
    "mixed": [1, "one", 1.0, False, b"\x00\xff", ["nested"], {}],
    "none": None, "blank": "", "no elements": [], "bytes": b"\xff\xfe", "big": 2**63 - 1, "small": -(2**63),
    "float": 0.1, "minus zero": -0.0, "text": "Grüße, 世界 \U0001f600",
}


def an_agent_run(tracer: trace.Tracer) -> None:
    """An agent that retrieves, asks a model, calls a tool that fails, and asks again."""
    with tracer.start_as_current_span("invoke_agent travel", kind=trace.SpanKind.SERVER) as agent:
        agent.set_attributes({"gen_ai.operation.name": "invoke_agent", "tenant.id": "acme", "session.id": "s-1"})
        with tracer.start_as_current_span("retrieve") as retrieval:
            retrieval.set_attribute("gen_ai.retrieval.document.ids", ["doc-1", "doc-2", "doc-1"])
        with tracer.start_as_current_span("chat gpt-4o", kind=trace.SpanKind.CLIENT) as chat:
            chat.set_attributes({"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 12} | NESTED)
            chat.add_event("gen_ai.choice", {"finish_reason": "tool_calls", "nested": {"index": 0}})
        link = trace.Link(chat.get_span_context(), {"why": "asked for it"})
        with tracer.start_as_current_span("execute_tool book", links=[link]) as tool:
            tool.set_attribute("gen_ai.tool.name", "book")
            tool.record_exception(ValueError("no seats"))
            tool.set_status(Status(StatusCode.ERROR, "no seats"))


@pytest.mark.parametrize("compression", list(Compression), ids=lambda c: c.name)
def test_the_python_sdk(server: Server, compression: Compression) -> None:
    provider = TracerProvider(resource=Resource.create({"service.name": "travel", "limits": {"tokens": 10}}))
    kept = InMemorySpanExporter()
    exporter = OTLPSpanExporter(endpoint=f"{server.url}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    an_agent_run(provider.get_tracer("travel.agent", "1.2.3", "https://example.org/schema", {"a": "scope"}))
    assert provider.force_flush()
    provider.shutdown()
    spans = kept.get_finished_spans()
    assert len(spans) == 4
    with server.client() as client:
        readback.assert_same_spans(client, encode_spans(spans))
        failing = client.json("/v1/slices", by="tool", where=f"trace_id = {trace_id(spans[0])}")["rows"]
    assert [(row["slice"]["tool"], row["count"]) for row in failing] == [("book", 1)]


def trace_id(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def test_what_the_sdk_sent_elsewhere(server: Server, shared: Path) -> None:
    """Plain, gzip and deflate; some of the bodies hold spans of one trace."""
    everything = ExportTraceServiceRequest()
    with server.client() as client:
        for capture in captures(shared):
            response = replay(client, capture)
            assert response.status == 200, response.body
            if "/v1/traces" in capture["line"]:
                everything.MergeFrom(request(capture))
        assert len(everything.resource_spans) == 7
        readback.assert_same_spans(client, everything)


def example(shared: Path, name: str) -> bytes:
    return (shared / "data" / "otlp-examples" / name).read_bytes()


def with_base64_ids(value: Any) -> Any:
    """OTLP writes ids in hex where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_base64_ids(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {
        k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId") else with_base64_ids(v)
        for k, v in value.items()
    }


def test_the_protocols_example_of_a_trace(server: Server, shared: Path) -> None:
    body = example(shared, "trace.json")
    sent = json_format.ParseDict(with_base64_ids(json.loads(body)), ExportTraceServiceRequest())
    with server.client() as client:
        response = client.post("/v1/traces", body, "application/json")
        assert (response.status, response.json()) == (200, {})
        readback.assert_same_spans(client, sent)


def test_the_protocols_example_of_metrics(server: Server, shared: Path) -> None:
    metrics = json.loads(example(shared, "metrics.json"))
    points = sum(
        len(data["dataPoints"])
        for r in metrics["resourceMetrics"] for s in r["scopeMetrics"] for m in s["metrics"]
        for data in m.values() if isinstance(data, dict) and "dataPoints" in data)
    with server.client() as client:
        response = client.post("/v1/metrics", json.dumps(metrics).encode(), "application/json")
    assert response.status == 200
    answer = json_format.ParseDict(response.json(), ExportMetricsServiceResponse())
    assert answer.partial_success.rejected_data_points == points
    assert answer.partial_success.error_message


@pytest.mark.parametrize("name", ["logs.json", "events.json"])
def test_the_protocols_examples_of_logs(server: Server, shared: Path, name: str) -> None:
    """A record with a trace id is kept, another is refused and counted."""
    logs = json.loads(example(shared, name))
    records = [r for rl in logs["resourceLogs"] for s in rl["scopeLogs"] for r in s["logRecords"]]
    refused = sum(1 for r in records if not r.get("traceId"))
    with server.client() as client:
        response = client.post("/v1/logs", json.dumps(logs).encode(), "application/json")
    assert response.status == 200
    answer = json_format.ParseDict(response.json(), ExportLogsServiceResponse())
    assert answer.partial_success.rejected_log_records == refused
