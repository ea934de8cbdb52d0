"""What exporters do and expect, over HTTP: encodings, codings, partial success, retries, odd data, CORS.
The readers' own tests have the details of each message."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

import readback
from client import JSON, PROTOBUF
from otlp import request, set_value
from raw import chunked, exchange, head
from server import Server, wait_for

START = 1_790_000_000_000_000_000
BODY_MAX = 64 << 20


def a_span(**fields: Any) -> dict[str, Any]:
    span = {"trace_id": os.urandom(16).hex(), "span_id": os.urandom(8).hex(), "name": "chat",
            "start_time_unix_nano": START, "end_time_unix_nano": START + 1_000_000}
    return span | fields


def a_body(count: int = 1) -> tuple[str, ExportTraceServiceRequest]:
    """One trace of several spans."""
    trace = os.urandom(16).hex()
    return trace, request(a_span(trace_id=trace, name=f"step {n}") for n in range(count))


def spans_of(server: Server, trace: str) -> list[str]:
    with server.client() as client:
        response = client.get(f"/v1/traces/{trace}")
        return [span["name"] for span in response.json()["spans"]] if response.status == 200 else []


def post(server: Server, body: bytes, content_type: str | None = PROTOBUF, path: str = "/v1/traces", **headers: str) -> Any:
    with server.client() as client:
        return client.post(path, body, content_type, **headers)


# MARK: 1. nothing at all


EMPTY_ENVELOPES = ['{}', '{"resourceSpans":[]}', '{"resourceSpans":[{}]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}']


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics", "/v1/traces/"])
def test_an_empty_request_is_a_full_success(server: Server, path: str) -> None:
    binary = post(server, b"", path=path)
    assert (binary.status, binary.body, binary.headers["content-type"]) == (200, b"", PROTOBUF)
    assert binary.headers["content-length"] == "0"
    text = post(server, b"{}", JSON, path)
    assert (text.status, text.body, text.headers["content-type"]) == (200, b"{}", JSON)


@pytest.mark.parametrize("body", EMPTY_ENVELOPES)
def test_empty_envelopes(server: Server, body: str) -> None:
    message = ExportTraceServiceRequest()
    for resource in json.loads(body).get("resourceSpans", []):
        spans = message.resource_spans.add()
        for _ in resource.get("scopeSpans", []):
            spans.scope_spans.add()
    assert post(server, message.SerializeToString()).body == b""
    assert post(server, body.encode(), JSON).json() == {}


# MARK: 2. content types


@pytest.mark.parametrize("content_type", [
    "application/x-protobuf", "APPLICATION/X-PROTOBUF", "application/x-protobuf; charset=utf-8", "application/protobuf",
    "application/vnd.google.protobuf", "application/x-protobuf;foo=\"a;b\""])
def test_content_types_of_protobuf(server: Server, content_type: str) -> None:
    trace, body = a_body()
    response = post(server, body.SerializeToString(), content_type)
    assert response.status == 200, response.body
    assert spans_of(server, trace) == ["step 0"]


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"])
def test_content_types_of_json(server: Server, content_type: str) -> None:
    assert post(server, b"{}", content_type).body == b"{}"


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-protobuf2", "application/jsonx", "json", "*/*"])
def test_other_content_types(server: Server, content_type: str | None) -> None:
    trace, body = a_body()
    response = post(server, body.SerializeToString(), content_type)
    assert response.status == 415
    assert "application/x-protobuf" in response.json()["error"]["message"]
    assert spans_of(server, trace) == []


def test_json_under_the_name_of_protobuf_is_named(server: Server) -> None:
    response = post(server, b'{"resourceSpans":[]}')
    assert response.status == 400
    assert b"'{'" in response.body


# MARK: 3. content codings


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


CODINGS = {
    "gzip": gzip.compress, "x-gzip": gzip.compress, "GZip": gzip.compress, "deflate": zlib.compress,
    "deflate ": raw_deflate, "identity": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings(server: Server, coding: str) -> None:
    trace, body = a_body(3)
    response = post(server, CODINGS[coding](body.SerializeToString()), Content_Encoding=coding)
    assert (response.status, response.body) == (200, b"")
    assert len(spans_of(server, trace)) == 3


def test_gzip_of_several_members(server: Server) -> None:
    trace, body = a_body(3)
    plain = body.SerializeToString()
    response = post(server, gzip.compress(plain[:50]) + gzip.compress(plain[50:]), Content_Encoding="gzip")
    assert response.status == 200
    assert len(spans_of(server, trace)) == 3


@pytest.mark.parametrize("coding,pack", [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)])
def test_a_body_that_is_cut_or_followed_by_more(server: Server, coding: str, pack: Any) -> None:
    trace, body = a_body(3)
    packed = pack(body.SerializeToString())
    for damaged in (packed[:-1], packed[: len(packed) // 2], packed[:1], packed + b"x"):
        response = post(server, damaged, Content_Encoding=coding)
        assert (response.status, response.headers["content-type"]) == (400, PROTOBUF)
        assert b"inflate" in response.body
    assert spans_of(server, trace) == []


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip, gzip", "gzip2"])
def test_other_codings(server: Server, coding: str) -> None:
    response = post(server, b"x", Content_Encoding=coding)
    assert response.status == 415
    assert b"gzip" in response.body


def zeros(count: int) -> bytes:
    """A gzip of so many zeros; a 1,029th of its size."""
    return gzip.compress(bytes(count), 9)


def test_a_body_that_inflates_to_the_limit_and_one_byte_more(executable: Any) -> None:
    """One field of zeros that no reader knows: valid protobuf of the largest size there may be."""
    with Server(executable) as server:
        for size, status in ((BODY_MAX, 200), (BODY_MAX + 1, 413)):
            length = size - 5
            field = b"\x7a" + varint(length)
            assert len(field) == 5
            response = post(server, gzip.compress(field + bytes(length), 9), Content_Encoding="gzip")
            assert response.status == status, response.body[:200]
        bomb = zeros(BODY_MAX + 1)
        before = server.peak_rss()
        threads = [threading.Thread(target=post, args=(server, bomb), kwargs={"Content_Encoding": "gzip"}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # As many as there are cores inflate at once, each up to the limit and a buffer that grows by doubling.
        assert server.peak_rss() - before < 8 * BODY_MAX
        assert post(server, b"").status == 200


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def test_a_raw_body_at_the_limit_and_one_byte_more(executable: Any) -> None:
    with Server(executable, options=("--body-bytes-max", "100000")) as server:
        body = b'{"x":"' + b"a" * (100_000 - 8) + b'"}'
        assert post(server, body, JSON).status == 200
        with server.client() as client:
            assert client.post("/v1/traces", body + b" ", JSON).status == 413
        too_long = exchange(server, [head("POST", "/v1/traces", f"Content-Type: {JSON}", "Transfer-Encoding: chunked"),
                                     b"186a1\r\n" + body + b" \r\n0\r\n\r\n"])
        assert too_long[0].status == 413
        # Such requests never reach a route; they are counted after their answer.
        wait_for(lambda: ledger(server).get("request.refused") == 2)


def ledger(server: Server) -> dict[str, int]:
    with server.client() as client:
        return client.json("/v1/status")["ledger"]


# MARK: 4. ways to send a body (the HTTP module's tests have more)


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_chunked_bodies(server: Server, coding: str | None) -> None:
    trace, body = a_body(2)
    content = gzip.compress(body.SerializeToString()) if coding else body.SerializeToString()
    fields = [f"Content-Type: {PROTOBUF}", "Transfer-Encoding: chunked"] + ([f"Content-Encoding: {coding}"] if coding else [])
    answer = exchange(server, [head("POST", "/v1/traces", *fields), chunked(content)])[0]
    assert (answer.status, answer.body) == (200, b"")
    assert len(spans_of(server, trace)) == 2


def test_the_upgrade_that_java_offers_is_ignored(server: Server) -> None:
    upgrade = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"]
    answer = exchange(server, [head("POST", "/v1/traces", f"Content-Type: {JSON}", "Content-Length: 2", *upgrade), b"{}"])[0]
    assert (answer.status, answer.body) == (200, b"{}")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods(server: Server, method: str) -> None:
    with server.client() as client:
        response = client.request(method, "/v1/logs")
    assert response.status == 405
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/", "/v1/trace", "/v1development/profiles", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"])
def test_other_paths_say_where_to(server: Server, path: str) -> None:
    response = post(server, b"", path=path)
    assert response.status == 404
    assert b"/v1/traces" in response.body


# MARK: 5. partial success


def test_one_bad_span_of_ten_costs_only_itself(server: Server) -> None:
    trace, body = a_body(10)
    body.resource_spans[0].scope_spans[0].spans[4].span_id = b"short"
    response = post(server, body.SerializeToString())
    assert response.status == 200
    reply = ExportTraceServiceResponse.FromString(response.body)
    assert reply.partial_success.rejected_spans == 1
    assert "spanId" in reply.partial_success.error_message
    assert sorted(spans_of(server, trace)) == sorted(f"step {n}" for n in range(10) if n != 4)


def test_the_same_as_json(server: Server) -> None:
    trace = os.urandom(16).hex()
    spans = [{"traceId": trace, "spanId": f"{n:016x}", "name": f"step {n}", "startTimeUnixNano": str(START)} for n in range(10)]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    response = post(server, json.dumps(body).encode(), JSON)  # the id of the first is all zeros
    partial = response.json()["partialSuccess"]
    assert (response.status, partial["rejectedSpans"]) == (200, "1")
    assert "spans[0]" in partial["errorMessage"]
    assert len(spans_of(server, trace)) == 9


def test_refused_spans_are_counted(fresh_server: Server) -> None:
    _, body = a_body(10)
    body.resource_spans[0].scope_spans[0].spans[4].trace_id = b""
    post(fresh_server, body.SerializeToString())
    with fresh_server.client() as client:
        assert client.json("/v1/status")["ledger"]["span.invalid_trace_id"] == 1


def test_logs_sent_to_the_wrong_route(server: Server) -> None:
    """The two have the same fields down to the record, so the body decodes, to spans without ids."""
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = "hello"
    response = post(server, logs.SerializeToString())
    assert response.status in (200, 400)
    if response.status == 200:
        assert ExportTraceServiceResponse.FromString(response.body).partial_success.rejected_spans == 1


# MARK: 6. values


def nested(levels: int, value: Any) -> Any:
    for level in range(levels):
        value = {"k": value} if level % 2 else [value]
    return value


def nested_list(levels: int, value: Any) -> Any:
    return [nested_list(levels - 1, value)] if levels else value


# Python's decoder takes 100 messages within each other, and a map is three. The readers' own tests go to our limit.
VALUES: list[Any] = [
    None, "", "text", True, False, 0, -1, 2**63 - 1, -(2**63), 0.0, -0.0, 1e-308, float("inf"), float("nan"), b"", b"\x00\xff",
    [], ["a", "b", "a"], [1, "1", 1.0, None, b"x", [], {}], [[["deep"]]], {}, {"": "no name", "a": {"b": {"c": [1]}}},
    nested(30, "bottom"), nested_list(40, 1), "\x00", "\U0001f600" * 1000, "x" * 300_000,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: repr(v)[:30])
def test_every_shape_of_a_value_on_every_carrier(server: Server, value: Any) -> None:
    body = request([a_span(value=value)])
    spans = body.resource_spans[0].scope_spans[0]
    span = spans.spans[0]
    event, link = span.events.add(name="event", time_unix_nano=START), span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    for carrier in (body.resource_spans[0].resource.attributes, spans.scope.attributes, event.attributes, link.attributes):
        pair = carrier.add(key="value")
        pair.value.SetInParent()
        set_value(pair.value, value)
    assert post(server, body.SerializeToString()).status == 200
    with server.client() as client:
        readback.assert_same_spans(client, body)


def test_of_equal_keys_the_last_wins_and_is_counted(fresh_server: Server) -> None:
    body = request([a_span(k="first")])
    span = body.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.add(key="k").value.string_value = "last"
    post(fresh_server, body.SerializeToString())
    with fresh_server.client() as client:
        read = readback.trace_otlp(client, span.trace_id).resource_spans[0].scope_spans[0].spans[0]
        assert [(a.key, a.value.string_value) for a in read.attributes] == [("k", "last")]
        assert client.json("/v1/status")["ledger"]["attribute.duplicate_key"] == 1


def test_text_that_is_not_utf8_is_repaired_and_counted(fresh_server: Server) -> None:
    body = request([a_span(k="before MARK after")]).SerializeToString().replace(b"MARK", b"\xff\xc3\x28\xfe")
    assert post(fresh_server, body).status == 200
    with fresh_server.client() as client:
        row = client.json("/v1/slices", by="k", from_=0)["rows"][0]
        assert row["slice"]["k"] == b"before \xff\xc3\x28\xfe after".decode(errors="replace")
        assert client.json("/v1/status")["ledger"]["text.invalid_utf8"] == 1


# MARK: 7. JSON as it is really sent


def json_span(members: str) -> bytes:
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[{%s}]}]}]}' % members.encode()


@pytest.mark.parametrize("members", [
    '"traceId":"%T","spanId":"0102030405060708","startTimeUnixNano":1790000000000000000,"endTimeUnixNano":"1790000000001000000"',
    '"traceId":"%T","spanId":"0102030405060708","startTimeUnixNano":1.79e18,"endTimeUnixNano":"1.790000000001e18"',
    '"trace_id":"%T","span_id":"0102030405060708","start_time_unix_nano":"1790000000000000000","end_time_unix_nano":"1790000000001000000"',
    '"traceId":"%B","spanId":"AQIDBAUGBwg=","startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000000001000000"',
    '"traceId":"%T","spanId":"0102030405060708","startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000000001000000",'
    '"parentSpanId":null,"name":null,"attributes":null,"events":null,"status":null,"unknown":{"deep":[{"er":[1,2,{}]}]}',
])
def test_spellings_of_json(server: Server, members: str) -> None:
    trace = os.urandom(16)
    body = json_span(members.replace("%T", trace.hex().upper()).replace("%B", base64.b64encode(trace).decode()))
    assert post(server, body, JSON).json() == {}
    with server.client() as client:
        span = readback.trace(client, trace)["spans"][0]
    assert (span["span_id"], span["start_time_unix_nano"], span["end_time_unix_nano"]) == (
        "0102030405060708", "1790000000000000000", "1790000000001000000")


@pytest.mark.parametrize("kind,code", [("2", "2"), ('"SPAN_KIND_SERVER"', '"STATUS_CODE_ERROR"'), ('"2"', '"2"')])
def test_names_and_numbers_of_enumerations(server: Server, kind: str, code: str) -> None:
    trace = os.urandom(16).hex()
    body = json_span(f'"traceId":"{trace}","spanId":"0102030405060708","kind":{kind},"status":{{"code":{code}}},"startTimeUnixNano":"{START}"')
    assert post(server, body, JSON).json() == {}
    with server.client() as client:
        span = readback.trace(client, trace)["spans"][0]
    assert (span["kind"], span["status"].lower()) == ("SERVER", "error")


@pytest.mark.parametrize("value,read", [
    ('{"doubleValue":"NaN"}', "nan"), ('{"doubleValue":"Infinity"}', "inf"), ('{"doubleValue":"-Infinity"}', "-inf"),
    ('{"intValue":1e+21}', "1e+21"), ('{"intValue":"9223372036854775807"}', "9223372036854775807"), ('{"doubleValue":null}', None),
    ('{"bytesValue":"_-8"}', b"\xff\xef"), ('{"stringValue":"\\ud800"}', "\ufffd"),
])
def test_odd_values_of_json(server: Server, value: str, read: Any) -> None:
    trace = os.urandom(16)
    members = f'"traceId":"{trace.hex()}","spanId":"0102030405060708","startTimeUnixNano":"{START}","attributes":[{{"key":"k","value":{value}}}]'
    assert post(server, json_span(members), JSON).json() == {}
    with server.client() as client:
        got = readback.trace_otlp(client, trace).resource_spans[0].scope_spans[0].spans[0].attributes[0].value
    kind = got.WhichOneof("value")
    assert (None if kind is None else getattr(got, kind) if kind in ("bytes_value", "string_value") else str(getattr(got, kind))) == read


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"resourceSpans":{}}', b'{"resourceSpans":[{]}', b"\xef\xbb\xbf{", b"NaN", b'{"a":1}{"b":2}'])
def test_json_that_is_none(server: Server, body: bytes) -> None:
    response = post(server, body, JSON)
    assert (response.status, response.headers["content-type"]) == (400, JSON)
    assert response.json()["code"] == 3 and response.json()["message"]


def test_a_byte_order_mark(server: Server) -> None:
    assert post(server, b"\xef\xbb\xbf{}", JSON).json() == {}


# MARK: 8. retries


def test_a_storm_of_retries_is_stored_once(fresh_server: Server) -> None:
    trace, body = a_body(50)
    plain = body.SerializeToString()
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(post(fresh_server, plain).status)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 5
    assert len(spans_of(fresh_server, trace)) == 50
    with fresh_server.client() as client:
        assert client.json("/v1/slices", unit="span", from_=0)["total"]["count"] == 50
        assert client.json("/v1/status")["ledger"]["span.duplicate"] == 200


def test_old_spans_sent_again_with_new_ones(fresh_server: Server) -> None:
    """As Swift's exporter does: a batch that failed is sent again, glued to the next."""
    trace = os.urandom(16).hex()
    spans = [a_span(trace_id=trace, name=f"step {n}") for n in range(6)]
    for part in (spans[:3], spans[1:5], spans):
        assert post(fresh_server, request(part).SerializeToString()).status == 200
    assert sorted(spans_of(fresh_server, trace)) == [f"step {n}" for n in range(6)]


