"""Compressed answers: which are, what their headers say, and that the content is the same."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator

import pytest

from server import Server

NOW = time.time_ns()


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[Server]:
    spans = [{"trace_id": f"{n:032x}", "span_id": f"{n:016x}", "name": "chat", "tenant": f"tenant-{n % 40}",
              "start_time_unix_nano": NOW, "end_time_unix_nano": NOW + n} for n in range(1, 400)]
    with server.client() as client:
        assert client.post("/v1/spans", json.dumps(spans).encode()).status == 200
    yield server


LONG = "/v1/slices?by=tenant&from=0&limit=all"


@pytest.mark.parametrize("header,coded", [
    (None, False), ("", False), ("gzip", True), ("GZIP", True), ("x-gzip", True), ("gzip, deflate, br", True), ("*", True),
    ("br, *;q=0.1", True), ("gzip;q=0", False), ("gzip;q=0.0, *", False), ("identity", False), ("*;q=0", False),
    ("gzip;q=0.5, identity", False), ("identity;q=0.5, gzip", True), ("gzip; q=0.001", True), ("gzip;q=x", False), ("deflate", False),
])
def test_what_the_client_accepts(filled: Server, header: str | None, coded: bool) -> None:
    with filled.client() as client:
        # Without a header of its own, the client library would ask for identity.
        plain = client.get(LONG, headers={"Accept-Encoding": "identity"})
        answer = client.get(LONG, headers={"Accept-Encoding": header if header is not None else ""})
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert answer.headers.get("content-encoding") == ("gzip" if coded else None)
    assert int(answer.headers["content-length"]) == len(answer.body)
    body = gzip.decompress(answer.body) if coded else answer.body
    assert len(answer.body) < len(plain.body) or not coded
    # The range ends now, so coverage may differ; the rows may not.
    assert json.loads(body)["rows"] == plain.json()["rows"]


def test_head_has_the_same_headers(filled: Server) -> None:
    with filled.client() as client:
        path = LONG + f"&to={NOW + 10**9}"
        whole = client.get(path, headers={"Accept-Encoding": "gzip"})
        head = client.request("HEAD", path, headers={"Accept-Encoding": "gzip"})
    assert head.body == b""
    assert head.headers["content-encoding"] == "gzip"
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_short_answers_and_errors_stay_plain(filled: Server) -> None:
    with filled.client() as client:
        for path in ["/healthz", "/v1/slices?nonsense=1"]:
            answer = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert "content-encoding" not in answer.headers
            assert answer.headers["vary"] == "Accept-Encoding"


def test_replies_to_ingest_stay_plain(filled: Server) -> None:
    spans = [{"name": "x"} for _ in range(100)]
    with filled.client() as client:
        answer = client.post("/v1/spans", json.dumps(spans).encode(), Accept_Encoding="gzip")
        assert answer.status == 200 and len(answer.json()["ids"]) == 100 and len(answer.body) > 1024
        asked = client.post("/v1/spans", b"limit=100&from=0", "application/x-www-form-urlencoded", Accept_Encoding="gzip")
        assert asked.headers["content-encoding"] == "gzip" and len(json.loads(gzip.decompress(asked.body))["spans"]) == 100
