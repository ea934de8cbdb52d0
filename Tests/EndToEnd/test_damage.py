"""Bytes change on disk, files are cut, go, or become something else: no answer is wrong without saying so, nothing crashes, and
spans go on being taken."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import keeping
from client import PROTOBUF, Client
from keeping import DAY, START, Kept, identity, is_as_sent, listed, tenants
from otlp import request
from server import Server, wait_for

ROUNDS = int(os.environ.get("EVERYSPAN_TEST_DAMAGES", "1"))
PAGE = 8192
# So little is kept in memory that questions read the files anew.
COLD = ("--warm-bytes-max", "1")
# Of what is damaged: enough for segments of every kind in four days, and so few that hundreds of cases take minutes.
TRACES = 150
PAGES_OF = 500  # spans: listing all takes two


@pytest.fixture(scope="module")
def sound(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keeping.make(executable, tmp_path_factory.mktemp("sound") / "data", TRACES)


@pytest.fixture(scope="module")
def killed(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What kill -9 leaves: the last commits are in logs."""
    return keeping.make(executable, tmp_path_factory.mktemp("killed") / "data", TRACES, killed=True)


@contextmanager
def serving(executable: Path, data: Path, *options: str) -> Iterator[Server]:
    with Server(executable, data=data, options=options) as server:
        try:
            yield server
            assert server.is_running, server.log_tail(4000)
        finally:
            shutil.rmtree(data, ignore_errors=True)


# MARK: what must hold


def settle(server: Server, kept: Kept) -> int:
    """Asks until nothing is found damaged any more, and holds every answer against what was sent.

    Returns how much is set aside."""
    with server.client() as client:
        while True:
            known = damage(client)
            ask(client)
            if damage(client) != known:
                continue
            try:
                assert_right(client, kept, known)
            except MoreIsDamaged:
                continue
            if damage(client) == known:
                return known


class MoreIsDamaged(Exception):
    """An answer says that more is set aside than was known: SQLite keeps pages of a file in memory until somebody writes into it,
    so that damage may be found long after all was read once."""


def holds(answer: dict[str, Any], damaged: int) -> dict[str, Any]:
    """An answer that says how much is set aside."""
    says = answer["coverage"].get("damaged", 0)
    assert says >= damaged, answer["coverage"]
    if says > damaged:
        raise MoreIsDamaged
    return answer


def ask(client: Client) -> None:
    """So that all is read once."""
    for path, parameters in QUESTIONS:
        answer = client.get(path, from_=0, **parameters)
        assert answer.status == 200 or answer.status >= 500 and answer.json()["error"]["message"], answer.body


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/slices", {"by": "tenant", "unit": "span", "limit": "all"}),
    ("/v1/slices", {"by": "service", "unit": "trace", "calc": "count,failures"}),
    ("/v1/series", {"unit": "span", "step": "1h", "to": keeping.START + 9 * keeping.DAY}),
    ("/v1/slices", {"by": "number", "unit": "trace", "where": "prompt.text contains refund", "limit": "all"}),
    ("/v1/spans", {"limit": 1000, "fields": keeping.FIELDS}),
    ("/v1/spans", {"limit": 1000, "order": "duration"}),
    ("/v1/dimensions", {}),
]


def damage(client: Client) -> int:
    ledger = client.json("/v1/status")["ledger"]
    return sum(ledger.get(reason, 0) for reason in ("segment.damaged", "partition.damaged", "commit.lost"))


def assert_right(client: Client, kept: Kept, damaged: int) -> None:
    rows, coverage = listed(client, PAGES_OF)
    holds({"coverage": coverage}, damaged)
    found = {identity(row) for row in rows}
    assert len(found) == len(rows) and found <= set(kept.spans)
    assert damaged or found == set(kept.spans), "spans are missing, and nothing says so"
    for row in rows:
        assert is_as_sent(row, kept.spans[identity(row)]), row
    held = [kept.spans[i] for i in found]

    def counts(unit: str, **parameters: object) -> dict[Any, int]:
        slices = holds(client.json("/v1/slices", by="tenant", unit=unit, from_=0, limit="all", **parameters), damaged)
        return {r["slice"]["tenant"]: r["count"] for r in slices["rows"]}

    for unit in ("span", "trace"):
        assert counts(unit) == tenants(held, unit), "of rows"
        assert counts(unit, calc="count") == tenants(held, unit), "of stored counts"
    matching = [s for s in held if "naïve" in s.get("prompt.text", "")]
    assert counts("span", where='prompt.text contains "naïve"') == tenants(matching, "span")
    for trace_id in random.Random(1).sample(sorted({s["trace_id"] for s in held}), min(len(held), 8)):
        trace = holds(client.json(f"/v1/traces/{trace_id}"), damaged)
        assert {s["span_id"] for s in trace["spans"]} == {s["span_id"] for s in held if s["trace_id"] == trace_id}


