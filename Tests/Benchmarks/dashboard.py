"""Polls a dashboard of six queries while spans stream in, and prints how long pages and queries took.

usage: Tests/Benchmarks/dashboard.py [--spans 1000000] [--rate 50000] [--pages 1000] [--every 0.1] [--seconds 120]

The server first holds the standard workload, merged. Then a sender of its own process posts new spans of today at the given
rate (the workload's, with new trace ids and times), and one dashboard asks its page again and again: `--every` so many
seconds, or as soon as the page before is there. At the end nothing arrives any more, and the same polls are asked with their
ETags. All on loopback; it stops by itself. Compare figures of one run only."""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import workload  # noqa: E402
from bench import show  # noqa: E402
from cases import END, HOUR  # noqa: E402
from client import PROTOBUF, Client, post_all  # noqa: E402
from server import Server  # noqa: E402

FROM: dict[str, object] = {"from": END - 24 * HOUR}
PAGE: dict[str, tuple[str, dict[str, object]]] = {
    "all requests": ("/v1/slices", {}),
    "failures per step": ("/v1/series", {}),
    "tenants": ("/v1/slices", {"by": "tenant"}),
    "prompt versions": ("/v1/slices", {"by": "prompt.version"}),
    "percentiles by model revision": (
        "/v1/slices", {"by": "model.revision", "unit": "span", "where": "operation = chat", "calc": "count,p50(duration),p95(duration),p99(duration)"}),
    "tools": ("/v1/slices", {"by": "tool", "unit": "span"}),
}


def stream(port: int, spans: int, rate: int, connections: int, stop: multiprocessing.Event, sent: multiprocessing.Value) -> None:
    """Posts new spans at a rate until it is told to stop."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    paths = workload.otlp_bodies(spans)
    lock = threading.Lock()
    turn = iter(range(1 << 40))
    begin = time.monotonic()

    def post() -> None:
        with Client("127.0.0.1", port, timeout=60) as client:
            while not stop.is_set():
                with lock:
                    number = next(turn)
                request = ExportTraceServiceRequest.FromString(paths[number % len(paths)].read_bytes())
                count = renew(request, number // len(paths) + 1)
                while (wait := begin + sent.value / rate - time.monotonic()) > 0 and not stop.is_set():
                    time.sleep(min(wait, 0.05))
                client.ingest("/v1/traces", request.SerializeToString(), PROTOBUF)
                with lock:
                    sent.value += count

    threads = [threading.Thread(target=post) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def renew(request, turn: int) -> int:
    """Gives every span another trace id and moves it to now, as far apart as they were."""
    spans = [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
    shift = time.time_ns() - max(span.end_time_unix_nano for span in spans)
    mark = turn.to_bytes(4, "big")
    for span in spans:
        span.trace_id = mark + span.trace_id[4:]
        span.start_time_unix_nano += shift
        span.end_time_unix_nano += shift
    return len(spans)


def poll(server: Server, pages: int, every: float, seconds: float, window: dict[str, object]) -> tuple[list[float], dict[str, list[float]]]:
    """Milliseconds of each page, and of each of its queries."""
    of_pages: list[float] = []
    of_queries: dict[str, list[float]] = {name: [] for name in PAGE}
    begin = time.monotonic()
    with server.client(timeout=60) as client:
        for page in range(pages):
            if time.monotonic() - begin > seconds:
                break
            time.sleep(max(0, begin + page * every - time.monotonic()))
            start = time.monotonic()
            for name, (path, parameters) in PAGE.items():
                asked = time.monotonic()
                client.json(path, **(window | parameters))
                of_queries[name].append((time.monotonic() - asked) * 1000)
            of_pages.append((time.monotonic() - start) * 1000)
    return of_pages, of_queries


def unchanged(server: Server, pages: int) -> list[float]:
    """Milliseconds of each 304."""
    times = []
    with server.client(timeout=60) as client:
        tags = [(path, FROM | parameters, client.get(path, **(FROM | parameters)).headers["etag"]) for path, parameters in PAGE.values()]
        for _ in range(pages):
            for path, parameters, tag in tags:
                start = time.monotonic()
                assert client.get(path, {"If-None-Match": tag}, **parameters).status == 304
                times.append((time.monotonic() - start) * 1000)
    return times


def percentiles(times: list[float]) -> str:
    ordered = sorted(times)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return f"{statistics.median(ordered):.1f} / {p99:.1f} / {ordered[-1]:.1f} ms"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--spans", type=int, default=1_000_000, help="held at the beginning")
    arguments.add_argument("--rate", type=int, default=50_000, help="new spans a second")
    arguments.add_argument("--connections", type=int, default=2, help="of the sender")
    arguments.add_argument("--pages", type=int, default=1000)
    arguments.add_argument("--every", type=float, default=0.1, help="seconds from page to page")
    arguments.add_argument("--seconds", type=float, default=120, help="no page begins later")
    arguments.add_argument("--since", help="the page's window, such as 20s; else all spans that are held")
    chosen = arguments.parse_args()
    window = {"since": chosen.since} if chosen.since else FROM
    with Server() as server:
        bodies = (path.read_bytes() for path in workload.otlp_bodies(chosen.spans))
        post_all("127.0.0.1", server.port, "/v1/traces", bodies, PROTOBUF)
        server.wait_until_merged(timeout=900)
        pages, queries = poll(server, 20, 0, 60, FROM)
        show("page at rest: p50 / p99 / max", percentiles(pages[1:]))
        stop, sent = multiprocessing.Event(), multiprocessing.Value("q", 0)
        sender = multiprocessing.Process(
            target=stream, args=(server.port, chosen.spans, chosen.rate, chosen.connections, stop, sent), daemon=True)
        sender.start()
        try:
            time.sleep(2)
            begin, before, cpu = time.monotonic(), sent.value, server.cpu_seconds()
            pages, queries = poll(server, chosen.pages, chosen.every, chosen.seconds, window)
            took, count = time.monotonic() - begin, sent.value - before
        finally:
            stop.set()
            sender.join(timeout=30)
        show("spans that came meanwhile", f"{count / took:,.0f} /s", f"{chosen.rate:,} wanted; {count:,} in {took:.0f} s")
        show("the server's CPU", f"{(server.cpu_seconds() - cpu) / took:.2f} cores")
        show(f"page of six queries, {len(pages):,} polls", percentiles(pages))
        for name, times in queries.items():
            show(f"  {name}", percentiles(times))
        show("every query of them", percentiles([t for times in queries.values() for t in times]), "p99 <= 100 ms")
        server.wait_until_merged(timeout=900)
        show("unchanged, 304", percentiles(unchanged(server, max(20, chosen.pages // 10))), "<= 2 ms")
        show("peak memory", f"{server.peak_rss() / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
