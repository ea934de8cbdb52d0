"""A client that goes away: the work on its question ends, one that only has finished sending is answered, and what was sent to be
kept is kept."""

from __future__ import annotations

import json
import random
import socket
import struct
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from raw import head, read_answer
from server import Server, wait_for
from test_metrics import scrape

FORM = "application/x-www-form-urlencoded"
TEXTS = 2_000


@pytest.fixture(scope="module")
def prompts(executable: object) -> Iterator[Server]:
    """A server that holds texts which share nothing, so that each search looks at all of them."""
    chance = random.Random(7)
    with Server() as server:
        with server.client() as client:
            for start in range(0, TEXTS, 100):
                spans = [
                    {"name": "chat", "trace_id": f"{n:032x}", "gen_ai.operation.name": "chat",
                     "gen_ai.prompt": "".join(chance.choices("abcdefgh 0123456789", k=2_000))}
                    for n in range(start + 1, start + 101)]
                client.ingest("/v1/spans", json.dumps(spans).encode(), "application/json")
        yield server


def slow(patterns: int, mark: str) -> bytes:
    """A question that takes as long as it has patterns, none of which has a letter to search for; `mark` tells it from others."""
    chance = random.Random(mark)
    searched = ["".join(chance.choices(["[a-d]", "[e-h]", "[0-4]", "[5-9]"], k=12)) for _ in range(patterns)]
    where = " or ".join(f"prompt.text ~ '{pattern}'" for pattern in searched)
    return urlencode({"where": where, "unit": "span", "from": "0"}).encode()


@pytest.fixture(scope="module")
def patterns(prompts: Server) -> int:
    """So many that answering takes some seconds on this machine: noticing that a client has gone takes half a second."""
    prompts.wait_until_merged()
    count, taken = 1, 0.0
    with prompts.client() as client:
        while taken < 4 and count < 128:
            count *= 2
            start = time.monotonic()
            answer = client.post("/v1/slices", slow(count, f"warm{count}"), FORM)
            assert answer.status == 200, answer.body
            taken = time.monotonic() - start
    return count


def sent(server: Server, body: bytes, path: str = "/v1/slices", kind: str = FORM) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=120)
    connection.sendall(head("POST", path, f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body)
    return connection


def counted(server: Server, name: str, **labels: str) -> float:
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return scrape(server)[1].get(f"everyspan_http_{name}_total{{{inside}}}", 0)


@pytest.mark.parametrize("way", ["closed", "reset"])
def test_the_question_of_a_client_that_has_gone_is_given_up(prompts: Server, patterns: int, way: str) -> None:
    def refused() -> float:
        return counted(prompts, "requests", route="/v1/slices", method="POST", code="4xx")

    def abandoned() -> float:
        return counted(prompts, "abandoned_requests", route="/v1/slices")

    before = refused(), abandoned()
    connection = sent(prompts, slow(patterns, way))
    time.sleep(0.2)
    if way == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    wait_for(lambda: abandoned() == before[1] + 1, 120)
    # Had it been worked on to its end, it would count among the answered ones.
    assert refused() == before[0] + 1


def test_a_client_that_only_has_finished_sending_is_answered(prompts: Server, patterns: int) -> None:
    body = slow(patterns, "half")
    connection = sent(prompts, body)
    connection.shutdown(socket.SHUT_WR)
    answer = read_answer(connection.makefile("rb"), "POST")
    with prompts.client() as client:
        whole = client.post("/v1/slices", body, FORM)
    assert answer.status == whole.status == 200
    assert answer.json() == whole.json()


def test_spans_whose_sender_has_gone_are_kept(fresh_server: Server) -> None:
    spans = [{"name": "x", "trace_id": f"{n:032x}", "text": "y" * 500} for n in range(1, 2_001)]
    sent(fresh_server, json.dumps(spans).encode(), "/v1/spans", "application/json").close()

    def held() -> int:
        with fresh_server.client() as client:
            return client.json("/v1/status")["spans"]

    wait_for(lambda: held() == len(spans), 60)