def test_the_copy_that_ended_stays(fresh_server: Server) -> None:
    """Whichever comes first, in one request or several, merged or not."""
    pending, ended = a_span(name="pending", end_time_unix_nano=0), a_span(name="ended")
    ended |= {k: pending[k] for k in ("trace_id", "span_id")}
    for order in ((pending, ended), (ended, pending), (ended, ended, pending)):
        for span in order:
            post(fresh_server, request([span]).SerializeToString())
        post(fresh_server, request(order).SerializeToString())
        assert spans_of(fresh_server, pending["trace_id"]) == ["ended"]
    fresh_server.wait_until_merged()
    post(fresh_server, request([pending]).SerializeToString())
    assert spans_of(fresh_server, pending["trace_id"]) == ["ended"]


def test_the_two_halves_of_a_shared_span_are_two(server: Server) -> None:
    client_half = a_span(kind="CLIENT", name="client")
    server_half = client_half | {"kind": "SERVER", "name": "server"}
    post(server, request([client_half, server_half]).SerializeToString())
    assert sorted(spans_of(server, client_half["trace_id"])) == ["client", "server"]


# MARK: 11. browsers


@pytest.fixture(scope="module")
def cors_server(executable: Any) -> Iterator[Server]:
    with Server(executable, options=("--cors-origins", "https://app.example.com, https://*.example.org")) as running:
        yield running


