"""`everyspan check`: what is sound it calls sound, beside a running server too; what is damaged it names."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import heads
import keeping
from keeping import Kept
from server import Server
from test_damage import KINDS, ROUNDS, damage, replace_by_directory, settle


@pytest.fixture(scope="module")
def sound(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keeping.make(executable, tmp_path_factory.mktemp("checked") / "data")


@pytest.fixture(scope="module")
def killed(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keeping.make(executable, tmp_path_factory.mktemp("checked-killed") / "data", killed=True)


def check(executable: Path, data: Path, *options: str) -> tuple[int, Any]:
    run = subprocess.run([executable, "check", data, *options], capture_output=True, text=True, timeout=120)
    assert run.returncode in (0, 1, 2), run.stderr
    return run.returncode, json.loads(run.stdout) if run.stdout.startswith("{") else run.stdout + run.stderr


def files(data: Path) -> dict[str, str]:
    return {str(f.relative_to(data)): hashlib.sha256(f.read_bytes()).hexdigest() for f in data.rglob("*") if f.is_file()}


def test_a_sound_directory(sound: Kept, executable: Path) -> None:
    before = files(sound.data)
    code, answer = check(executable, sound.data)
    assert (code, answer["sound"], answer["problems"]) == (0, True, [])
    assert answer["spans"] == len(sound.spans)
    assert answer["partitions"] == len(sound.partitions())
    assert answer["bytes"] == sum(f.stat().st_size for f in sound.partitions())
    segments = 0
    for file in sound.partitions():
        with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as database:
            segments += database.execute("SELECT count(*) FROM live_segment").fetchone()[0]
    assert answer["segments"] == segments
    assert files(sound.data) == before, "it must not change anything"
    code, text = check(executable, sound.data, "--format", "text")
    assert code == 0 and text.startswith(f"sound: {answer['partitions']} partitions, {segments} segments, {answer['spans']} spans")


def test_what_kill_leaves_is_sound(killed: Kept, executable: Path, tmp_path: Path) -> None:
    """The last commits are in logs, which are read and left as they are."""
    data = killed.copy(tmp_path / "data")
    before = {name: digest for name, digest in files(data).items() if not name.endswith("-shm")}
    code, answer = check(executable, data)
    assert (code, answer["problems"], answer["spans"]) == (0, [], len(killed.spans))
    assert {name: digest for name, digest in files(data).items() if not name.endswith("-shm")} == before


def test_beside_a_server_that_takes_spans_and_merges(executable: Path, tmp_path: Path) -> None:
    with Server(executable, data=tmp_path / "data") as server:
        kept, chance = Kept(server.data), random.Random(3)
        spans = [s for t in range(500) for s in keeping.spans_of(t, chance)]
        with server.client() as client:
            for start in range(0, len(spans), 300):
                keeping.send(client, kept, spans[start:start + 300], chance)
                code, answer = check(executable, server.data)
                assert (code, answer["problems"]) == (0, [])
                assert answer["spans"] == len(kept.spans)
            assert damage(client) == 0
        server.wait_until_merged()
        code, answer = check(executable, server.data)
        assert (code, answer["problems"], answer["spans"]) == (0, [], len(kept.spans))


def test_what_cannot_be_checked(sound: Kept, executable: Path, tmp_path: Path) -> None:
    assert check(executable, tmp_path / "nothing")[0] == 2
    assert check(executable, tmp_path)[0] == 2
    data = sound.copy(tmp_path / "data")
    with closing(sqlite3.connect(sorted((data / "partitions").glob("*.sqlite"))[0])) as database, database:
        database.execute("INSERT INTO grdb_migrations VALUES ('partition_9999_future')")
    code, text = check(executable, data)
    assert code == 2 and "newer version" in text
    with Server(executable, data=data) as server:
        assert "newer version" in server.log_tail()
        with server.client() as client:
            assert client.json("/v1/status")["ledger"]["partition.damaged"] == 1


# MARK: damage


CASES = [(kind, seed) for kind, count in KINDS.items() if kind is not replace_by_directory for seed in range(count * ROUNDS)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].__name__}-{case[1]}")
def test_it_finds_whatever_a_server_finds(sound: Kept, executable: Path, tmp_path: Path, case: tuple[Callable, int]) -> None:
    kind, seed = case
    chance = random.Random(50_000 + seed)
    data = sound.copy(tmp_path / "data")
    kind(chance.choice(sorted((data / "partitions").glob("*.sqlite"))), chance)
    code, answer = check(executable, data)
    assert code == 1 or answer["spans"] == len(sound.spans)
    assert (code == 0) == answer["sound"] == (answer["problems"] == [])
    with Server(executable, data=data, options=("--merging", "off")) as server:
        damaged = settle(server, Kept(data, sound.spans))
        assert code == 1 or damaged == 0
        server.stop()
        # Nor does setting aside make it sound.
        assert damaged == 0 or check(executable, data)[0] == 1
    shutil.rmtree(data, ignore_errors=True)


LARGE = "(SELECT max(id) FROM live_segment WHERE ordered = 1)"
SMALL = "(SELECT max(id) FROM live_segment WHERE ordered = 0)"

# What SQLite and the seal take for right: the seal is dropped, as if an earlier version had written the segment.
LIES = {
    "start_min": (f"UPDATE segment SET start_min = start_min + 1, seal = NULL WHERE id = {LARGE}", "starts from"),
    "start_max": (f"UPDATE segment SET start_max = start_max + 1, seal = NULL WHERE id = {SMALL}", "starts from"),
    "traces": (f"UPDATE segment SET traces = traces + 1, seal = NULL WHERE id = {SMALL}", "traces"),
    "filter": (f"UPDATE segment SET trace_filter = zeroblob(length(trace_filter)), seal = NULL WHERE id = {LARGE}", "a filter that knows"),
    "no filter": (f"UPDATE segment SET trace_filter = NULL, seal = NULL WHERE id = {LARGE}", "a trace filter"),
    "order": (f"UPDATE segment SET ordered = 1, seal = NULL WHERE id = {SMALL}", "order"),
    "raw bytes": (f"UPDATE segment SET raw_bytes = raw_bytes + 1, seal = NULL WHERE id = {LARGE}", "bytes of columns"),
    "rows": (f"UPDATE segment SET spans = spans + 1, seal = NULL WHERE id = {LARGE}", "row counts"),
    "present": (f"UPDATE \"column\" SET present = present + 1 WHERE key = 'tenant' AND segment = {LARGE}", "rows with a value"),
    "distinct": (f"UPDATE \"column\" SET distinct_values = 99 WHERE key = 'tenant' AND segment = {LARGE}", "99 distinct values"),
    "min": (f"UPDATE \"column\" SET min = min - 1 WHERE key = 'number' AND segment = {LARGE}", " to "),
    "max": (f"UPDATE \"column\" SET max = max + 1 WHERE key = 'number' AND segment = {LARGE}", " to "),
    "column gone": (f"DELETE FROM \"column\" WHERE key = 'trace_id' AND segment = {LARGE}", ""),
    "block gone": ("DELETE FROM text_block WHERE id = (SELECT max(id) FROM text_block)", "a readable column"),
    "block of nothing": ("UPDATE text_block SET \"column\" = 99999 WHERE id = (SELECT max(id) FROM text_block)", "column 99999"),
    "body": (f"UPDATE segment SET body = x'0102' WHERE id = {SMALL}", "a readable segment"),
    "deletion of nothing": ("INSERT INTO deletion VALUES (99999, x'01', NULL)", "segment 99999"),
    "deletion beyond": (f"INSERT OR REPLACE INTO deletion VALUES ({SMALL}, zeroblob(1000), NULL)", "deletions of"),
    "no marks": ("DELETE FROM shared_trace", "a mark for each trace"),
    "twice": (f"INSERT INTO segment SELECT (SELECT max(id) + 1 FROM segment), format, spans, traces, start_min, start_max, received_min, "
              f"received_max, ordered, mapping, row_counts, raw_bytes, trace_filter, checksum, body, NULL, NULL FROM segment WHERE id = {SMALL}",
              "each span once"),
    "heads": (f"UPDATE segment SET heads = x'00' || heads WHERE id = {LARGE}", "heads as the tables have them"),
    "heads of counts": ("UPDATE segment_count SET heads = x'01'", "heads as the tables have them"),
    "set aside": (f"INSERT INTO set_aside VALUES ({SMALL}, 'a reason', 0)", "no segment set aside"),
    "log record": ("INSERT INTO log_record VALUES (1, 0, 0, NULL, NULL, 'e', 0, 0, 3, x'000102')", "a readable log record"),
}


@pytest.mark.parametrize("lie", LIES)
def test_it_names_what_is_wrong(sound: Kept, executable: Path, tmp_path: Path, lie: str) -> None:
    statement, expected = LIES[lie]
    data = sound.copy(tmp_path / "data")
    for file in sorted((data / "partitions").glob("*.sqlite"))[1:2]:
        with closing(sqlite3.connect(file)) as database, database:
            assert database.execute(statement).rowcount > 0, "the directory has nothing to lie about"
            if '"column" SET' in statement:
                database.execute("UPDATE segment SET seal = NULL")
    code, answer = check(executable, data)
    assert code == 1
    assert any(expected in p["expected"] or expected in p["found"] for p in answer["problems"]), answer["problems"]
    assert {p["partition"] for p in answer["problems"]} <= {file.stem, sorted((data / "partitions").glob("*.sqlite"))[0].stem,
                                                              sorted((data / "partitions").glob("*.sqlite"))[2].stem}
    code, text = check(executable, data, "--format", "text")
    assert code == 1 and len(text.splitlines()) == len(answer["problems"]) + len(answer["notes"]) + 1


def checksum_of_filter(segments: str, filter_of_all: bytes) -> int:
    return zlib.crc32(segments.encode() + zlib.crc32(filter_of_all).to_bytes(8, "little"))


def with_filter(data: Path, filter_of_all: bytes, checksum: int | None) -> Path:
    """Gives a partition a filter that says it knows all large segments."""
    file = sorted((data / "partitions").glob("*.sqlite"))[1]
    with closing(sqlite3.connect(file)) as database, database:
        own = database.execute("SELECT id, trace_filter FROM segment WHERE trace_filter IS NOT NULL").fetchall()
        segments = json.dumps([[segment, zlib.crc32(kept)] for segment, kept in own])
        found = checksum_of_filter(segments, filter_of_all) if checksum is None else checksum
        database.execute("INSERT INTO partition_filter VALUES (1, ?, ?, ?)", (segments, found, filter_of_all))
    return file


@pytest.mark.parametrize(("filter_of_all", "checksum", "expected"), [
    (bytes(64), None, "a filter of all traces that knows every trace"), (bytes([255]) * 640, None, None),
    (bytes([255]) * 64, 7, "a readable filter of all traces"), (b"", None, "a readable filter of all traces")], ids=str)
def test_it_asks_the_filter_of_all_traces(
        sound: Kept, executable: Path, tmp_path: Path, filter_of_all: bytes, checksum: int | None, expected: str | None) -> None:
    data = sound.copy(tmp_path / "data")
    with_filter(data, filter_of_all, checksum)
    code, answer = check(executable, data)
    assert {(p["expected"], p["column"]) for p in answer["problems"]} == ({(expected, "partition_filter")} if expected else set())
    assert code == (1 if expected else 0)


def test_a_damaged_filter_of_all_traces_is_removed(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    with_filter(data, bytes(64), 7)
    with Server(executable, data=data, options=("--merging", "off")) as server:
        assert settle(server, Kept(data, sound.spans)) == 0
    assert check(executable, data)[0] == 0


def test_a_filter_knows_no_segment_that_is_another_under_the_same_number(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """It would rule out traces that the segment has."""
    data = sound.copy(tmp_path / "data")
    file = with_filter(data, bytes(64), None)
    with closing(sqlite3.connect(file)) as database, database:
        [(segments,)] = database.execute("SELECT segments FROM partition_filter").fetchall()
        others = json.dumps([[segment, checksum ^ 1] for segment, checksum in json.loads(segments)])
        database.execute("UPDATE partition_filter SET segments = ?, checksum = ?", (others, checksum_of_filter(others, bytes(64))))
    assert check(executable, data)[0] == 0


def test_a_page_of_a_filter_that_is_broken_loses_nothing(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """Its other pages may be anything's: to free them would lose what they hold."""
    data = sound.copy(tmp_path / "data")
    file = with_filter(data, bytes([255]) * 64 * 2_000, None)
    with closing(sqlite3.connect(file)) as database:
        pages = [page for (page,) in database.execute("SELECT pageno FROM dbstat WHERE name = 'partition_filter' AND pagetype = 'overflow' ORDER BY path")]
        [(other,)] = database.execute("SELECT min(pageno) FROM dbstat WHERE name = 'segment' AND pagetype = 'leaf'").fetchall()
    with file.open("r+b") as raw:
        raw.seek((pages[2] - 1) * 8192)
        raw.write(other.to_bytes(4, "big"))
    with Server(executable, data=data) as server:
        assert settle(server, Kept(data, sound.spans)) == 0
        server.wait_until_merged(timeout=60)
        assert settle(server, Kept(data, sound.spans)) == 0
        assert server.log_tail(100_000).count("cannot") == 0
    problems = check(executable, data)[1]["problems"]
    assert {p["partition"] for p in problems} == {file.stem} and all("segment" not in p for p in problems), problems


