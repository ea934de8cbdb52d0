"""Times at the ends of 64 bits, in spans and in questions: an answer or a clear error, and the service goes on."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator

import pytest

from client import Client
from server import Server

LAST = 2**64 - 1
SPANS = [
    {"name": "last", "start_time_unix_nano": LAST}, {"name": "last", "start_time_unix_nano": LAST, "end_time_unix_nano": LAST},
    {"name": "signed", "start_time_unix_nano": 2**63 - 1, "end_time_unix_nano": 2**63}, {"name": "end", "end_time_unix_nano": LAST},
    {"name": "first", "start_time_unix_nano": 1, "end_time_unix_nano": LAST}, {"name": "now", "status": "error", "duration_ms": 1e15},
]
RANGES = [
    {"from": "0"}, {"from": "1677-09-22", "to": "2262-04-11"}, {"from": "2262-04-11"}, {"from": "1677-09-22"}, {"to": "1677-09-23", "from": "1677-09-22"},
    {"from": str(2**63 - 1)}, {"from": "0", "to": str(2**63 - 1)}, {"from": str(-(2**63))}, {"since": "99999999d"}, {"from": "-99999999d"},
    {"since": "106751d"}, {"from": "now-106751d", "to": "2262-04-11"},
]
MORE = [{}, {"format": "text"}, {"vs": "previous"}, {"vs": "7d"}, {"vs": "1677-09-22..2262-04-11"}, {"vs": "106751d"}]
STEPS = [{"step": step} for step in ("1m", "365d", "106751d", "0.000000001s")]


def questions() -> Iterator[tuple[str, dict[str, str]]]:
    for window, more in itertools.product(RANGES, MORE):
        for path in ("/v1/slices", "/v1/traces", "/v1/spans", "/v1/dimensions"):
            if "vs" not in more or path == "/v1/slices":
                yield path, window | more
        for step in [{}, *STEPS]:
            yield "/v1/series", window | more | step


def test_every_question_is_answered(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps(SPANS).encode())
        for merged in (False, True):
            if merged:
                fresh_server.wait_until_merged()
            for path, parameters in questions():
                named = {name if name != "from" else "from_": value for name, value in parameters.items()}
                answer = client.get(path, **named)
                assert answer.status in (200, 400), (path, parameters, answer.status, answer.body)
        for path in ("/", "/v1/status", "/metrics", "/v1/traces?from=0&format=text&limit=10"):
            assert client.get(path).status == 200, path


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", ""])
def test_compressed_spans_are_no_form(fresh_server: Server, kind: str) -> None:
    """curl --data-binary calls every body a form."""
    fields = {"Content-Encoding": "gzip"} | ({"Content-Type": kind} if kind else {})
    with fresh_server.client() as client:
        answer = client.request("POST", "/v1/spans", gzip.compress(b'{"name":"a"}'), fields)
    assert answer.status == 200 and json.loads(answer.body)["accepted"] == 1


def test_a_posted_question_is_never_answered_by_304(fresh_server: Server) -> None:
    """RFC 9110, section 13.1.2."""
    def ask(client: Client, **fields: str) -> int:
        return client.request("POST", "/v1/slices", b"by=name", {"Content-Type": "application/x-www-form-urlencoded"} | fields).status

    with fresh_server.client() as client:
        client.post("/v1/spans", b'{"name":"a"}')
        tag = client.get("/v1/slices", by="name").headers["etag"]
        assert client.get("/v1/slices", {"If-None-Match": tag}, by="name").status == 304
        assert ask(client, **{"If-None-Match": tag}) == 200 and ask(client, **{"If-None-Match": "*"}) == 200