@pytest.mark.parametrize("origin,allowed", [
    ("https://app.example.com", True), ("https://a.b.example.org", True), ("https://.example.org", False),
    ("https://evil.com", False), ("https://app.example.com.evil.com", False), ("null", False)])
def test_a_browser_asks_and_sends(cors_server: Server, origin: str, allowed: bool) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-team"}
    expected = origin if allowed else None
    with cors_server.client() as client:
        preflight = client.request("OPTIONS", "/v1/traces", headers=asks)
        assert preflight.status == 204
        assert preflight.headers.get("access-control-allow-origin") == expected
        assert ("x-team" in preflight.headers.get("access-control-allow-headers", "")) == allowed
        for body, status in ((b"{}", 200), (b"{", 400)):
            response = client.post("/v1/traces", body, JSON, Origin=origin)
            assert (response.status, response.headers.get("access-control-allow-origin")) == (status, expected)
            assert ("Retry-After" in response.headers.get("access-control-expose-headers", "")) == allowed
        refused = client.post("/v1/traces", b"{}", "text/plain", Origin=origin)
        assert (refused.status, refused.headers.get("access-control-allow-origin")) == (415, expected)


def test_without_origins_nobody_is_allowed(server: Server) -> None:
    response = post(server, b"{}", JSON, Origin="https://app.example.com")
    assert "access-control-allow-origin" not in response.headers


