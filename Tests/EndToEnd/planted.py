"""Small workloads with one thing planted in each, for /v1/compare. Deterministic; each trace is a root and a model call below it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from cases import END, HOUR
from client import post_all
from server import Server

DAY = 24 * HOUR
TODAY, YESTERDAY = END - DAY, END - 2 * DAY
Trace = dict[str, Any]
BASE_RATE = 0.02


def traces(count: int, begin: int, rng: random.Random, change: Callable[[Trace, random.Random], float | None]) -> Iterator[Trace]:
    """Requests of one day.

    `change` may change a trace's attributes, and says how likely it fails; None for the ordinary rate."""
    for number in range(count):
        model = rng.randrange(10)
        trace = {
            "start": begin + number * DAY // count, "tenant": f"t{int(40 * rng.random() ** 2)}", "release": "1.4.1",
            "model": f"m{model}", "model.revision": f"m{model}-r{rng.randrange(3)}", "locale": rng.choice(["en", "de", "fr", "pt", "ja"]),
            "prompt.version": f"p{rng.randrange(30)}@v{rng.randrange(4)}",
        }
        rate = change(trace, rng)
        trace["failed"] = rng.random() < (BASE_RATE if rate is None else rate)
        yield trace


def ordinary(trace: Trace, rng: random.Random) -> None:
    return None


def spans(trace: Trace, rng: random.Random) -> Iterator[dict[str, Any]]:
    attributes = {key: value for key, value in trace.items() if key not in ("start", "failed")}
    status = "ERROR" if trace["failed"] else "OK"
    ids = {"trace_id": f"{rng.getrandbits(128):032x}"}
    root, child = (f"{rng.getrandbits(64):016x}" for _ in range(2))
    start = trace["start"]
    yield ids | {"span_id": root, "name": "request", "kind": "SERVER", "status": status, "start_time_unix_nano": start,
                 "end_time_unix_nano": start + 10**9, **attributes}
    yield ids | {"span_id": child, "parent_span_id": root, "name": "chat", "kind": "CLIENT", "status": status,
                 "start_time_unix_nano": start + 10**6, "end_time_unix_nano": start + 9 * 10**8, "gen_ai.operation.name": "chat", **attributes}


def send(server: Server, wanted: Iterator[Trace], seed: int = 7) -> None:
    rng = random.Random(seed)

    def bodies() -> Iterator[bytes]:
        lines: list[bytes] = []
        for trace in wanted:
            lines += [orjson.dumps(span) for span in spans(trace, rng)]
            if len(lines) >= 4_000:
                yield b"\n".join(lines)
                lines = []
        if lines:
            yield b"\n".join(lines)

    post_all("127.0.0.1", server.port, "/v1/spans", bodies(), "application/x-ndjson", 2)
