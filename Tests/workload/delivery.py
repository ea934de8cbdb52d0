"""How spans leave a fleet: clocks that are wrong, copies, late ones, and requests of one to fifty spans on two
hundred connections. Writes the requests in the order in which they arrive."""

from __future__ import annotations

import heapq
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))

import otlp  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan  # noqa: E402

from dialects import DIALECTS, Spelled  # noqa: E402
from model import Instance, Span  # noqa: E402

Line = dict[str, Any]  # a span as native JSON has it

SECOND, MINUTE, HOUR = 1_000_000_000, 60_000_000_000, 3_600_000_000_000
SPANS_A_REQUEST = 50
HELD_AT_MOST = 10 * MINUTE  # before a request leaves though it is not full
LATE_SHARE, HOURS_LATE_SHARE = 0.10, 0.03
RETRIED_REQUESTS = 0.005  # sent again as they were, as after a time-out
COPIED, UNFINISHED_FIRST, ENDED_EARLIER = 0.003, 0.002, 0.001  # of spans
END_BEFORE_START, NEVER_ENDED, FAR_FUTURE = 0.002, 0.002, 0.0005
LOST_ROOTS = 0.01
CENTURY = 100 * 365 * 24 * HOUR  # so much a clock is ahead that is ahead of the server's whenever the test runs
FAR = 4_000_000_000 * SECOND  # a start beyond has such a clock


@dataclass
class Sender:
    """One process: what it has gathered, and how many spans its next request will have."""

    instance: Instance
    size: int
    waiting: list[Line] = field(default_factory=list)
    since: int = 0