# MARK: 12. order of arrival


def test_children_before_their_parents_and_without(server: Server) -> None:
    trace = os.urandom(16).hex()
    ids = [f"{n:016x}" for n in range(1, 5)]
    root = a_span(trace_id=trace, span_id=ids[0], name="root", tenant="acme")
    child = a_span(trace_id=trace, span_id=ids[1], parent_span_id=ids[0], name="child", start_time_unix_nano=START + 10)
    grandchild = a_span(trace_id=trace, span_id=ids[2], parent_span_id=ids[1], name="grandchild", start_time_unix_nano=START + 5)
    orphan = a_span(trace_id=trace, span_id=ids[3], parent_span_id="f" * 16, name="orphan", start_time_unix_nano=START + 20)
    for part in ([grandchild, orphan], [child], [root]):
        assert post(server, request(part).SerializeToString()).status == 200
    assert spans_of(server, trace) == ["root", "child", "grandchild", "orphan"]
    with server.client() as client:
        rows = client.json("/v1/slices", by="tenant", unit="span", from_=0, where=f"trace_id = {trace} and not name = root")["rows"]
    # The orphan has no ancestor here, but the trace has only one tenant.
    assert [(row["slice"]["tenant"], row["count"]) for row in rows] == [("acme", 3)]


# MARK: 13, 14. logs and metrics


