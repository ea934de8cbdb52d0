"""Requests that the OpenTelemetry Python SDK sent to a recorder, beside the project (EVERYSPAN_SHARED)."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from client import Client

NOT_SENT_AGAIN = ("host", "content-length", "accept-encoding")


def captures(shared: Path, route: str = "/v1/") -> Iterator[dict[str, Any]]:
    for file in sorted((shared / "data" / "sdk-captures").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            capture = json.loads(line)
            if route in capture["line"]:
                yield capture


def request(capture: dict[str, Any]) -> ExportTraceServiceRequest:
    body = bytes.fromhex(capture["hex"])
    encoding = {name.lower(): value for name, value in capture["headers"]}.get("content-encoding")
    if encoding == "gzip":
        body = gzip.decompress(body)
    elif encoding == "deflate":
        body = zlib.decompress(body)
    return ExportTraceServiceRequest.FromString(body)


def replay(client: Client, capture: dict[str, Any]) -> Any:
    method, path, _ = capture["line"].split(" ")
    headers = {name: value for name, value in capture["headers"] if name.lower() not in NOT_SENT_AGAIN}
    return client.request(method, path, bytes.fromhex(capture["hex"]), headers)
