"""A partition that an earlier version wrote is read as ever, merged with new spans, and then still whole.

Tests/Samples/partition-format-1.sqlite.gz holds `spans()` in one large segment of format 1. It was made by a server of that
version, which was sent them and stopped once all was merged."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

import scenarios
from client import Client
from server import ROOT, Server

SAMPLE = ROOT / "Tests" / "Samples" / "partition-format-1.sqlite.gz"
START = 1_790_000_000_000_000_000  # 2026-09-21
WORDS = "answer only from the documents below cite each one by its number say so where they do not suffice ümlaut 日本 refund".split()
NUMBERS = range(240)


def text(number: int) -> str:
    """Some 800 bytes: a beginning that every tenth has in common, and words of its own."""
    def words(seed: str, count: int) -> list[str]:
        return [WORDS[byte % len(WORDS)] for part in range(-(-count // 32)) for byte in hashlib.sha256(f"{seed} {part}".encode()).digest()][:count]
    return " ".join([*words(f"template {number % 10}", 80), f"{number:04x}", *words(f"question {number}", 70)])


def spans(numbers: range = NUMBERS) -> list[dict[str, Any]]:
    return [{"trace_id": f"{n // 4 + 1:032x}", "span_id": f"{n + 1:016x}", "name": "chat", "kind": "CLIENT", "status": "ERROR" if n % 7 == 0 else "OK",
             "start_time_unix_nano": START + n * 10**9, "end_time_unix_nano": START + n * 10**9 + 1_000_000 * (n % 50),
             "gen_ai.operation.name": "chat", "gen_ai.request.model": f"model-{n % 3}", "gen_ai.prompt": text(n)} for n in numbers]


@pytest.fixture
def old_data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "partitions"
    folder.mkdir(parents=True)
    (folder / "2026-09-21.sqlite").write_bytes(gzip.decompress(SAMPLE.read_bytes()))
    return tmp_path / "data"


def formats(data: Path) -> list[tuple[int, int, int]]:
    with closing(sqlite3.connect(next((data / "partitions").glob("*.sqlite")))) as database:
        return database.execute("SELECT format, spans, ordered FROM live_segment ORDER BY id").fetchall()


def count_where(numbers: range, matches: Callable[[str], bool]) -> int:
    return sum(matches(text(n)) for n in numbers)


def check(client: Client, numbers: range) -> None:
    found = {span["span_id"]: span for span in client.json("/v1/spans", **{"from": 0, "limit": 1000})["spans"]}
    assert {key: span["gen_ai.prompt"] for key, span in found.items()} == {f"{n + 1:016x}": text(n) for n in numbers}
    one = client.json(f"/v1/traces/{3:032x}")
    assert sorted(span["gen_ai.prompt"] for span in one["spans"]) == sorted(text(n) for n in range(8, 12))
    for needle in ["00a", "日本 refund", text(17), text(3)[150:600], "nowhere"]:
        answer = client.json("/v1/slices", where=f'prompt.text contains "{needle}"', unit="span", **{"from": 0})
        assert answer["total"]["count"] == count_where(numbers, lambda t: needle in t), needle


def test_format_1_is_read_and_merged(executable: Path, old_data: Path) -> None:
    assert formats(old_data) == [(1, len(NUMBERS), 1)]
    with Server(executable, data=old_data) as server, server.client() as client:
        check(client, NUMBERS)
        assert formats(old_data) == [(1, len(NUMBERS), 1)]
        more = range(NUMBERS.stop, NUMBERS.stop + 300)
        client.ingest("/v1/spans", b"\n".join(map(orjson.dumps, spans(more))), scenarios.NDJSON)
        check(client, range(more.stop))
        server.wait_until_merged()
        assert formats(old_data) == [(2, more.stop, 1)]
        check(client, range(more.stop))
