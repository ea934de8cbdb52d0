"""Reading spans back, and saying what differs from what was sent."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from client import Client, HTTPError
from otlp import comparable


def trace(client: Client, trace_id: str | bytes) -> dict[str, Any]:
    return client.json(f"/v1/traces/{as_hex(trace_id)}")


def trace_otlp(client: Client, trace_id: str | bytes) -> ExportTraceServiceRequest:
    response = client.get(f"/v1/traces/{as_hex(trace_id)}", format="otlp")
    if response.status != 200:
        raise HTTPError(response, "GET trace as OTLP")
    assert response.headers["content-type"].startswith("application/x-protobuf")
    body = ExportTraceServiceRequest()  # TracesData has the same fields
    body.ParseFromString(response.body)
    return body


def as_hex(trace_id: str | bytes) -> str:
    return trace_id.hex() if isinstance(trace_id, bytes) else trace_id.lower()


def assert_same_spans(client: Client, sent: ExportTraceServiceRequest) -> None:
    """Every span that was sent is read back as it was, and its traces hold nothing else."""
    expected = comparable(sent)
    got: dict[Any, dict[str, Any]] = {}
    for trace_id in {key[0] for key in expected}:
        got |= comparable(trace_otlp(client, trace_id))
    assert set(got) == set(expected)
    for key, span in expected.items():
        for part, value in span.items():
            assert got[key][part] == value, f"{part} of span {key[1].hex()} ({span['name']})"