def test_it_compares_counts_with_the_rows(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """Two fields have each other's counts, and the seal says that this is right."""
    data = sound.copy(tmp_path / "data")
    file = sorted((data / "partitions").glob("*.sqlite"))[1]
    with closing(sqlite3.connect(file)) as database, database:
        (segment, _, service), (_, _, tenant) = database.execute(
            """SELECT segment, name, value_count FROM value_count_name WHERE origin = 'canonical' AND name IN ('service', 'tenant')
               AND segment = (SELECT max(segment) FROM segment_count) ORDER BY name""").fetchall()
        for name, count in (("service", tenant), ("tenant", service)):
            database.execute(
                "UPDATE value_count_name SET value_count = ? WHERE origin = 'canonical' AND name = ? AND segment = ?", (count, name, segment))
        seal, kept = heads.of_counts(database, segment)
        database.execute("UPDATE segment_count SET seal = ?, heads = ? WHERE segment = ?", (seal, kept, segment))
    code, answer = check(executable, data)
    assert (code, {p["partition"] for p in answer["problems"]}) == (1, {file.stem})
    assert {(p["expected"], p["column"]) for p in answer["problems"]} == {
        (expected, f"counts of {name}") for name in ("service", "tenant")
        for expected in ("counts by value as rows give them", "values of traces as rows give them")}


def test_files_that_were_set_aside_and_commits_that_are_missing(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    first, second, *_ = sorted((data / "partitions").glob("*.sqlite"))
    first.rename(first.with_name(first.name + ".damaged"))
    second.with_suffix(".mark").write_text(f"{10**6:020}\n")
    (data / "catalog.sqlite").write_bytes(random.Random(1).randbytes(9000))
    code, answer = check(executable, data)
    assert code == 1
    assert {p["partition"] for p in answer["problems"]} == {first.stem, second.stem, "catalog"}
    assert any("commits after it are missing" in p["found"] for p in answer["problems"])


def test_copies_across_days_are_no_damage(executable: Path, tmp_path: Path) -> None:
    with Server(executable, data=tmp_path / "data", options=("--merging", "off")) as server:
        kept, chance = Kept(server.data), random.Random(8)
        spans = [s for t in range(20) for s in keeping.spans_of(t, chance)]
        with server.client() as client:
            keeping.send(client, kept, spans, chance)
            keeping.send(client, kept, [s | {"start_time_unix_nano": s["start_time_unix_nano"] + keeping.DAY,
                                             "end_time_unix_nano": s["end_time_unix_nano"] + keeping.DAY} for s in spans[:5]], chance)
        server.stop()
        code, answer = check(executable, server.data)
        assert (code, answer["problems"]) == (0, [])
        assert any(note.startswith("5 copies") for note in answer["notes"]), answer["notes"]


def test_it_needs_no_right_to_write(sound: Kept, executable: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        return  # root may write everywhere
    data = sound.copy(tmp_path / "data")
    for path in [*data.rglob("*"), data]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert check(executable, data)[0] in (0, 2)
    finally:
        for path in [data, *data.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
