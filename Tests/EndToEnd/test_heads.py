"""What is said of columns and counts is kept once more in one piece, which starts read. It is what the tables say; one that is
damaged or missing costs nothing but time, and is written anew."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import heads
import keeping
from keeping import Kept
from test_damage import settle, serving

SEALED = (("segment", "id", heads.of_segment), ("segment_count", "segment", heads.of_counts))


@pytest.fixture(scope="module")
def sound(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keeping.make(executable, tmp_path_factory.mktemp("heads") / "data", 150)


def kept_heads(data: Path) -> dict[tuple[str, str, int], tuple[int | None, bytes | None]]:
    """By partition, table and segment, of segments that have columns: the seal and the heads."""
    found: dict[tuple[str, str, int], tuple[int | None, bytes | None]] = {}
    for file in sorted((data / "partitions").glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as database:
            for table, key, _ in SEALED:
                for segment, seal, kept in database.execute(
                        f'SELECT {key}, seal, heads FROM {table} WHERE {key} IN (SELECT segment FROM "column")'):
                    found[file.stem, table, segment] = seal, kept
    return found


def expected_heads(data: Path) -> dict[tuple[str, str, int], tuple[int | None, bytes | None]]:
    made = {table: make for table, _, make in SEALED}
    expected: dict[tuple[str, str, int], tuple[int | None, bytes | None]] = {}
    for partition, table, segment in kept_heads(data):
        with closing(sqlite3.connect(data / "partitions" / f"{partition}.sqlite")) as database:
            expected[partition, table, segment] = made[table](database, segment)
    return expected


def change(data: Path, to: Callable[[bytes], object]) -> None:
    for file in (data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database, database:
            for table, key, _ in SEALED:
                for segment, old in database.execute(f"SELECT {key}, heads FROM {table} WHERE heads IS NOT NULL").fetchall():
                    database.execute(f"UPDATE {table} SET heads = ? WHERE {key} = ?", (to(old), segment))


def problems(executable: Path, data: Path) -> list[dict[str, Any]]:
    run = subprocess.run([executable, "check", data], capture_output=True, text=True, timeout=120)
    return json.loads(run.stdout)["problems"]


def test_they_are_what_the_tables_say(sound: Kept) -> None:
    kept = kept_heads(sound.data)
    assert {table for _, table, _ in kept} == {"segment", "segment_count"} and len(kept) >= 6
    assert all(heads for _, heads in kept.values())
    assert kept == expected_heads(sound.data)


def flipped(old: bytes) -> bytes:
    chance = random.Random(len(old))
    at = chance.randrange(len(old))
    return old[:at] + bytes([old[at] ^ 1 << chance.randrange(8)]) + old[at + 1:]


DAMAGES: dict[str, Callable[[bytes], object]] = {
    "a bit": flipped, "cut": lambda old: old[:-1], "half": lambda old: old[:len(old) // 2], "longer": lambda old: old + b"\0",
    "empty": lambda _: b"", "zeros": lambda old: bytes(len(old)), "another row first": lambda old: old[60:] + old[:60], "none": lambda _: None,
    "a number": lambda _: 7, "a text": lambda _: "heads", "a real": lambda _: 0.5,
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_heads_damage_nothing(sound: Kept, executable: Path, tmp_path: Path, kind: str) -> None:
    data = sound.copy(tmp_path / "data")
    change(data, DAMAGES[kind])
    found = problems(executable, data)
    assert bool(found) == (kind != "none") and {p["column"] for p in found} <= {"columns", "counts"}, found
    with serving(executable, data, "--merging", "off") as server:
        assert kept_heads(data) == expected_heads(data), "they were not written anew"
        assert settle(server, Kept(data, dict(sound.spans))) == 0
        assert problems(executable, data) == []
        server.stop()
        before = contents(data)
        server.restart()
        server.stop()
        assert contents(data) == before, "a start writes although nothing is amiss"
        server.start()


def contents(data: Path) -> dict[str, bytes]:
    return {file.name: hashlib.sha256(file.read_bytes()).digest() for file in (data / "partitions").iterdir() if file.suffix in (".sqlite", ".mark")}


def test_they_are_what_starts_read(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """What the tables say beside them is not looked at: `check` does that."""
    data = sound.copy(tmp_path / "data")
    for file in (data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database, database:
            database.execute('UPDATE "column" SET present = present + 1, raw_bytes = 1, checksum = 0')
            database.execute("UPDATE value_count SET distinct_values = 0, checksum = 0")
            database.execute("UPDATE trace_value SET raw_bytes = 0")
    assert problems(executable, data)
    with serving(executable, data, "--merging", "off") as server:
        assert settle(server, Kept(data, dict(sound.spans))) == 0


def test_a_damaged_page_is_one_segments_trouble(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """`check` goes on with the others."""
    data = sound.copy(tmp_path / "data")
    file = sorted((data / "partitions").glob("*.sqlite"))[1]
    with closing(sqlite3.connect(file)) as database:
        [(segments,)] = database.execute("SELECT count(*) FROM live_segment").fetchall()
        [(page,)] = database.execute("SELECT max(pageno) FROM dbstat WHERE name = 'column' AND pagetype = 'leaf'").fetchall()
    assert segments > 1
    with file.open("r+b") as raw:
        raw.seek((page - 1) * 8192)
        raw.write(bytes(8192))
    run = subprocess.run([executable, "check", data], capture_output=True, text=True, timeout=120)
    answer = json.loads(run.stdout)
    assert run.returncode == 1 and answer["spans"] > len(sound.spans) // 2, answer


def test_files_of_the_version_before_get_them(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    for file in (data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database, database:
            database.executescript("""ALTER TABLE segment DROP COLUMN heads; ALTER TABLE segment_count DROP COLUMN heads;
                                      DELETE FROM grdb_migrations WHERE identifier LIKE '%_heads'""")
    with serving(executable, data, "--merging", "off") as server:
        assert settle(server, Kept(data, dict(sound.spans))) == 0
        kept = kept_heads(data)
        assert kept == expected_heads(data) and all(heads for _, heads in kept.values())


def test_without_a_seal_they_are_not_believed(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """A version before seals wrote the segment: the tables are read, and nothing is sealed that nobody has checked."""
    data = sound.copy(tmp_path / "data")
    for file in (data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE segment SET seal = NULL, heads = x'010203' WHERE body IS NULL")
    with serving(executable, data, "--merging", "off") as server:
        assert settle(server, Kept(data, dict(sound.spans))) == 0
        assert {seal for (_, table, _), (seal, _) in kept_heads(data).items() if table == "segment"} == {None}


def test_tables_that_do_not_fit_the_seal_are_damage(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """With the piece gone too, there is nothing left to believe."""
    data = sound.copy(tmp_path / "data")
    file = sorted((data / "partitions").glob("*.sqlite"))[0]
    with closing(sqlite3.connect(file)) as database, database:
        [(segment,)] = database.execute('SELECT max(segment) FROM "column"').fetchall()
        database.execute("UPDATE segment SET heads = NULL WHERE id = ?", (segment,))
        database.execute('UPDATE "column" SET present = present + 1 WHERE segment = ? AND key = \'tenant\'', (segment,))
    with serving(executable, data, "--merging", "off") as server:
        assert settle(server, Kept(data, dict(sound.spans))) == 1