class Delivery:
    def __init__(self, rng: random.Random, senders: list[Instance], requests: Path, spans: Path, limit: int) -> None:
        self.rng, self.limit = rng, limit
        requests.mkdir(parents=True, exist_ok=True)
        self.bodies, self.index, self.lines = (requests / "bodies.bin").open("wb"), (requests / "index.ndjson").open("wb"), spans.open("wb")
        self.senders = {i.sender: Sender(i, self.some_size()) for i in senders}
        # When, in which order, whose, and what: a span, a body again with its number of spans, or that a sender waits no longer.
        self.under_way: list[tuple[int, int, int, Line | tuple[bytes, int] | None]] = []
        self.order = 0
        self.survivors = 0
        self.traces: set[str] = set()
        self.sent: Counter[str] = Counter()

    def some_size(self) -> int:
        """Most requests are small, as most processes have little to say."""
        return int(SPANS_A_REQUEST ** self.rng.random() + 0.5)

    # MARK: spans in

    def take(self, trace: list[Span]) -> None:
        """The spans of a trace, as far as there is room for them."""
        self.leave(trace[0].start)
        if len(trace) > 1 and self.rng.random() < LOST_ROOTS:
            trace = trace[1:]
            self.sent["lost_roots"] += 1
        for span in trace[: self.limit - self.survivors]:
            self.survivors += 1
            self.traces.add(span.trace)
            line = self.with_wrong_clock(as_line(span, DIALECTS[span.instance.dialect].spell(span)))
            self.lines.write(orjson.dumps(as_read_back(line)) + b"\n")
            at = span.end + self.delay()
            self.send(at, span.instance.sender, line)
            self.send_copies(at, span, line)

    def delay(self) -> int:
        draw = self.rng.random()
        if draw < HOURS_LATE_SHARE:
            self.sent["late"] += 1
            return int(self.rng.uniform(1, 6) * HOUR)
        if draw < LATE_SHARE:
            self.sent["late"] += 1
            return int(self.rng.uniform(12, 40) * MINUTE)
        return int(self.rng.uniform(0.05, 5) * SECOND)

    def send_copies(self, at: int, span: Span, line: Line) -> None:
        draw, soon = self.rng.random(), int(self.rng.uniform(1, 600) * SECOND)
        if draw < COPIED:
            self.send(at + soon, span.instance.sender, line)
        elif draw < COPIED + UNFINISHED_FIRST and line["end_time_unix_nano"] > 0:
            # Now and then the span that has ended overtakes the one that had not.
            self.send(at + soon if self.rng.random() < 0.2 else span.start, span.instance.sender, unfinished(line))
        elif draw < COPIED + UNFINISHED_FIRST + ENDED_EARLIER and line["end_time_unix_nano"] > line["start_time_unix_nano"]:
            earlier = dict(line, end_time_unix_nano=(line["start_time_unix_nano"] + line["end_time_unix_nano"]) // 2, status="UNSET")
            self.send(at + soon * self.rng.choice((-1, 1)), span.instance.sender, earlier)

    def with_wrong_clock(self, line: Line) -> Line:
        draw, start = self.rng.random(), line["start_time_unix_nano"]
        if draw < END_BEFORE_START:
            line["end_time_unix_nano"] = start - self.rng.randint(1, 2 * SECOND)
        elif draw < END_BEFORE_START + NEVER_ENDED:
            line["end_time_unix_nano"] = 0
        elif draw < END_BEFORE_START + NEVER_ENDED + FAR_FUTURE and line.get("parent_span_id"):
            line["start_time_unix_nano"] += CENTURY
            line["end_time_unix_nano"] += CENTURY
        return line

    # MARK: requests out

    def send(self, at: int, sender: int, what: Line | tuple[bytes, int] | None) -> None:
        self.order += 1
        heapq.heappush(self.under_way, (at, self.order, sender, what))

    def leave(self, now: int | None) -> None:
        """Everything that is due before `now`; all of it if None."""
        while self.under_way and (now is None or self.under_way[0][0] < now):
            at, _, number, what = heapq.heappop(self.under_way)
            sender = self.senders[number]
            match what:
                case None:
                    if sender.waiting and sender.since == at - HELD_AT_MOST:
                        self.request(at, sender)
                case bytes() as body, int() as spans:
                    self.write(at, number, body, spans)
                case dict():
                    self.gather(at, sender, what)

    def gather(self, at: int, sender: Sender, line: Line) -> None:
        if not sender.waiting:
            sender.since = at
            self.send(at + HELD_AT_MOST, sender.instance.sender, None)
        sender.waiting.append(line)
        if len(sender.waiting) >= sender.size:
            self.request(at, sender)

    def request(self, at: int, sender: Sender) -> None:
        body, spans, counts = as_body(sender.waiting), len(sender.waiting), counts_of(sender.waiting)
        self.write(at, sender.instance.sender, body, spans)
        self.sent += counts
        if self.rng.random() < RETRIED_REQUESTS:
            self.sent += counts
            self.sent["retried_requests"] += 1
            self.send(at + int(self.rng.uniform(5, 90) * SECOND), sender.instance.sender, (body, spans))
        sender.waiting, sender.size = [], self.some_size()

    def write(self, at: int, sender: int, body: bytes, spans: int) -> None:
        entry = {"sender": sender, "offset": self.bodies.tell(), "bytes": len(body), "spans": spans, "time_unix_nano": at}
        self.bodies.write(body)
        self.index.write(orjson.dumps(entry) + b"\n")
        self.sent["requests"] += 1
        self.sent["spans"] += spans

    def finish(self) -> dict[str, Any]:
        """Sends what is left; says what was sent."""
        self.leave(None)
        for file in (self.bodies, self.index, self.lines):
            file.close()
        names = ("requests", "spans", "late", "lost_roots", "retried_requests", "unfinished", "end_before_start", "far_future")
        return {"senders": len(self.senders), "distinct_spans": self.survivors, "traces": len(self.traces),
                "duplicates": self.sent["spans"] - self.survivors, **{name: self.sent[name] for name in names}}


def counts_of(lines: list[Line]) -> Counter[str]:
    """What a server marks, of each copy that it receives."""
    found: Counter[str] = Counter()
    for line in lines:
        start, end = line["start_time_unix_nano"], line["end_time_unix_nano"]
        found["unfinished"] += end == 0
        found["end_before_start"] += 0 < end < start
        found["far_future"] += start > FAR
    return found


# MARK: forms of a span


def as_line(span: Span, spelled: Spelled) -> Line:
    instance, dialect = span.instance, DIALECTS[span.instance.dialect]
    skew = instance.skew
    line: Line = {
        "trace_id": span.trace, "span_id": span.id, "parent_span_id": span.parent or "", "name": spelled.name, "kind": spelled.kind,
        "start_time_unix_nano": span.start + skew, "end_time_unix_nano": span.end + skew,
        "status": "ERROR" if span.error else "OK" if instance.dialect == "openinference" else "UNSET"}
    if span.error and (message := dialect.status_message(span.error)):
        line["status_message"] = message
    if spelled.events:
        line["events"] = [{"name": name, "time_unix_nano": at + skew, "attributes": attributes} for name, at, attributes in spelled.events]
    line |= spelled.attributes
    name, version = dialect.scope
    line["resource"] = dialect.resource(instance)
    line["scope"] = {"name": name, **({"version": version} if version else {})}
    return line


def unfinished(line: Line) -> Line:
    """The span as it was when it began: no end, no outcome."""
    kept = {key: value for key, value in line.items() if not any(part in key for part in ("usage", "token", "output", "response", "completion"))}
    return kept | {"end_time_unix_nano": 0, "status": "UNSET"}


def as_read_back(line: Line) -> Line:
    """A server cannot know when a span ended that said nothing of it: it reads as if at its start, and is marked."""
    if line["end_time_unix_nano"] == 0:
        return line | {"end_time_unix_nano": line["start_time_unix_nano"]}
    return line


NOT_ATTRIBUTES = otlp.NOT_ATTRIBUTES | {"events", "resource", "scope"}


def as_body(lines: list[Line]) -> bytes:
    """One process has one resource and one scope."""
    body = ExportTraceServiceRequest()
    resource_spans = body.resource_spans.add()
    otlp.add_attributes(resource_spans.resource.attributes, lines[0]["resource"])
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = lines[0]["scope"]["name"]
    scope_spans.scope.version = lines[0]["scope"].get("version", "")
    for line in lines:
        fill(scope_spans.spans.add(), line)
    return body.SerializeToString()


def fill(target: WireSpan, line: Line) -> None:
    otlp.fill(target, {key: line[key] for key in otlp.NOT_ATTRIBUTES if key in line})
    otlp.add_attributes(target.attributes, {key: value for key, value in line.items() if key not in NOT_ATTRIBUTES})
    for event in line.get("events", ()):
        added = target.events.add(name=event["name"], time_unix_nano=event["time_unix_nano"])
        otlp.add_attributes(added.attributes, event["attributes"])
