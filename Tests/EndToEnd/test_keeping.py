"""`everyspan compact`, and `--retain-bytes`: less on disk, and nothing else changes unseen."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import keeping
from keeping import DAY, Kept, identity, listed
from server import Server, wait_for
from test_check import check
from test_damage import settle

KILLS = int(os.environ.get("EVERYSPAN_TEST_KILLS", "50")) // 3


@pytest.fixture(scope="module")
def sound(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return keeping.make(executable, tmp_path_factory.mktemp("kept") / "data")


# MARK: compact


def compact(executable: Path, data: Path) -> dict[str, int]:
    run = subprocess.run([executable, "compact", data], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def size(data: Path) -> int:
    return sum(f.stat().st_size for f in data.rglob("*") if f.is_file())


def table(data: Path, query: str) -> list[tuple[Any, ...]]:
    rows = []
    for file in sorted((data / "partitions").glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as database:
            rows += database.execute(query).fetchall()
    return rows


def test_everything_is_merged_and_given_back(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    # Pages that a removed row leaves free.
    for file in (data / "partitions").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("CREATE TABLE ballast AS SELECT zeroblob(500000)")
            database.execute("DROP TABLE ballast")
    before = size(data)
    answer = compact(executable, data)
    assert answer["bytes_before"] == before
    assert answer["bytes_after"] == size(data) < before - 4 * 400_000
    assert answer["segments_after"] == len(list((data / "partitions").glob("*.sqlite")))
    assert table(data, "SELECT * FROM deletion") == [], "rows that nobody sees are still there"
    assert table(data, "SELECT * FROM retired") == []
    assert {ordered for ordered, in table(data, "SELECT ordered FROM segment")} == {1}
    assert {pages for pages, in table(data, "PRAGMA freelist_count")} == {0}
    code, report = check(executable, data)
    assert (code, report["problems"], report["spans"]) == (0, [], len(sound.spans))
    assert compact(executable, data)["segments_after"] == answer["segments_after"]
    with Server(executable, data=data) as server:
        assert settle(server, Kept(data, sound.spans)) == 0


def test_a_directory_in_use_is_left_alone(executable: Path, tmp_path: Path) -> None:
    with Server(executable, data=tmp_path / "data") as server:
        run = subprocess.run([executable, "compact", server.data], capture_output=True, text=True, timeout=60)
        assert run.returncode == 3 and "another everyspan" in run.stderr
    run = subprocess.run([executable, "compact", tmp_path / "nothing"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 3 and not (tmp_path / "nothing").exists()


def test_killed_at_any_time_it_loses_nothing(sound: Kept, executable: Path, tmp_path: Path) -> None:
    chance = random.Random(9)
    started = time.monotonic()
    compact(executable, sound.copy(tmp_path / "timed"))
    seconds = time.monotonic() - started
    done: Counter[bool] = Counter()
    for number in range(KILLS):
        data = sound.copy(tmp_path / f"data-{number}")
        process = subprocess.Popen([executable, "compact", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(chance.uniform(0.01, seconds))
        done[process.poll() is None] += 1
        process.kill()
        process.communicate()
        code, report = check(executable, data)
        assert (code, report["problems"], report["spans"]) == (0, [], len(sound.spans))
        compact(executable, data)
        assert check(executable, data)[1]["spans"] == len(sound.spans)
    assert done[True] > KILLS // 4, "most were not killed on the way"


# MARK: retention by size


def days(server: Server) -> list[str]:
    with server.client() as client:
        return [p["name"] for p in client.json("/v1/status")["partitions"]]


def bytes_of(server: Server) -> int:
    """What the limit is about: the catalog and the partitions, logs included."""
    return sum(f.stat().st_size for pattern in ("*.sqlite", "*.sqlite-wal") for f in server.data.rglob(pattern))


def by_day(kept: Kept) -> dict[str, int]:
    names = [time.strftime("%Y-%m-%d", time.gmtime(s["start_time_unix_nano"] // 10**9)) for s in kept.spans.values()]
    return dict(sorted(Counter(names).items()))


@pytest.mark.parametrize("days_kept", [1, 2, 3, 4])
def test_the_oldest_days_go_until_the_rest_fits(sound: Kept, executable: Path, tmp_path: Path, days_kept: int) -> None:
    data = sound.copy(tmp_path / "data")
    counts = by_day(sound)
    files = sorted((data / "partitions").glob("*.sqlite"))
    sizes = [f.stat().st_size for f in files]
    # Room for what the catalog's log comes to.
    fits = (data / "catalog.sqlite").stat().st_size + sum(sizes[-days_kept:]) + min(sizes) * 2 // 3
    with Server(executable, data=data, options=("--retain-bytes", str(fits), "--merging", "off")) as server:
        wait_for(lambda: len(days(server)) == days_kept)
        time.sleep(1.2)  # two more looks
        assert days(server) == list(counts)[-days_kept:]
        assert bytes_of(server) <= fits
        dropped = sum(list(counts.values())[:-days_kept])
        with server.client() as client:
            wait_for(lambda: client.json("/v1/status")["ledger"].get("span.dropped_by_retention", 0) == dropped, 5)
            rows, _ = listed(client)
            assert len(rows) == len(sound.spans) - dropped
        for day in list(counts)[:-days_kept]:
            assert f"removed {day} with {counts[day]} spans: all data takes" in server.log_tail(10_000)
            assert not list((data / "partitions").glob(f"{day}*")), "its files are still there"
        server.options = ("--merging", "off")
        server.restart()
        with server.client() as client:
            assert client.json("/v1/status")["ledger"].get("span.dropped_by_retention", 0) == dropped


def test_the_newest_day_stays_however_small_the_limit(executable: Path, tmp_path: Path) -> None:
    with Server(executable, data=tmp_path / "data", environment={"EVERYSPAN_RETAIN_BYTES": "1"}) as server:
        kept, chance = Kept(server.data), random.Random(1)
        spans = sorted((s for t in range(60) for s in keeping.spans_of(t, chance)), key=lambda s: s["start_time_unix_nano"])
        with server.client() as client:
            keeping.send(client, kept, spans, chance)
            newest = max(by_day(kept))
            wait_for(lambda: days(server) == [newest], 20)
            # A late span is taken, and is the oldest at once.
            late = spans[0] | {"trace_id": f"{10**6:032x}"}
            keeping.send(client, kept, [late], chance)
            wait_for(lambda: days(server) == [newest], 20)
            gone = sum(by_day(kept).values()) - by_day(kept)[newest]
            # A day is out of sight before its spans are counted.
            wait_for(lambda: client.json("/v1/status")["ledger"]["span.dropped_by_retention"] == gone, 5)
            # The next day takes its place.
            tomorrow = [s | {"start_time_unix_nano": s["start_time_unix_nano"] + DAY, "end_time_unix_nano": s["end_time_unix_nano"] + DAY,
                             "trace_id": f"{2 * 10**6 + n:032x}"} for n, s in enumerate(spans[-3:])]
            keeping.send(client, kept, tomorrow, chance)
            wait_for(lambda: len(days(server)) == 1 and days(server)[0] > newest, 20)
            rows, coverage = listed(client)
            assert {identity(r) for r in rows} == {identity(s) for s in tomorrow}
            assert "damaged" not in coverage


def test_questions_that_run_while_a_day_goes(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    with Server(executable, data=data, options=("--retain-bytes", "1", "--warm-bytes-max", "1")) as server:
        totals = set()
        with server.client() as client:
            while len(days(server)) > 1:
                totals.add(client.json("/v1/slices", unit="span", from_=0)["rows"][0]["count"])
            totals.add(client.json("/v1/slices", unit="span", from_=0)["rows"][0]["count"])
        counts = list(by_day(sound).values())
        assert totals <= {sum(counts[n:]) for n in range(len(counts))}


@pytest.mark.parametrize("text", ["0", "-1", "x", "10", "1e3", "0.2", "nan", "inf", "12 parsecs", "0x10", "99999999999TB", ".", "1.2.3GB"])
def test_sizes_that_are_none(executable: Path, tmp_path: Path, text: str) -> None:
    arguments = [executable, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", f"--retain-bytes={text}"]
    if text == "10":  # the one that is
        arguments[-1] = "--retain-bytes=10 KiB"
        with subprocess.Popen(arguments, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None and b"listens on" in process.stderr.readline()
            process.terminate()
        return
    run = subprocess.run(arguments, capture_output=True, text=True, timeout=30)
    assert run.returncode == 64 and "is no size such as 200GB" in run.stderr


def test_the_configuration_file_names_it(sound: Kept, executable: Path, tmp_path: Path) -> None:
    data = sound.copy(tmp_path / "data")
    (tmp_path / "everyspan.conf").write_text("retain-bytes = 0.0000001TB\n")
    with Server(executable, data=data, options=("--config", str(tmp_path / "everyspan.conf"))) as server:
        wait_for(lambda: len(days(server)) == 1)
