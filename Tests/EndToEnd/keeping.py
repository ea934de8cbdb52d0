"""A data directory that has a bit of everything, what it holds, and what of it a server answers."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import PROTOBUF, Client
from otlp import request
from server import Server

DAY = 86_400 * 10**9
START = 1_790_000_000_000_000_000 // DAY * DAY + 3_600 * 10**9
DAYS = 3
WORDS = "refund invoice parcel delay Antwort bitte naïve 値段 the of and you please check order number".split()
Identity = tuple[str, str]


def spans_of(trace: int, chance: random.Random) -> list[dict[str, Any]]:
    """A trace of two to eight spans; every seventh crosses midnight."""
    trace_id, tenant = f"{trace + 1:032x}", f"tenant-{trace % 7}"
    start = START + trace % DAYS * DAY + trace * 10**8
    spans = []
    for at in range(2 + trace % 7):
        begin = start + at * 10**6 + (DAY if trace % 7 == 3 and at > 2 else 0)
        span: dict[str, Any] = {
            "trace_id": trace_id, "span_id": f"{trace * 100 + at + 1:016x}", "name": f"step {at}", "kind": "INTERNAL",
            "start_time_unix_nano": begin, "end_time_unix_nano": begin + chance.randrange(10**9),
            "service.name": f"service-{trace % 3}", "tenant": tenant, "number": trace * 10 + at,
        }
        if at:
            span["parent_span_id"] = f"{trace * 100 + 1:016x}"
        if chance.random() < 0.2:
            span["status"] = "ERROR"
        if at % 2:
            span["prompt.text"] = " ".join(chance.choices(WORDS, k=chance.randrange(20, 120)))
            span["documents"] = chance.sample(WORDS, 3)
        spans.append(span)
    return spans


@dataclass
class Kept:
    """A directory whose server has stopped, or was killed, and the spans that it holds."""

    data: Path
    spans: dict[Identity, dict[str, Any]] = field(default_factory=dict)

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.data, to))

    def partitions(self) -> list[Path]:
        return sorted((self.data / "partitions").glob("*.sqlite"))


def identity(span: dict[str, Any]) -> Identity:
    return span["trace_id"], span["span_id"]


def make(executable: Path, data: Path, traces: int = 400, killed: bool = False) -> Kept:
    """Large segments with counts, some with deleted rows and shared traces, and small ones that wait, in several days."""
    kept, chance = Kept(data), random.Random(4)
    server = Server(executable, data=data, options=("--counted-spans-min", "1"))
    server.start()
    try:
        with server.client() as client:
            send(client, kept, [s for t in range(traces) for s in spans_of(t, chance)][::2], chance)
        server.wait_until_merged()
        with server.client() as client:
            send(client, kept, [s for t in range(traces) for s in spans_of(t, random.Random(t))][1::2], chance)
        server.wait_until_counted()
        server.stop()
        server.options = ("--merging", "off")
        server.start()
        with server.client() as client:
            # Copies that end later replace what is merged already.
            again = [s | {"end_time_unix_nano": s["end_time_unix_nano"] + 10**10} for s in list(kept.spans.values())[::37]]
            send(client, kept, again, chance)
            send(client, kept, [s for t in range(traces, traces + 40) for s in spans_of(t, chance)], chance)
        (server.kill if killed else server.stop)()
    finally:
        server.discard()
    return kept


def send(client: Client, kept: Kept, spans: list[dict[str, Any]], chance: random.Random) -> None:
    while spans:
        size = chance.randrange(50, 200)
        body = request(spans[:size]).SerializeToString()
        assert client.ingest("/v1/traces", body, PROTOBUF).status == 200
        kept.spans |= {identity(s): s for s in spans[:size]}
        spans = spans[size:]


FIELDS = "trace_id,span_id,name,tenant,number,prompt.text,documents,status"


def listed(client: Client, page_of: int = 1000) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every span that is held, and the last coverage."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.json("/v1/spans", from_=0, limit=page_of, fields=FIELDS, cursor=cursor)
        rows += page["spans"]
        cursor = page.get("cursor")
        if not cursor:
            return rows, page["coverage"]


def is_as_sent(row: dict[str, Any], sent: dict[str, Any]) -> bool:
    documents = row["documents"] if isinstance(row["documents"], list) or row["documents"] is None else [row["documents"]]
    return (row["name"] == sent["name"] and row["tenant"] == sent["tenant"] and row["number"] == sent["number"]
            and row["prompt.text"] == sent.get("prompt.text") and documents == sent.get("documents")
            and row["status"].upper() == sent.get("status", "UNSET"))


def tenants(spans: list[dict[str, Any]], unit: str) -> Counter[str]:
    return Counter(t for t, _ in {(s["tenant"], s["trace_id"] if unit == "trace" else identity(s)) for s in spans})
