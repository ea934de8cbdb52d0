"""Seals and heads, made of a partition's tables as docs/STORAGE.md says."""

from __future__ import annotations

import sqlite3
import struct
import zlib

OF_COLUMNS = ["""SELECT id, tbl, origin, key, type, present, distinct_values, min, max, raw_bytes, compressed, checksum
                 FROM "column" WHERE segment = ? ORDER BY id"""]
OF_COUNTS = [
    "SELECT id, distinct_values, raw_bytes, compressed, checksum FROM value_count WHERE segment = ? ORDER BY id",
    "SELECT origin, name, value_count FROM value_count_name WHERE segment = ? ORDER BY origin, name",
    """SELECT t.value_count, t.raw_bytes, t.compressed, t.checksum FROM trace_value t JOIN value_count v ON v.id = t.value_count
       WHERE v.segment = ? ORDER BY t.value_count""",
]


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def of_value(value: object) -> bytes:
    match value:
        case None:
            return b"\0"
        case int():
            return b"\x01" + struct.pack("<q", value)
        case float():
            return b"\x02" + struct.pack("<d", value)
        case str():
            return b"\x03" + varint(len(value.encode())) + value.encode()
        case bytes():
            return b"\x04" + varint(len(value)) + value
    raise TypeError(value)


def of_rows(database: sqlite3.Connection, sql: str, segment: int) -> bytes:
    return b"".join(of_value(value) for row in database.execute(sql, (segment,)) for value in row)


def of_segment(database: sqlite3.Connection, segment: int) -> tuple[int, bytes]:
    """The seal and the heads that it should have."""
    own = of_rows(database, """SELECT id, format, spans, traces, start_min, start_max, received_min, received_max, ordered, mapping,
                               row_counts, raw_bytes, trace_filter, checksum FROM segment WHERE id = ?""", segment)
    heads = b"".join(of_rows(database, sql, segment) for sql in OF_COLUMNS)
    return zlib.crc32(own + heads), heads


def of_counts(database: sqlite3.Connection, segment: int) -> tuple[int, bytes]:
    own = of_rows(database, "SELECT segment, mapping, raw_bytes, compressed, checksum FROM segment_count WHERE segment = ?", segment)
    heads = b"".join(of_rows(database, sql, segment) for sql in OF_COUNTS)
    return zlib.crc32(own + heads), heads
