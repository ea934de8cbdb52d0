"""Ways in which the same spans reach the server: formats, orders, cuts, repeats."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import otlp
import workload
from client import PROTOBUF, post_all
from columns import flattened
from mixed import mixed
from senders import send_fleet
from server import Server

NDJSON = "application/x-ndjson"
CUTS = (1, 7, 100, 1000, 3000)  # request sizes, in turn: nearly every trace is cut somewhere
Lines = list[bytes]


@dataclass(frozen=True)
class Scenario:
    name: str
    data: str  # "standard" or "awkward"
    path: str  # "/v1/traces" or "/v1/spans"
    bodies: Callable[[Path], Iterable[bytes]]
    connections: int = 4

    def __str__(self) -> str:
        return self.name

    def send(self, server: Server, source: Path) -> None:
        content_type = PROTOBUF if self.path == "/v1/traces" else NDJSON
        post_all("127.0.0.1", server.port, self.path, self.bodies(source), content_type, self.connections)


@dataclass(frozen=True)
class FleetScenario:
    """A fleet's traffic, each process on a connection of its own."""

    name: str = "fleet"
    data: str = "fleet"

    def __str__(self) -> str:
        return self.name

    def send(self, server: Server, source: Path) -> None:
        send_fleet("127.0.0.1", server.port, workload.requests_of(source))


@dataclass(frozen=True)
class FleetAsNative(FleetScenario):
    """The spans that stay, as native JSON in any order; there a resource's attributes are the span's."""

    name: str = "fleet-native"
    data: str = "fleet-flat"

    def send(self, server: Server, source: Path) -> None:
        bodies = map(b"".join, cut(shuffled(lines(source), 5), (3, 40, 200)))
        post_all("127.0.0.1", server.port, "/v1/spans", bodies, NDJSON, connections=8)


def source(data: str, spans: int) -> Path:
    """The NDJSON file that both the oracle and the senders read."""
    if data == "fleet":
        return workload.fleet(spans)
    if data == "fleet-flat":
        fleet = workload.fleet(spans)
        return kept(fleet.with_name(f"{fleet.stem}-flat.ndjson"), lambda: map(without_places, workload.read(fleet)))
    standard = workload.ndjson(spans)
    if data == "standard":
        return standard
    return kept(workload.KEPT / f"awkward-{spans}.ndjson", lambda: mixed(list(workload.read(standard))))


def kept(path: Path, make: Callable[[], Iterable[dict[str, Any]]]) -> Path:
    def write() -> None:
        aside = path.with_suffix(".unfinished")
        aside.write_bytes(b"".join(orjson.dumps(span) + b"\n" for span in make()))
        aside.rename(path)

    return workload.made(path, write)


def without_places(span: dict[str, Any]) -> dict[str, Any]:
    flat_span = span["resource"] | span
    del flat_span["resource"], flat_span["scope"]
    return flat_span


def lines(path: Path) -> Lines:
    return path.read_bytes().splitlines(keepends=True)


def shuffled(items: list[Any], seed: int) -> list[Any]:
    result = list(items)
    random.Random(seed).shuffle(result)
    return result


def cut(items: Lines, sizes: Iterable[int]) -> Iterator[Lines]:
    at, turns = 0, itertools.cycle(sizes)
    while at < len(items):
        size = next(turns)
        yield items[at : at + size]
        at += size


def as_otlp(group: Lines) -> bytes:
    """Nested objects become dotted keys, as native ingest makes them; an OTLP map would stay one value."""
    return otlp.request(flat(orjson.loads(line)) for line in group).SerializeToString()


def flat(span: dict[str, Any]) -> dict[str, Any]:
    return {name: leaf for key, value in span.items() for name, leaf in flattened(key, value)}


def ndjson_in_order(path: Path) -> Iterator[bytes]:
    return map(b"".join, cut(lines(path), (1000,)))


def otlp_as_generated(path: Path) -> Iterator[bytes]:
    spans = int(path.stem.rpartition("-")[2])
    return (body.read_bytes() for body in workload.otlp_bodies(spans))


def otlp_twice(path: Path) -> Iterator[bytes]:
    """Whole bodies again while the first are still under way, as after a time-out."""
    again: list[bytes] = []
    for body in otlp_as_generated(path):
        yield body
        again.append(body)
        if len(again) == 5:
            yield from shuffled(again, 1)
            again.clear()
    yield from again


def ndjson_twice_cut_anew(path: Path) -> Iterator[bytes]:
    """The same spans in other requests, as an agent sends them whose batch grew meanwhile."""
    all_lines = lines(path)
    yield from map(b"".join, cut(all_lines, (1000,)))
    yield from map(b"".join, cut(all_lines, (777, 50)))


def otlp_shuffled(path: Path) -> Iterator[bytes]:
    return map(as_otlp, cut(shuffled(lines(path), 2), CUTS))


def ndjson_requests_shuffled(path: Path) -> Iterator[bytes]:
    """Requests of 137 spans in any order: children come before and after their parents."""
    return map(b"".join, shuffled(list(cut(lines(path), (137,))), 3))


def ndjson_shuffled_small(path: Path) -> Iterator[bytes]:
    return map(b"".join, cut(shuffled(lines(path), 4), (13, 500)))


SCENARIOS = [
    Scenario("otlp", "standard", "/v1/traces", otlp_as_generated),
    Scenario("ndjson", "standard", "/v1/spans", ndjson_in_order),
    Scenario("otlp-twice", "standard", "/v1/traces", otlp_twice),
    Scenario("ndjson-twice-cut-anew", "standard", "/v1/spans", ndjson_twice_cut_anew),
    Scenario("otlp-shuffled-cut", "standard", "/v1/traces", otlp_shuffled, connections=8),
    Scenario("ndjson-requests-shuffled", "standard", "/v1/spans", ndjson_requests_shuffled),
    Scenario("awkward-otlp-shuffled-cut", "awkward", "/v1/traces", otlp_shuffled, connections=8),
    Scenario("awkward-ndjson-shuffled-cut", "awkward", "/v1/spans", ndjson_shuffled_small),
]
