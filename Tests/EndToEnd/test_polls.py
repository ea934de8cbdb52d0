"""A dashboard asks the same questions again and again while spans arrive: each answer is that of all that has come by then.

What frames keep from one poll to the next must never show: late spans of merged traces, copies that replace others, merges."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

import scenarios
import workload
from answers import assert_same, ask
from cases import END, HOUR, Case, c
from oracle import Oracle
from server import Server

POLLED = [
    Case(), Case(("prompt.version",)), Case(("tenant",), unit="span"), Case(("document",)),
    Case(("tool",), c("operation.kind", "=", "tool"), unit="span"), Case(("model.revision", "locale"), c("duration", ">", 1)),
    Case(("tenant",), window=(END - 12 * HOUR, END - 3 * HOUR)),  # cuts the frames
]


def changed(span: dict[str, Any], turn: int) -> dict[str, Any]:
    """A later copy that ends when the first did, and says something else."""
    return span | {"tenant.id": f"changed-{turn}", "status": "ERROR" if turn % 2 else "OK"}


@pytest.mark.parametrize("seed", [1, 2])
def test_polls_see_all_that_has_come(fresh_server: Server, seed: int) -> None:
    chance = random.Random(seed)
    spans = list(workload.read(workload.ndjson(2000)))
    # Mostly in order, so that groups fill, but one of ten comes at any time: their traces are cut.
    spans.sort(key=lambda span: span["start_time_unix_nano"] if chance.random() < 0.9 else chance.randrange(END - 24 * HOUR, END))
    held: dict[tuple[str, str, str], dict[str, Any]] = {}
    with fresh_server.client(timeout=60) as client:
        for turn in range(10):
            part = spans[turn * 200 : (turn + 1) * 200]
            part += [changed(span, turn) for span in chance.sample(list(held.values()), 6)] if held else []
            for at in range(0, len(part), 12):  # small commits make groups
                body = part[at : at + 12]
                client.post("/v1/spans", b"\n".join(map(orjson.dumps, body)), scenarios.NDJSON)
            held |= {(span["trace_id"], span["span_id"], span.get("kind", "")): span for span in part}
            if turn in (3, 7):
                fresh_server.wait_until_merged()
            oracle = Oracle(list(held.values()))
            for case in POLLED:
                answer = oracle.slices(case.by, case.where, case.unit, case.window, case.failure)
                for _ in range(3):
                    assert_same(ask(client, case, "all"), answer, case, "all")