def assert_takes_spans(server: Server, kept: Kept, most_days: int = keeping.DAYS + 1) -> None:
    """Of every day, those whose files are damaged too."""
    new = [
        {"trace_id": f"{9_000_000 + day:032x}", "span_id": f"{9_000_000 + day:016x}", "name": "new", "tenant": "new", "number": day,
         "start_time_unix_nano": START + day * DAY, "end_time_unix_nano": START + day * DAY + 1}
        for day in range(most_days + 1)
    ]
    kept.spans |= {identity(s): s for s in new}
    with server.client() as client:
        for span in new:
            answer = client.post("/v1/traces", request([span]).SerializeToString(), PROTOBUF)
            assert answer.status == 200, answer.body
        [row] = client.json("/v1/slices", where="tenant = new", unit="span", from_=0)["rows"]
        assert row["count"] == len(new)


def hold(server: Server, kept: Kept) -> int:
    """All that must hold of a server over damaged files: now, with new spans, and after another start."""
    kept = Kept(kept.data, dict(kept.spans))
    settle(server, kept)
    assert_takes_spans(server, kept)
    settle(server, kept)
    server.restart()
    return settle(server, kept)


# MARK: damage


def flip(file: Path, chance: random.Random) -> None:
    """One to eight bytes anywhere; half of the time in the first bytes of a page, where SQLite keeps its order."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(size)
            if chance.random() < 0.5:
                at = min(size - 1, at // PAGE * PAGE + chance.randrange(120))
            opened.seek(at)
            old = opened.read(1)[0]
            opened.seek(at)
            opened.write(bytes([old ^ chance.choice((1, 2, 16, 128, 255))]))


def cut(file: Path, chance: random.Random) -> None:
    size = file.stat().st_size
    os.truncate(file, chance.choice((0, 1, 100, PAGE, size // PAGE // 2 * PAGE, chance.randrange(size), size - 1)))


def overwrite(file: Path, chance: random.Random) -> None:
    """A page, or a stretch, of zeros or noise."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(chance.randrange(size) // PAGE * PAGE)
        opened.write(chance.choice((bytes, chance.randbytes))(chance.choice((512, PAGE, 3 * PAGE))))


def replace_by_garbage(file: Path, chance: random.Random) -> None:
    file.write_bytes(chance.randbytes(chance.choice((10, 5000, 100_000))))


def replace_by_directory(file: Path, chance: random.Random) -> None:
    file.unlink()
    file.mkdir()
    (file / "something").write_text("else")


