"""kill -9 while spans are taken in and merged: each span whose request got 200 is there, exactly once."""

from __future__ import annotations

import collections
import os
import random
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import PROTOBUF, Client
from otlp import request
from server import Server, wait_for

KILLS = int(os.environ.get("EVERYSPAN_TEST_KILLS", "50"))
SPANS = 24  # a request
CONNECTIONS = 4
DAY = 86_400 * 10**9
START = 1_790_000_000_000_000_000


def body_of(number: int) -> bytes:
    """Spans of two traces, each shared with a neighbouring request; every third request touches two days."""
    def span(at: int) -> dict[str, Any]:
        trace = number + at % 2
        start = START + trace * 10**6 + (DAY if at % 4 == 3 and number % 3 == 0 else 0)
        return {"trace_id": f"{trace + 1:032x}", "span_id": f"{number * SPANS + at + 1:016x}", "name": "step", "request": number,
                "start_time_unix_nano": start, "end_time_unix_nano": start + at}

    return request(span(at) for at in range(SPANS)).SerializeToString()


@dataclass
class Sender:
    """Posts requests until the server is gone; those without an answer are sent again the next time."""

    next: int = 0
    acknowledged: set[int] = field(default_factory=set)
    open: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int:
        with self.lock:
            if self.open:
                return self.open.pop(0)
            self.next += 1
            return self.next - 1

    def send_until_killed(self, server: Server, killed: threading.Event) -> None:
        with server.client(timeout=10) as client:
            while not killed.is_set():
                self.send(client, self.take())

    def send(self, client: Client, number: int) -> None:
        try:
            status = client.post("/v1/traces", body_of(number), PROTOBUF).status
        except OSError:
            status = 0
        with self.lock:
            if status == 200:
                self.acknowledged.add(number)
            else:
                self.open.append(number)


def counts(server: Server) -> dict[int, int]:
    with server.client() as client:
        rows = client.json("/v1/slices", by="request", unit="span", from_=0, limit="all", format="rows")
    return {row["request"]: row["count"] for row in rows}


def check(server: Server, sender: Sender) -> None:
    found = counts(server)
    missing = {n: found.get(n, 0) for n in sender.acknowledged if found.get(n) != SPANS}
    assert not missing, f"acknowledged, but not there once each: {missing}"
    assert all(count <= SPANS for count in found.values())
    assert set(found) <= sender.acknowledged | set(sender.open)


def send_the_rest(server: Server, sender: Sender) -> None:
    with server.client() as client:
        while sender.open:
            sender.send(client, sender.open.pop())
    server.wait_until_merged()
    check(server, sender)


def test_nothing_acknowledged_is_lost_or_doubled(fresh_server: Server) -> None:
    server, sender, chance = fresh_server, Sender(), random.Random(20_261_124)
    merged_segments: collections.Counter[str] = collections.Counter()
    for kill in range(KILLS):
        killed = threading.Event()
        threads = [threading.Thread(target=sender.send_until_killed, args=(server, killed)) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        # Merging begins half a second after the start, so half of the kills fall on it.
        killed.wait(chance.uniform(0.05, 0.5) if kill % 2 else chance.uniform(0.5, 1.2))
        server.kill()
        killed.set()
        for thread in threads:
            thread.join()
        merged_segments.update(interrupted_merges(server.data))
        server.start()
        check(server, sender)
    send_the_rest(server, sender)
    assert len(sender.acknowledged) == sender.next == len(counts(server))
    print(f"{KILLS} kills, {sender.next} requests, {merged_segments['unfinished']} merges cut short, {merged_segments['done']} done")
    assert merged_segments["done"] > 0
    for file in partitions(server.data):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            wait_until_removed(database, server)


def wait_until_removed(database: sqlite3.Connection, server: Server) -> None:
    """What was merged goes once no query reads it."""
    deadline = time.monotonic() + 20
    while database.execute("SELECT count(*) FROM retired").fetchone() != (0,):
        assert time.monotonic() < deadline, server.log_tail()
        time.sleep(0.1)


def test_a_full_disk_loses_nothing_acknowledged(executable: Path) -> None:
    """What does not fit is refused so that clients try again; questions go on; with room again all is taken."""
    with Server(executable, file_bytes_max=3 << 20) as server:
        sender = Sender()
        with server.client() as client:
            for number in range(400):
                sender.send(client, number)
            assert sender.acknowledged and sender.open
            refused = client.post("/v1/traces", body_of(sender.open[0]), PROTOBUF)
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            check(server, sender)
        time.sleep(3)  # merging cannot write either
        check(server, sender)
        server.kill()
        server.file_bytes_max = None
        server.start()
        check(server, sender)
        send_the_rest(server, sender)
        assert len(counts(server)) == 400


def partitions(data: Path) -> list[Path]:
    return sorted((data / "partitions").glob("*.sqlite"))


def interrupted_merges(data: Path) -> collections.Counter[str]:
    """What a killed server leaves: large segments that queries see, and such as are not yet to be seen."""
    found: collections.Counter[str] = collections.Counter()
    for file in partitions(data):
        # A copy, so that looking does not recover the log before the server does.
        with closing(sqlite3.connect(f"file:{copied(file)}?mode=ro", uri=True)) as database:
            try:
                for retired, large in database.execute("SELECT id IN (SELECT segment FROM retired), body IS NULL FROM segment"):
                    if large:
                        found["unfinished" if retired else "done"] += 1
            except sqlite3.OperationalError:
                pass  # killed before the schema was there
    return found


def copied(file: Path) -> Path:
    aside = file.parent.parent.parent / "killed"
    aside.mkdir(exist_ok=True)
    for suffix in ("", "-wal"):
        source = file.with_name(file.name + suffix)
        if source.exists():
            (aside / source.name).write_bytes(source.read_bytes())
        else:
            (aside / source.name).unlink(missing_ok=True)
    (aside / (file.name + "-shm")).unlink(missing_ok=True)
    return aside / file.name


def test_a_damaged_segment_keeps_no_other_from_being_merged(executable: Path) -> None:
    """Bytes of one day's spans are changed on disk: the log says so, and the other day is merged all the same."""
    with Server(executable, options=("--merging", "off")) as server:
        with server.client() as client:
            for number in range(12):
                assert client.post("/v1/traces", body_of(number), PROTOBUF).status == 200
        server.stop()
        first, second = partitions(server.data)
        with closing(sqlite3.connect(first)) as database, database:
            [(number, body)] = database.execute("SELECT id, body FROM segment ORDER BY id LIMIT 1")
            damaged = bytearray(body)
            damaged[len(body) // 2] ^= 1
            database.execute("UPDATE segment SET body = ? WHERE id = ?", (bytes(damaged), number))
        server.options = ()
        server.start()
        wait_for(lambda: not small_segments(second), 20)
        assert "checksum" in server.log_tail()
        assert server.log_tail(100_000).count("cannot merge") < 8
        with server.client() as client:
            assert client.get("/healthz").status == 200
            assert client.json("/v1/status")["ledger"]["segment.damaged"] == 1


def small_segments(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        query = "SELECT count(*) FROM segment WHERE body IS NOT NULL AND id NOT IN (SELECT segment FROM retired)"
        return database.execute(query).fetchone()[0]
