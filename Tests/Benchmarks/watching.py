"""What the standing watch costs: spans of right now come in as fast as they go, with the watch off and looking without a pause, in turns.

usage: Tests/Benchmarks/watching.py [--spans 1000000] [--rounds 3] [--window 15m] [--every 1s]

The spans are the standard workload's, moved to now before they are sent, so that all of them lie in the watch's window. Prints for
both spans a second, CPU a span and the slowest answers, and the ratios; then, in a server that holds all of it, how long looks take.
How much of the cores taking in had (the server's CPU less that of looks, a second) tells more than spans a second where a machine's
speed changes from run to run. All on loopback; it stops by itself."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import workload  # noqa: E402
from bench import show  # noqa: E402
from client import PROTOBUF, Client  # noqa: E402
from dashboard import renew  # noqa: E402
from server import Server  # noqa: E402

CONNECTIONS = 4


def renewed(spans: int) -> list[bytes]:
    """The workload's requests, moved to now."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies = []
    for path in workload.otlp_bodies(spans):
        request = ExportTraceServiceRequest.FromString(path.read_bytes())
        renew(request, 1)
        bodies.append(request.SerializeToString())
    return bodies


def post(server: Server, bodies: list[bytes]) -> tuple[float, list[float]]:
    """Seconds that all took, and of each in milliseconds."""
    turn, lock, times = iter(bodies), threading.Lock(), []

    def send() -> None:
        with Client("127.0.0.1", server.port, timeout=120) as client:
            while True:
                with lock:
                    body = next(turn, None)
                if body is None:
                    return
                start = time.monotonic()
                client.ingest("/v1/traces", body, PROTOBUF)
                times.append((time.monotonic() - start) * 1000)

    begin = time.monotonic()
    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin, sorted(times)


class Looks:
    """CPU seconds of the threads that look, one after the other."""

    def __init__(self, process: int) -> None:
        self.process, self.seconds = process, {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def sample(self) -> None:
        while not self.stopped.wait(0.05):
            for task in Path(f"/proc/{self.process}/task").iterdir():
                try:
                    name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
                except OSError:
                    continue  # it has ended
                fields = rest.split()  # proc(5), from the third field on
                if name == "everyspan.idle":
                    self.seconds[task.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Looks:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()


def looks(server: Server) -> tuple[int, int, float]:
    """How many there were, how many of them were given up, after which windows are halved, and how long the last one took."""
    with server.client() as client:
        watch = client.json("/v1/findings")["watch"]
    return (watch["runs"], watch["failed_runs"], watch["last"]["took_s"] if watch["last"] else 0) if watch else (0, 0, 0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--spans", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--window", default="15m")
    arguments.add_argument("--every", default="1s")
    chosen = arguments.parse_args()
    settings = {"off": ("--watch", "off"), "on": ("--watch-window", chosen.window, "--watch-every", chosen.every)}
    rates: dict[str, list[float]] = {name: [] for name in settings}
    cores: dict[str, list[float]] = {name: [] for name in settings}
    slowest: dict[str, list[float]] = {name: [] for name in settings}
    for turn in range(chosen.rounds):
        bodies = renewed(chosen.spans)
        for name in sorted(settings, reverse=bool(turn % 2)):
            with Server(options=settings[name]) as server:
                cpu = server.cpu_seconds()
                assert server.process is not None
                with Looks(server.process.pid) as looking:
                    seconds, times = post(server, bodies)
                    used = server.cpu_seconds() - cpu
                of_looks = sum(looking.seconds.values())
                rates[name].append(chosen.spans / seconds)
                cores[name].append((used - of_looks) / seconds)
                slowest[name].append(times[len(times) * 99 // 100])
                show(f"watch {name}", f"{rates[name][-1]:,.0f} spans/s",
                     f"{(used - of_looks) / chosen.spans * 1e6:.2f} us/span, {cores[name][-1]:.2f} cores; looks {of_looks:.1f} s; answer p99 {slowest[name][-1]:.0f} ms, max {times[-1]:.0f}; "
                     f"{looks(server)[0]} looks, {looks(server)[1]} given up")
                if turn == chosen.rounds - 1 and name == "on":
                    server.wait_until_counted(timeout=900)
                    before = looks(server)[0]
                    while looks(server)[0] < before + 2:
                        time.sleep(0.2)
                    show("a look at all of it, nothing else going on", f"{looks(server)[2]:.2f} s", f"{server.peak_rss() / (1 << 20):.0f} MiB peak")
    show("spans a second, on / off", f"{statistics.median(rates['on']) / statistics.median(rates['off']):.3f}")
    show("cores that taking in had, on / off", f"{statistics.median(cores['on']) / statistics.median(cores['off']):.3f}")
    show("answers' p99, on / off", f"{statistics.median(slowest['on']) / statistics.median(slowest['off']):.3f}")


if __name__ == "__main__":
    main()
