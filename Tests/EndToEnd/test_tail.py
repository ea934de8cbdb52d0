"""/v1/tail: spans as they are committed, to those who follow, at nobody else's cost."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from client import query
from server import Server, wait_for


class Follower:
    """Reads a stream in the background."""

    def __init__(self, server: Server, **parameters: object) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.request("GET", "/v1/tail" + query(parameters))
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        self.lines: list[str] = []
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        if self.response.status == 200:
            self.thread.start()
            wait_for(lambda: bool(self.lines))  # the first sign of life: it follows

    def _read(self) -> None:
        try:
            while line := self.response.readline():
                self.lines.append(line.decode().rstrip("\n"))
        except (OSError, ValueError, http.client.HTTPException):
            pass
        self.ended = True

    @property
    def spans(self) -> list[dict[str, Any]]:
        events = [line.removeprefix("data: ") for line in list(self.lines) if line.startswith(("data: ", "{"))]
        return [span for event in events if "skipped" not in (span := json.loads(event))]

    @property
    def skipped(self) -> int:
        events = [line.removeprefix("data: ") for line in list(self.lines) if line.startswith(("data: ", "{"))]
        return sum(span.get("skipped", 0) for span in map(json.loads, events))

    def close(self) -> None:
        # Closing alone would wait for the line that is being read.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


@contextmanager
def following(server: Server, **parameters: object) -> Iterator[Follower]:
    follower = Follower(server, **parameters)
    try:
        yield follower
    finally:
        follower.close()


def send(server: Server, *spans: dict[str, Any]) -> None:
    with server.client() as client:
        assert client.post("/v1/spans", b"\n".join(json.dumps(s).encode() for s in spans)).status == 200


@pytest.mark.parametrize("format_", [None, "sse", "ndjson"])
def test_what_is_committed_from_now_on_is_shown_once(fresh_server: Server, format_: str | None) -> None:
    send(fresh_server, {"name": "before"})
    with following(fresh_server, format=format_, fields="name,tenant") as follower:
        kind = follower.response.getheader("content-type")
        assert kind == ("application/x-ndjson" if format_ == "ndjson" else "text/event-stream")
        send(fresh_server, {"name": "one", "tenant": "acme"}, {"name": "two"})
        send(fresh_server, {"name": "three"})
        wait_for(lambda: len(follower.spans) >= 3)
        time.sleep(0.5)
        assert follower.spans == [{"name": "one", "tenant": "acme"}, {"name": "two", "tenant": None}, {"name": "three", "tenant": None}]


def test_a_condition_sees_what_is_held_of_the_trace(fresh_server: Server) -> None:
    trace = "c" * 32
    with following(fresh_server, where="tenant = acme and not status = error") as follower:
        send(fresh_server, {"trace_id": trace, "span_id": "a" * 16, "name": "root", "tenant": "acme"}, {"name": "other", "tenant": "hooli"})
        send(fresh_server, {"trace_id": trace, "span_id": "b" * 16, "parent_span_id": "a" * 16, "name": "child"},
             {"trace_id": trace, "span_id": "c" * 16, "parent_span_id": "a" * 16, "name": "failed", "status": "error"})
        send(fresh_server, {"name": "last", "tenant": "acme"})
        wait_for(lambda: any(s["name"] == "last" for s in follower.spans))
    assert [span["name"] for span in follower.spans] == ["root", "child", "last"]
    assert follower.spans[1]["dimensions"]["tenant"] == "acme"


def test_a_duplicate_is_not_shown_again(fresh_server: Server) -> None:
    span = {"trace_id": "d" * 32, "span_id": "a" * 16, "name": "once", "start_time_unix_nano": 10**18, "end_time_unix_nano": 10**18 + 5}
    with following(fresh_server) as follower:
        send(fresh_server, span)
        wait_for(lambda: len(follower.spans) == 1)
        send(fresh_server, span)
        send(fresh_server, {"name": "end"})
        wait_for(lambda: any(s["name"] == "end" for s in follower.spans))
    assert [s["name"] for s in follower.spans] == ["once", "end"]


def test_who_falls_behind_skips_and_is_told_how_many(fresh_server: Server) -> None:
    total = 40_000
    with following(fresh_server, fields="name", format="ndjson") as follower:
        lines = [json.dumps({"name": f"n{n}"}).encode() for n in range(total)]
        with fresh_server.client() as client:
            for at in range(0, total, 8000):
                assert client.post("/v1/spans", b"\n".join(lines[at:at + 8000])).status == 200
        send(fresh_server, {"name": "end"})
        wait_for(lambda: any(s["name"] == "end" for s in follower.spans), 30)
        assert len(follower.spans) + follower.skipped == total + 1
        assert follower.skipped > 0


def test_several_follow_and_leave_and_a_stop_ends_the_rest(fresh_server: Server) -> None:
    with following(fresh_server) as stays:
        with following(fresh_server, where="name = a"):
            send(fresh_server, {"name": "a"})
        send(fresh_server, {"name": "b"})
        wait_for(lambda: len(stays.spans) == 2)
        started = time.monotonic()
        fresh_server.stop()
        assert time.monotonic() - started < 20  # not the 30 s that a request in work may take
        wait_for(lambda: stays.ended)


@pytest.mark.parametrize(("parameters", "says"), [
    ({"since": "1h"}, "since"), ({"where": "duration > p95"}, "range"), ({"where": "tenant ="}, "position"), ({"format": "xml"}, "sse"),
], ids=str)
def test_what_makes_no_tail_is_400(server: Server, parameters: dict[str, str], says: str) -> None:
    with server.client() as client:
        response = client.get("/v1/tail", **parameters)
    assert response.status == 400 and says in response.body.decode()
