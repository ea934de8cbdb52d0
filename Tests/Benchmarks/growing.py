"""How cost grows with what is held: days of the standard workload, taken in one after the other, and questions asked of each size.

usage: Tests/Benchmarks/growing.py [--day 10000000] [--days 10] [--at 1,2,5,10] [--repeat 5] [--data DIR]

A day is `--day` spans; each further one is the same traffic with other ids, a day before the last. While a day comes in, over four
connections, nothing else is asked. With so many days as `--at` names the server is started again, its files dropped from the page
cache, and asked: the newest day (which stays as large as it was) and all days (which grow), first and again.

100 million spans take 5 GB of disk, and 15 for the day that is sent again and again. With `--data` that directory is kept."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import renewing  # noqa: E402
import workload  # noqa: E402
from bench import spelled_anew  # noqa: E402
from cases import END, HOUR  # noqa: E402
from client import PROTOBUF, Client, HTTPError, post_all  # noqa: E402
from server import Server  # noqa: E402

MIB = 1 << 20
COUNTS = {"calc": "count,failures"}
NEWEST = {"from_": END - 24 * HOUR, "to": END + HOUR}
# Of spans where nothing else is said; each by what `GET /v1/...` takes.
QUESTIONS: dict[str, tuple[str, dict[str, object]]] = {
    "counts by prompt version": ("/v1/slices", {"by": "prompt.version", "unit": "span"} | COUNTS),
    "counts by prompt version, traces": ("/v1/slices", {"by": "prompt.version"} | COUNTS),
    "by tenant and revision, one locale": (
        "/v1/slices", {"by": "tenant,model.revision", "where": "locale = pt-BR and has(model.revision)", "unit": "span"} | COUNTS),
    "percentiles by model revision": (
        "/v1/slices", {"by": "model.revision", "where": "operation = chat", "unit": "span", "calc": "count,p50(duration),p95(duration)"}),
    "failures per hour": ("/v1/series", {"step": "1h", "unit": "span"} | COUNTS),
    "a rare text in prompts": ("/v1/spans", {"where": "prompt.text contains kosimikosimi", "fields": "trace_id", "limit": 20}),
    "newest failing traces": ("/v1/traces", {"where": "failed", "limit": 50}),
    "compare, traces": ("/v1/compare", {}),
}


class Day:
    """The requests of a day, and where in them what differs from day to day lies."""

    def __init__(self, spans: int) -> None:
        self.paths = workload.otlp_bodies(spans)
        self.places: list[renewing.Places | None] = [None] * len(self.paths)

    def bodies(self, days_before: int) -> Iterator[bytes]:
        for at, path in enumerate(self.paths):
            body = path.read_bytes()
            places = self.places[at] or renewing.places(body)
            self.places[at] = places
            yield renewing.renewed(body, places, days_before)


def take_in(server: Server, day: Day, spans: int, number: int) -> None:
    begin, cpu, own = time.monotonic(), server.cpu_seconds(), time.process_time()
    post_all("127.0.0.1", server.port, "/v1/traces", day.bodies(number), PROTOBUF)
    seconds, used, sender = time.monotonic() - begin, server.cpu_seconds() - cpu, time.process_time() - own
    server.wait_until_counted(timeout=3_600)
    settled, settled_cpu = time.monotonic() - begin, server.cpu_seconds() - cpu
    held = spans * (number + 1)
    say(f"day {number + 1}: {spans / seconds:,.0f} spans/s synced, {spans / settled:,.0f} until settled; CPU {used / spans * 1e6:.1f} us/span, "
        f"{settled_cpu / spans * 1e6:.1f} settled (the sender's {sender / spans * 1e6:.1f}); {server.bytes_on_disk() / held:.1f} B/span; "
        f"{server.rss() / MIB:.0f} MiB, peak {server.peak_rss() / MIB:.0f}")


def ask(server: Server, days: int, repeat: int) -> None:
    server.stop()
    server.drop_page_cache()
    server.start()
    say(f"{days} days: ready after {server.ready_seconds * 1e3:.0f} ms with {server.rss() / MIB:.0f} MiB")
    all_days = {"from_": END - 24 * HOUR * days, "to": END + HOUR}
    with server.client(timeout=300) as client:
        for name, (path, parameters) in QUESTIONS.items():
            said = []
            for window in (NEWEST, all_days) if days > 1 else (NEWEST,):
                times = [milliseconds(client, path, parameters | window, turn) for turn in range(repeat + 1)]
                again = [t for t in times[1:] if t is not None]
                said.append(f"{shown(times[0])} first {shown(statistics.median(again) if again else None)} again")
            say(f"    {name:36} newest day {said[0]:34}" + (f" all days {said[1]}" if len(said) > 1 else ""))
    say(f"    peak {server.peak_rss() / MIB:.0f} MiB")


def milliseconds(client: Client, path: str, parameters: dict[str, object], turn: int) -> float | None:
    """Of one answer; None if it was refused, as what takes longer than a question may."""
    if path != "/v1/spans":
        parameters = parameters | {"failure": spelled_anew(turn)}
    begin = time.monotonic()
    try:
        client.json(path, **parameters)
    except HTTPError as error:
        if error.response.status not in (413, 422, 504):
            raise
        return None
    return (time.monotonic() - begin) * 1e3


def shown(value: float | None) -> str:
    return "refused" if value is None else f"{value:,.1f} ms" if value < 1e3 else f"{value / 1e3:,.2f} s"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--day", type=int, default=10_000_000)
    arguments.add_argument("--days", type=int, default=10)
    arguments.add_argument("--at", default="1,2,5,10", help="numbers of days with which questions are asked")
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--data", type=Path)
    chosen = arguments.parse_args()
    asked = {int(number) for number in chosen.at.split(",")}
    day = Day(chosen.day)
    with Server(data=chosen.data, options=("--watch", "off")) as server:
        for number in range(chosen.days):
            take_in(server, day, chosen.day, number)
            if number + 1 in asked:
                ask(server, number + 1, chosen.repeat)


if __name__ == "__main__":
    main()
