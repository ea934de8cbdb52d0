"""On data in which nothing has any effect /v1/compare finds something in at most one run of twenty: its q-values hold what they promise,
with dimensions that hang together, slices within slices, and several spans a trace."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from client import Client
from server import Server

RUNS, TRACES = 240, 800
DAY = 86_400_000_000_000
BEGIN = 19_000 * DAY
LEVEL = 0.05


def spans(run: int) -> Iterator[dict[str, Any]]:
    """Whole traces fail, whatever they are. Prompts belong to tenants, revisions to models; a tenant's traces are longer than another's."""
    rng = random.Random(run)
    for number in range(TRACES):
        tenant, model = int(30 * rng.random() ** 2), rng.randrange(6)
        shared = {
            "tenant": f"t{tenant}", "prompt.version": f"p{tenant}-{rng.randrange(3)}", "model": f"m{model}",
            "model.revision": f"m{model}-{rng.randrange(3)}", "locale": f"l{tenant % 7 if rng.random() < 0.8 else rng.randrange(7)}",
            "user.id": f"u{rng.randrange(200)}", "release": f"1.{number * 4 // TRACES}",
        }
        trace, root = f"{rng.getrandbits(128):032x}", f"{rng.getrandbits(64):016x}"
        start = BEGIN + run * DAY + number * (DAY // TRACES)
        failed = rng.random() < 0.05
        steps = 1 + tenant % 4
        for step in range(steps + 1):
            yield {
                "trace_id": trace, "span_id": root if step == 0 else f"{rng.getrandbits(64):016x}", "name": "step", "parent_span_id": root if step else "",
                "status": "ERROR" if failed and step in (0, steps) else "OK", "start_time_unix_nano": start + step * 1_000_000,
                "end_time_unix_nano": start + 900_000_000, "gen_ai.tool.name": f"tool{rng.randrange(8)}", "gen_ai.usage.input_tokens": rng.randrange(5_000),
                **shared,
            }


@pytest.fixture(scope="module")
def client(executable: Any) -> Iterator[Client]:
    with Server(executable) as server, server.client(timeout=120) as client:
        for run in range(RUNS):
            client.ingest("/v1/spans", b"\n".join(orjson.dumps(span) for span in spans(run)), "application/x-ndjson")
        yield client


@pytest.mark.parametrize("unit", ["trace", "span"])
def test_where_nothing_has_an_effect_hardly_anything_is_found(client: Client, unit: str) -> None:
    found = []
    for run in range(RUNS):
        answer = client.json("/v1/compare", unit=unit, **{"from": BEGIN + run * DAY, "to": BEGIN + (run + 1) * DAY})
        assert answer["target"] > 0 and answer["hypotheses_tested"] > 100
        found += [f["text"] for f in answer["findings"][:1]]
    assert len(found) <= LEVEL * RUNS, found


def test_nor_against_the_day_before(client: Client) -> None:
    found = []
    for run in range(1, RUNS):
        answer = client.json("/v1/compare", vs="24h", **{"from": BEGIN + run * DAY, "to": BEGIN + (run + 1) * DAY})
        found += [f["text"] for f in answer["findings"][:1]]
    assert len(found) <= LEVEL * RUNS, found