def test_logs_are_kept_with_a_trace_or_as_genai_events(fresh_server: Server) -> None:
    logs = ExportLogsServiceRequest()
    records = logs.resource_logs.add().scope_logs.add().log_records
    records.add(event_name="gen_ai.evaluation.result", trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    by_response = records.add(event_name="gen_ai.evaluation.result")
    by_response.attributes.add(key="gen_ai.response.id").value.string_value = "resp-1"
    records.add(trace_id=b"\x03" * 16).body.string_value = "said within a trace"
    records.add().body.string_value = "said anywhere"
    for _ in range(2):
        response = post(fresh_server, logs.SerializeToString(), path="/v1/logs")
        assert response.status == 200
        assert ExportLogsServiceResponse.FromString(response.body).partial_success.rejected_log_records == 1
    assert kept_logs(fresh_server) == 3


def kept_logs(server: Server) -> int:
    total = 0
    for file in (server.data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            total += database.execute("SELECT count(*) FROM log_record").fetchone()[0]
    return total


def test_metrics_are_counted_and_refused(fresh_server: Server) -> None:
    metrics = ExportMetricsServiceRequest()
    scope = metrics.resource_metrics.add().scope_metrics.add()
    scope.metrics.add(name="a").sum.data_points.add(as_int=1)
    for _ in range(3):
        scope.metrics.add(name="b").gauge.data_points.add(as_double=1)
    scope.metrics.add(name="c").histogram.data_points.add(count=1)
    scope.metrics.add(name="d").exponential_histogram.data_points.add(count=1)
    scope.metrics.add(name="e").summary.data_points.add(count=1)
    response = post(fresh_server, metrics.SerializeToString(), path="/v1/metrics")
    partial = ExportMetricsServiceResponse.FromString(response.body).partial_success
    assert (response.status, partial.rejected_data_points) == (200, 7)
    assert "not stored" in partial.error_message
    with fresh_server.client() as client:
        assert client.json("/v1/status")["ledger"]["metric.not_kept"] == 7


# MARK: 15. bombs


def wrapped(inner: bytes, *fields: int) -> bytes:
    for field in reversed(fields):
        inner = varint(field << 3 | 2) + varint(len(inner)) + inner
    return inner


def deep_value(levels: int) -> bytes:
    """AnyValue → kvlist → pair → value …, built from the inside at a cost of one pass."""
    parts: list[bytes] = []
    length = 0
    for _ in range(levels):
        for field in (2, 1, 6):  # KeyValue.value, KeyValueList.values, AnyValue.kvlist_value
            prefix = varint(field << 3 | 2) + varint(length)
            parts.append(prefix)
            length += len(prefix)
    return b"".join(reversed(parts))


@pytest.mark.parametrize("levels", [200, 100_000, 1_000_000])
def test_protobuf_nested_too_deep(server: Server, levels: int) -> None:
    pair = b"\x0a\x01k" + wrapped(deep_value(levels), 2)
    body = wrapped(b"\x0a\x10" + os.urandom(16) + b"\x12\x08" + os.urandom(8) + wrapped(pair, 9), 1, 2, 2)
    assert len(body) < BODY_MAX
    response = post(server, body)
    assert response.status == 400
    assert b"deep" in response.body or b"nest" in response.body
    assert post(server, b"").status == 200


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"resourceSpans":[', b'{"kvlistValue":{"values":[{"value":'])
def test_json_nested_too_deep(server: Server, opening: bytes) -> None:
    for body in (opening * 1_000_000, b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":' + opening * 1_000_000):
        assert post(server, body, JSON).status == 400
        assert post(server, b"[" + body, path="/v1/spans").status == 400
    assert post(server, b"{}", JSON).status == 200


def test_lengths_that_lie(server: Server) -> None:
    """A length beyond the body's end is refused before anything is allocated for it."""
    before = server.peak_rss()
    for body in (b"\x0a" + varint(2**40), b"\x0a" + varint(2**63), b"\x0a" + b"\xff" * 11, wrapped(b"\x0a" + varint(2**33), 1, 2, 2)):
        assert post(server, body).status == 400
    assert server.peak_rss() - before < 64 << 20

