"""docs/STORAGE.md is enough to read a partition: its reader, taken from the page, gives what was sent."""

from __future__ import annotations

import json
import re
import sqlite3
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

import workload
from client import PROTOBUF
from otlp import request, set_value
from server import ROOT, Server
from test_otlp_http import VALUES

START = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = (ROOT / "docs" / "STORAGE.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    path = tmp_path_factory.mktemp("reader") / "everyspan_reader.py"
    path.write_text(blocks[0])
    return path


def read(reader: Path, data: Path) -> Iterator[dict[str, Any]]:
    scope: dict[str, Any] = {"__name__": "reader"}
    exec(compile(reader.read_text(), reader, "exec"), scope)
    for file in sorted((data / "partitions").glob("*.sqlite")):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            yield from scope["spans"](database)


def is_same(got: Any, sent: AnyValue) -> bool:
    """What the reader gives for an attribute; it leaves arrays and maps as the bytes of their message."""
    match sent.WhichOneof("value"):
        case None:
            return got is None
        case "double_value":
            return struct.pack("d", got) == struct.pack("d", sent.double_value)
        case "array_value":
            texts = [v.string_value for v in sent.array_value.values if v.HasField("string_value")]
            if texts and len(texts) == len(sent.array_value.values):
                return got == texts
            return ArrayValue.FromString(got).SerializeToString() == sent.array_value.SerializeToString()
        case "kvlist_value":
            return KeyValueList.FromString(got).SerializeToString() == sent.kvlist_value.SerializeToString()
        case kind:
            return got == getattr(sent, kind)


def assert_same(got: dict[str, Any], sent: Any, what: str) -> None:
    expected = {pair.key: pair.value for pair in sent.attributes}
    assert set(got.get("attributes", {})) == set(expected), what
    for key, value in expected.items():
        assert is_same(got["attributes"][key], value), f"{key} of {what}: {got['attributes'][key]!r} for {value}"


def check(reader: Path, server: Server, sent: list[ExportTraceServiceRequest]) -> None:
    found = list(read(reader, server.data))
    spans = {(s["trace_id"], s["span_id"] % 2**64): s for s in found}
    assert len(found) == len(spans) == sum(len(ss.spans) for r in sent for rs in r.resource_spans for ss in rs.scope_spans)
    for body in sent:
        for resource_spans in body.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    got = spans[span.trace_id, int.from_bytes(span.span_id, "big")]
                    assert (got["name"], got.get("kind", 0), got.get("status", 0)) == (span.name, span.kind, span.status.code)
                    assert got["start"] == span.start_time_unix_nano
                    assert got["start"] + got.get("duration", 0) == span.end_time_unix_nano
                    assert got.get("parent_span_id", 0) % 2**64 == int.from_bytes(span.parent_span_id, "big")
                    assert_same(got, span, "span")
                    assert_same(got["resource"], resource_spans.resource, "resource")
                    assert_same(got["scope"], scope_spans.scope, "scope")
                    assert [e["name"] for e in got.get("events", [])] == [e.name for e in span.events]
                    for event, sent_event in zip(got.get("events", []), span.events):
                        assert_same(event, sent_event, "event")
                    assert [k["trace_id"] for k in got.get("links", [])] == [k.trace_id for k in span.links]


def odd_spans() -> ExportTraceServiceRequest:
    """Every shape of a value, on every carrier."""
    body = request({"trace_id": f"{n:032x}", "span_id": f"{n:016x}", "name": f"odd {n}", "start_time_unix_nano": START,
                    "end_time_unix_nano": START + n, "value": value} for n, value in enumerate(VALUES, 1))
    for span, value in zip(body.resource_spans[0].scope_spans[0].spans, VALUES):
        for carrier in (span.events.add(name="event").attributes, span.links.add(trace_id=b"\x07" * 16, span_id=b"\x08" * 8).attributes):
            pair = carrier.add(key="value")
            pair.value.SetInParent()
            set_value(pair.value, value)
    return body


def test_the_page_is_enough(fresh_server: Server, reader: Path) -> None:
    """Small, merged, and with rows deleted: some of it is sent twice."""
    standard = list(workload.read(workload.ndjson(20_000)))
    bodies = [request(standard[i:i + 700]) for i in range(0, len(standard), 700)] + [odd_spans()]
    with fresh_server.client() as client:
        for body in bodies[:12] + bodies[5:]:
            client.ingest("/v1/traces", body.SerializeToString(), PROTOBUF)
        check(reader, fresh_server, bodies)
        fresh_server.wait_until_merged()
        check(reader, fresh_server, bodies)
        for body in bodies[:3]:
            ended_later = ExportTraceServiceRequest.FromString(body.SerializeToString())
            for span in ended_later.resource_spans[0].scope_spans[0].spans:
                span.end_time_unix_nano += 1
            client.ingest("/v1/traces", ended_later.SerializeToString(), PROTOBUF)
            body.CopyFrom(ended_later)
        check(reader, fresh_server, bodies)


def test_the_page_is_enough_for_counts(fresh_server: Server, reader: Path) -> None:
    """Counts of raw keys, read as the page says, are those of the spans."""
    spans = list(workload.read(workload.ndjson(20_000)))
    with fresh_server.client() as client:
        for at in range(0, len(spans), 1_000):
            client.ingest("/v1/traces", request(spans[at:at + 1_000]).SerializeToString(), PROTOBUF)
    fresh_server.wait_until_counted()
    scope: dict[str, Any] = {"__name__": "reader"}
    exec(compile(reader.read_text(), reader, "exec"), scope)
    found: dict[tuple[str, str], Counter[Any]] = {}
    of_traces: dict[tuple[str, str], Counter[Any]] = {}
    days, held = set(), Counter()
    for file in (fresh_server.data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database:
            for _, origin, name, values in scope["value_counts"](database):
                days.add(file.stem)
                for value, (count, failures, traces, failed_traces) in values.items():
                    into = found.setdefault((origin, name), Counter())
                    into.update({(value, "spans"): count, (value, "failures"): failures, (value, "traces"): traces, (value, "failed"): failed_traces})
            for _, origin, name, traces in scope["trace_values"](database):
                of_traces.setdefault((origin, name), Counter()).update(value for values in traces for value in values)
            for (end,) in database.execute("SELECT spans FROM segment WHERE id IN (SELECT segment FROM segment_count)"):
                held[file.stem] += end
    # Traces that lie in several segments are not counted in any; in this workload none does but over midnight.
    traces_of: dict[str, set[str]] = {}
    for span in spans:
        traces_of.setdefault(span["trace_id"], set()).add(day(span))
    counted = [s for s in spans if len(traces_of[s["trace_id"]]) == 1 and day(s) in days]
    assert len(counted) > 15_000, held
    failed_roots = {s["trace_id"] for s in counted if not s.get("parent_span_id") and s["status"] == "ERROR"}
    for key in ("tenant.id", "prompt.template.version", "gen_ai.response.model", "session.id"):
        expected: Counter[Any] = Counter()
        values_of: dict[str, set[bytes]] = {}
        for span in counted:
            value = b"\x01" + span[key].encode() if key in span else None
            expected.update({(value, "spans"): 1, (value, "failures"): int(span["status"] == "ERROR")})
            values_of.setdefault(span["trace_id"], set()).update({value} if value else set())
        for trace, values in values_of.items():
            for value in values or {None}:
                expected.update({(value, "traces"): 1, (value, "failed"): int(trace in failed_roots)})
        assert +found["attribute", key] == +expected, key
        # Stored of all traces, those that are not counted too.
        missing = Counter({value: n for (value, kind), n in expected.items() if kind == "traces"})
        missing.subtract(of_traces["attribute", key])
        assert max(missing.values()) <= 0 and sum(missing.values()) >= -len(spans) // 1_000, key


def day(span: dict[str, Any]) -> str:
    return datetime.fromtimestamp(int(span["start_time_unix_nano"]) / 1e9, UTC).strftime("%Y-%m-%d")


def test_the_reader_is_a_command(fresh_server: Server, reader: Path) -> None:
    with fresh_server.client() as client:
        client.ingest("/v1/traces", odd_spans().SerializeToString(), PROTOBUF)
    file = next((fresh_server.data / "partitions").glob("*.sqlite"))
    printed = subprocess.run([sys.executable, reader, file], check=True, capture_output=True, text=True).stdout
    assert len(printed.splitlines()) == len(VALUES)


def test_more_days_than_files_can_be_open(executable: Path) -> None:
    """Files are closed and opened again as they are needed; one that is closed is whole without its log."""
    day, days = 86_400 * 10**9, 150
    now = time.time_ns()
    with Server(executable, open_files_max=700) as server:
        with server.client() as client:
            for number in range(2):
                for ago in range(days):
                    span = {"name": "a", "ago": ago, "start_time_unix_nano": now - ago * day - number, "end_time_unix_nano": now - ago * day}
                    assert client.post("/v1/spans", json.dumps(span).encode()).status == 200
            for _ in range(2):
                rows = client.json("/v1/slices", by="ago", unit="span", from_=0, limit="all", format="rows")
                assert {row["ago"]: row["count"] for row in rows} == dict.fromkeys(range(days), 2)
        server.wait_until_merged()
        files = sorted((server.data / "partitions").glob("*.sqlite"))
        closed = [file for file in files if bytes_of_log(file) == 0]
        assert len(files) == days and len(closed) > days - 60
        server.restart()
        with server.client() as client:
            assert client.json("/v1/slices", unit="span", from_=0)["total"]["count"] == 2 * days
        with closing(sqlite3.connect(f"file:{closed[0]}?immutable=1", uri=True)) as database:
            assert database.execute("SELECT sum(spans) FROM live_segment").fetchone() == (2,)


def bytes_of_log(file: Path) -> int:
    log = file.with_name(file.name + "-wal")
    return log.stat().st_size if log.exists() else 0


@pytest.mark.parametrize("view,columns", [
    ("live_segment", ["id", "format", "spans", "traces", "ordered", "mapping", "starts_from", "starts_to", "bytes"]),
    ("column_size", ["tbl", "origin", "key", "type", "present", "bytes"])])
def test_views(fresh_server: Server, view: str, columns: list[str]) -> None:
    with fresh_server.client() as client:
        client.ingest("/v1/traces", odd_spans().SerializeToString(), PROTOBUF)
    fresh_server.wait_until_merged()
    with closing(sqlite3.connect(next((fresh_server.data / "partitions").glob("*.sqlite")))) as database:
        rows = database.execute(f"SELECT * FROM {view}")
        assert [c[0] for c in rows.description] == columns
        found = rows.fetchall()
    assert found and all(row[-1] > 0 for row in found)
    if view == "live_segment":
        assert sum(row[2] for row in found) == len(VALUES)
