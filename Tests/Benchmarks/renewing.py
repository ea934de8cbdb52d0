"""OTLP requests of the standard workload as of another day: other ids, and all times so many days before.

Only fixed-size fields change, so nothing is encoded anew: where they lie is found out once for each request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DAY = 86_400 * 10**9
VARINT, FIXED64, BYTES = 0, 1, 2
# Of a span's fields: opentelemetry/proto/trace/v1/trace.proto.
TRACE_ID, SPAN_ID, PARENT, START, END = 1, 2, 4, 7, 8


@dataclass(frozen=True)
class Places:
    """Where the eight bytes lie that tell traces, spans and parents apart, and the times."""

    ids: np.ndarray
    times: np.ndarray


def places(body: bytes) -> Places:
    ids: list[int] = []
    times: list[int] = []

    def span(at: int, end: int) -> None:
        while at < end:
            key = body[at]
            field, kind, at = key >> 3, key & 7, at + 1
            if kind == FIXED64:
                if field in (START, END):
                    times.append(at)
                at += 8
            elif kind == VARINT:
                _, at = varint(body, at)
            else:
                length, at = varint(body, at)
                if field in (TRACE_ID, SPAN_ID, PARENT) and length >= 8:
                    ids.append(at)
                elif field > END:  # attributes come after all of these
                    return
                at += length

    def scope(at: int, end: int) -> None:
        each(body, at, end, 2, span)

    def resource(at: int, end: int) -> None:
        each(body, at, end, 2, scope)

    each(body, 0, len(body), 1, resource)
    return Places(np.array(ids, np.uint32), np.array(times, np.uint32))


def each(body: bytes, at: int, end: int, wanted: int, found: Callable[[int, int], None]) -> None:
    """Visits the messages of one field; all fields here are messages or texts."""
    while at < end:
        field, at = body[at] >> 3, at + 1
        length, at = varint(body, at)
        if field == wanted:
            found(at, at + length)
        at += length


def varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def renewed(body: bytes, places: Places, days_before: int) -> bytes:
    content = np.frombuffer(body, np.uint8).copy()
    eight = np.arange(8, dtype=np.uint32)
    mark = np.frombuffer((days_before * 0x9E37_79B9_7F4A_7C15 % (1 << 64)).to_bytes(8, "little"), np.uint8)
    at = places.ids[:, None] + eight
    content[at] ^= mark
    at = places.times[:, None] + eight
    times = content[at].view("<u8") - np.uint64(days_before * DAY)
    content[at] = times.view(np.uint8).reshape(-1, 8)
    return content.tobytes()