def swap_pages(file: Path, chance: random.Random) -> None:
    """Two pages change places: each is whole, and in the wrong place."""
    content = bytearray(file.read_bytes())
    first, second = (chance.randrange(len(content) // PAGE) * PAGE for _ in range(2))
    content[first:first + PAGE], content[second:second + PAGE] = content[second:second + PAGE], content[first:first + PAGE]
    with file.open("r+b") as opened:
        opened.write(content)


KINDS: dict[Callable[[Path, random.Random], None], int] = {
    flip: 16, overwrite: 6, cut: 8, swap_pages: 4, replace_by_garbage: 2, replace_by_directory: 1,
}
CASES = [(kind, seed) for kind, count in KINDS.items() for seed in range(count * ROUNDS)]


def name(case: tuple[Callable[[Path, random.Random], None], int]) -> str:
    return f"{case[0].__name__}-{case[1]}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_damage_before_the_start(sound: Kept, executable: Path, tmp_path: Path, case: tuple[Callable, int]) -> None:
    kind, seed = case
    chance = random.Random(seed)
    data = sound.copy(tmp_path / "data")
    files = sorted((data / "partitions").glob("*.sqlite"))
    kind(chance.choice(files), chance)
    with serving(executable, data, "--merging", chance.choice(("on", "off"))) as server:
        hold(server, Kept(data, sound.spans))


@pytest.mark.parametrize("case", [c for c in CASES if c[0] is not replace_by_directory], ids=name)
def test_damage_while_it_runs(sound: Kept, executable: Path, tmp_path: Path, case: tuple[Callable, int]) -> None:
    kind, seed = case
    chance = random.Random(10_000 + seed)
    data = sound.copy(tmp_path / "data")
    with serving(executable, data, "--merging", chance.choice(("on", "off")), *COLD) as server:
        kept = Kept(data, dict(sound.spans))
        with server.client() as client:
            ask(client)
        if chance.random() < 0.5:
            assert_takes_spans(server, kept)
        file = chance.choice(sorted((data / "partitions").glob("*.sqlite")))
        if kind is replace_by_garbage:  # written into the file that is open, not put in its place
            file.open("r+b").write(chance.randbytes(file.stat().st_size))
        else:
            kind(file, chance)
        hold(server, kept)


@pytest.mark.parametrize("seed", range(6 * ROUNDS))
@pytest.mark.parametrize("kind", [flip, cut, replace_by_garbage, Path.unlink], ids=lambda kind: kind.__name__)
def test_damage_of_a_log(killed: Kept, executable: Path, tmp_path: Path, kind: Callable, seed: int) -> None:
    """A log that is damaged is read up to there, and one that is gone is taken for empty: what is missing is told."""
    chance = random.Random(20_000 + seed)
    data = killed.copy(tmp_path / "data")
    log = chance.choice([f for f in sorted((data / "partitions").glob("*.sqlite-wal")) if f.stat().st_size > 0])
    kind(log) if kind is Path.unlink else kind(log, chance)
    with serving(executable, data) as server:
        hold(server, Kept(data, killed.spans))
        if kind is Path.unlink:
            assert "are missing" in server.log_tail(10_000)


def test_a_log_is_removed_while_it_is_open(executable: Path, tmp_path: Path) -> None:
    """What was acknowledged is in it, and only in it."""
    with serving(executable, tmp_path / "data", *COLD) as server:
        kept = Kept(server.data)
        with server.client() as client:
            keeping.send(client, kept, [s for t in range(30) for s in keeping.spans_of(t, random.Random(t))], random.Random(2))
            for log in (server.data / "partitions").glob("*-wal"):
                log.unlink()
            for _ in range(4):
                assert client.get("/v1/slices", by="prompt.text", from_=0).status in (200, 503)
        assert settle(server, kept) == 0
        server.stop()
        server.start()
        assert settle(server, kept) == 0


@pytest.mark.parametrize("seed", range(12 * ROUNDS))
def test_damage_of_the_catalog(sound: Kept, executable: Path, tmp_path: Path, seed: int) -> None:
    """Spans do not lie there, so none may be missing."""
    chance = random.Random(30_000 + seed)
    data = sound.copy(tmp_path / "data")
    kind = (flip, cut, replace_by_garbage, replace_by_directory, overwrite, swap_pages)[seed % 6]
    kind(data / "catalog.sqlite", chance)
    with serving(executable, data) as server:
        hold(server, Kept(data, sound.spans))


# MARK: what SQLite itself does not see


COLUMNS = {
    "segment": ["spans", "traces", "start_min", "start_max", "ordered", "row_counts", "raw_bytes", "format", "checksum", "body",
                "trace_filter", "heads", "id"],
    '"column"': ["tbl", "origin", "key", "type", "raw_bytes", "compressed", "checksum", "data", "segment", "id"],
    "text_block": ["number", "raw_bytes", "compressed", "checksum", "data", '"column"'],
    "deletion": ["bitmap", "segment"],
    "shared_trace": ["trace_id", "segment"],
    "ledger": ["amount"],
    "ledger_line": ["amount", "reason", "tenant", "first", "id"],
    "ledger_commit": ["lines", "received", "id"],
    "segment_count": ["mapping", "raw_bytes", "compressed", "checksum", "data", "seal", "heads", "segment"],
    "value_count": ["distinct_values", "raw_bytes", "compressed", "checksum", "data", "segment", "id"],
    "value_count_name": ["origin", "name", "value_count"],
    "trace_value": ["raw_bytes", "compressed", "checksum", "data", "value_count"],
}


@pytest.mark.parametrize("place", [f"{t}.{c}" for t, columns in COLUMNS.items() for c in columns])
def test_one_value_is_another(sound: Kept, executable: Path, tmp_path: Path, place: str) -> None:
    """A row is changed as SQLite itself would change it, so that only our own checks can tell: of two days while the server
    runs, of a third while it does not. Each day answers for itself, so one that is told cannot hide another."""
    table, column = place.split(".")
    for seed in range(ROUNDS):
        data, chance = sound.copy(tmp_path / f"data-{seed}"), random.Random(seed)
        kept = Kept(data, dict(sound.spans))
        sound_files = chance.sample(kept.partitions(), len(kept.partitions()))
        with serving(executable, data, "--merging", "off", *COLD) as server:
            with server.client() as client:
                ask(client)
            for is_running, days in ((True, 2), (False, 1)):  # the fourth stays sound
                if not is_running:
                    server.stop()
                for _ in range(days):
                    if file := change(sound_files, table, column, chance):
                        sound_files.remove(file)
                if not is_running:
                    server.start()
                settle(server, kept)
                assert days_with_missing_spans(server, kept) <= days_with_damage(kept)


def change(files: list[Path], table: str, column: str, chance: random.Random) -> Path | None:
    """In the first that has such a value, and takes another."""
    for file in files:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("PRAGMA ignore_check_constraints = 1")
            key = {"shared_trace": "trace_id", "ledger": "reason", "value_count_name": "name"}.get(table, "rowid")
            rows = database.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
            if not rows:
                continue
            row, old = chance.choice(rows)
            try:
                database.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (other(old, chance), row))
            except sqlite3.IntegrityError:
                continue
            return file
    return None


def days_with_missing_spans(server: Server, kept: Kept) -> set[str]:
    with server.client() as client:
        found = {identity(row) for row in listed(client)[0]}
    return {time.strftime("%Y-%m-%d", time.gmtime(span["start_time_unix_nano"] // 10**9))
            for key, span in kept.spans.items() if key not in found}


def days_with_damage(kept: Kept) -> set[str]:
    """Those whose files were put aside, and those that list something in `set_aside`."""
    days = {file.name.partition(".")[0] for file in (kept.data / "partitions").glob("*.damaged")}
    for file in kept.partitions():
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            if database.execute("SELECT count(*) FROM set_aside").fetchone()[0]:
                days.add(file.stem)
    return days


def other(old: object, chance: random.Random) -> object:
    match old:
        case int():
            return chance.choice((old + 1, old - 1, 0, -1, 2**62, old ^ 1 << 40))
        case str():
            return chance.choice((old[:-1], old + "x", "", "[1]", "span" if old != "span" else "event"))
        case bytes() if old:
            changed = bytearray(old)
            changed[chance.randrange(len(old))] ^= 1 << chance.randrange(8)
            return chance.choice((bytes(changed), bytes(changed), old[:-1], b""))
    return 1


def test_what_is_damaged_before_it_is_counted_is_set_aside(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """A segment of an earlier version, say, has no counts. Counting reads all of it, finds the damage, and goes on with the others."""
    data = sound.copy(tmp_path / "data")
    kept = Kept(data, dict(sound.spans))
    with Server(executable, data=data, options=("--counted-spans-min", "1000000")) as server, server.client() as client:
        # One segment a day, or merging would come upon the damage first.
        wait_for(lambda: all(p["segments"] == 1 for p in client.json("/v1/status")["partitions"]), 60)
    for at, file in enumerate(kept.partitions()):
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM segment_count")
            if at == 1:
                column, old = database.execute("SELECT id, data FROM \"column\" WHERE key = 'tenant' ORDER BY id DESC").fetchone()
                database.execute('UPDATE "column" SET data = ? WHERE id = ?', (old[:-1] + bytes([old[-1] ^ 1]), column))
    with serving(executable, data, "--counted-spans-min", "1") as server:
        server.wait_until_counted()
        assert settle(server, kept) == 1
        time.sleep(1)
        before = server.cpu_seconds()
        time.sleep(2)
        assert server.cpu_seconds() - before < 1, "it goes round and round"


# MARK: files that are no trouble of the disk


def test_a_format_of_the_future_is_set_aside(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    with closing(sqlite3.connect(sorted((data / "partitions").glob("*.sqlite"))[0])) as database, database:
        database.execute("UPDATE segment SET format = 99, seal = NULL WHERE id = (SELECT min(id) FROM live_segment)")
    with serving(executable, data) as server:
        assert hold(server, Kept(data, sound.spans)) == 1
        assert "format is 99" in server.log_tail(10_000)


def test_no_number_is_left_for_a_segment(sound: Kept, executable: Path, tmp_path: Path) -> None:
    """SQLite would answer that the disk is full, for ever; a day is not to be lost to that."""
    data = sound.copy(tmp_path / "data")
    for file in sorted((data / "partitions").glob("*.sqlite"))[:2]:
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'segment'")
            database.execute("UPDATE ledger SET amount = 9223372036854775807")
    for mark in (data / "partitions").glob("*.mark"):
        mark.write_text("-9223372036854775808")
    with serving(executable, data, "--merging", "off") as server:
        assert settle(server, Kept(data, sound.spans)) == 0
        assert hold(server, Kept(data, sound.spans)) == 2


def test_a_file_that_may_not_be_read_is_left_out(sound: Kept, executable: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        return  # nothing is forbidden to root, which is who runs the tests in containers
    data = sound.copy(tmp_path / "data")
    file = sorted((data / "partitions").glob("*.sqlite"))[0]
    file.chmod(0)
    with serving(executable, data) as server:
        assert settle(server, Kept(data, sound.spans)) == 1
        file.chmod(0o644)
        server.restart()
        assert settle(server, Kept(data, sound.spans)) == 0


def test_a_damaged_segment_stays_aside_until_the_file_is_restored(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    file = sorted((data / "partitions").glob("*.sqlite"))[0]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE segment SET body = x'00' WHERE id = (SELECT max(id) FROM live_segment WHERE ordered = 0)")
    with serving(executable, data) as server:
        for _ in range(3):
            assert settle(server, Kept(data, sound.spans)) == 1
            server.restart()
        server.stop()
        assert server.log_tail(100_000).count("is damaged and set aside") == 1
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        file.write_bytes((sound.data / "partitions" / file.name).read_bytes())
        server.start()
        assert settle(server, Kept(data, sound.spans)) == 0


# MARK: partitions that come and go


def test_a_partition_moved_away_and_back(executable: Path, tmp_path: Path) -> None:
    """Spans of its traces come and are merged while it is away: back again, each trace is one, and each span is there once."""
    chance = random.Random(6)
    with serving(executable, tmp_path / "data") as server:
        kept = Kept(server.data)
        spans = [s for t in range(120) for s in keeping.spans_of(t, chance)]
        crossing = {s["trace_id"] for s in spans if s["start_time_unix_nano"] // DAY == START // DAY + 1}
        # The second day first, whole; of traces that cross midnight the rest comes while it is away.
        second = [s for s in spans if s["start_time_unix_nano"] // DAY == START // DAY + 1]
        with server.client() as client:
            keeping.send(client, kept, second, chance)
        server.wait_until_merged()
        server.stop()
        [file] = (server.data / "partitions").glob("*.sqlite")
        away = Path(shutil.move(file, tmp_path / file.name))
        server.start()
        with server.client() as client:
            gone, kept.spans = kept.spans, {}
            keeping.send(client, kept, [s for s in spans if s["start_time_unix_nano"] // DAY != START // DAY + 1], chance)
            # A copy that starts on another day than the one that is away.
            moved = next(iter(gone.values()))
            keeping.send(client, kept, [moved | {"start_time_unix_nano": moved["start_time_unix_nano"] - DAY}], chance)
        server.wait_until_merged()
        assert any(s["trace_id"] in crossing for s in kept.spans.values())
        assert settle(server, kept) == 0
        server.stop()
        shutil.move(away, file)
        server.start()
        kept.spans = gone | kept.spans
        wait_for(lambda: total(server) == len(kept.spans), 20)
        assert settle(server, kept) == 0
        server.restart()
        assert settle(server, kept) == 0


def total(server: Server) -> int:
    with server.client() as client:
        return client.json("/v1/slices", unit="span", from_=0)["rows"][0]["count"]


def test_days_that_were_made_while_it_ran_are_known_to_the_next_start(executable: Path, tmp_path: Path) -> None:
    """Of days that it does not know a start looks up every trace in all others: that is for those that were moved here."""
    chance = random.Random(8)
    with serving(executable, tmp_path / "data") as server:
        kept = Kept(server.data)
        with server.client() as client:
            keeping.send(client, kept, [s for t in range(60) for s in keeping.spans_of(t, chance)], chance)
        server.kill()
        known = known_days(server.data)
        assert known == {file.stem: str(file.stat().st_ino) for file in kept.partitions()} and len(known) == keeping.DAYS + 1
        server.start()
        assert known_days(server.data) == known
        # Moved away and back, it may have missed something.
        server.stop()
        away = Path(shutil.move(kept.partitions()[0], tmp_path))
        server.start()
        assert set(known_days(server.data)) == set(known) - {away.stem}


def test_a_file_that_is_put_back_in_place_is_looked_at(executable: Path, tmp_path: Path) -> None:
    """As docs/OPERATIONS.md says, by copying over it: the file is the same to the system, and lacks marks of what was merged since."""
    chance = random.Random(9)
    with serving(executable, tmp_path / "data") as server:
        kept = Kept(server.data)
        spans = [s for t in range(120) for s in keeping.spans_of(t, chance)]
        second = [s for s in spans if s["start_time_unix_nano"] // DAY == START // DAY + 1]
        with server.client() as client:
            keeping.send(client, kept, second, chance)
        server.wait_until_merged()
        server.restart()
        [file] = kept.partitions()
        with closing(sqlite3.connect(file)) as database:
            database.execute("VACUUM INTO ?", (str(tmp_path / "backup.sqlite"),))
        with server.client() as client:
            keeping.send(client, kept, [s for s in spans if s not in second], chance)
        server.wait_until_merged()
        server.stop()
        shutil.copyfile(tmp_path / "backup.sqlite", file)
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        file.with_suffix(".mark").unlink()
        server.start()
        assert total(server) == len(kept.spans)
        assert settle(server, kept) == 0
        assert file.with_suffix(".mark").exists()


def known_days(data: Path) -> dict[str, str]:
    with closing(sqlite3.connect(data / "catalog.sqlite")) as database:
        return {name.removeprefix("partition "): file
                for name, file in database.execute("SELECT name, value FROM setting WHERE name LIKE 'partition %'")}


def test_spans_of_a_day_come_weeks_later(executable: Path, tmp_path: Path) -> None:
    """Its file was closed long ago; they end in it, merged with the others, ordered by trace."""
    chance = random.Random(7)
    with serving(executable, tmp_path / "data") as server:
        kept = Kept(server.data)
        spans = [s for t in range(120) for s in keeping.spans_of(t, chance)]
        with server.client() as client:
            keeping.send(client, kept, spans[::2], chance)
            server.wait_until_merged()
            later = [s | {"start_time_unix_nano": s["start_time_unix_nano"] + 30 * DAY,
                          "end_time_unix_nano": s["end_time_unix_nano"] + 30 * DAY, "trace_id": f"{int(s['trace_id'], 16) + 10**6:032x}"}
                     for s in spans]
            keeping.send(client, kept, later, chance)
        server.restart()
        with server.client() as client:
            keeping.send(client, kept, spans[1::2] + spans[:20], chance)
        server.wait_until_merged()
        time.sleep(1)
        assert settle(server, kept) == 0
        server.stop()
        for file in kept.partitions():
            day = file.stem
            with closing(sqlite3.connect(file)) as database:
                [(segments, ordered, first, last)] = database.execute(
                    "SELECT count(*), min(ordered), date(min(starts_from)), date(max(starts_to)) FROM live_segment")
            assert (segments, ordered, first, last) == (1, 1, day, day)
        server.start()
