"""Measures the real binary on a workload and prints each figure beside its target.

usage: Tests/Benchmarks/bench.py [--spans 1000000] [--protocol otlp|ndjson|both] [--repeat 15]
       Tests/Benchmarks/bench.py --workload fleet [--spans 50000] [--prompt-bytes 2000:200000] [--repeat 15]

The fleet's traffic comes over two hundred connections; the same sender first sends it to a sink that keeps nothing, which
says what the sender itself can do.

Starts a server of its own on loopback with a fresh directory, sends the workload over four connections,
waits for merging, asks the queries of docs/PERFORMANCE.md, and stops. Machines are noisy: compare figures of
one run only."""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import scenarios  # noqa: E402
import workload  # noqa: E402
from cases import END, HOUR  # noqa: E402
from client import PROTOBUF, Client, post_all  # noqa: E402
from senders import run_sink, send_fleet  # noqa: E402
from server import Server, free_port, wait_for  # noqa: E402

QUERIES: dict[str, tuple[dict[str, object], int | None]] = {
    "one dimension, spans": ({"by": "prompt.version", "unit": "span"}, 50),
    "one dimension, traces": ({"by": "prompt.version"}, 50),
    "tenant, traces": ({"by": "tenant"}, 50),
    "model revision, traces": ({"by": "model.revision"}, 50),
    "two dimensions, filter, spans": ({"by": "tenant,model.revision", "where": "locale = de-DE", "unit": "span"}, 100),
    "two dimensions, filter, traces": ({"by": "tenant,model.revision", "where": "locale = de-DE"}, 100),
    "documents (a list), traces": ({"by": "document"}, None),
    "rare text in prompts, spans": ({"where": "prompt.text contains kosimikosimi", "unit": "span"}, None),
    "everything, no group": ({}, None),
    "counts alone by one dimension, spans": ({"by": "prompt.version", "unit": "span", "calc": "count,failures"}, None),
    "three percentiles by model revision, spans": (
        {"by": "model.revision", "unit": "span", "where": "operation = chat", "calc": "p50(duration),p95(duration),p99(duration)"}, None),
    "distinct users by tenant, traces": ({"by": "tenant", "calc": "distinct(user)"}, None),
}
# Questions of other routes, asked a few times each: the slower ones take seconds.
OTHERS = {
    # Up to where the workloads end, since some clocks of the fleet are a century ahead.
    "failures per minute, spans": ("/v1/series", {"unit": "span", "step": "1m", "to": END + HOUR}),
    "failing traces, newest first": ("/v1/traces", {"where": "failed"}),
    "all dimensions, distinct values counted": ("/v1/dimensions", {}),
}
FLEET_HOURS = 2  # dense enough for requests of up to fifty spans
FLEET_QUERIES: dict[str, tuple[dict[str, object], int | None]] = {
    "prompt version (inherited), traces": ({"by": "prompt.version"}, None),
    "tenant (on roots), spans": ({"by": "tenant", "unit": "span"}, None),
    "tenant (on roots), traces": ({"by": "tenant"}, None),
    "document (on retrievals), failures, traces": ({"by": "document", "where": "failed"}, None),
    "model revision and release, traces": ({"by": "model.revision,release"}, None),
    "operation kind and service, spans": ({"by": "operation.kind,service", "unit": "span"}, None),
    "rare word in prompts, spans": ({"where": "prompt.text contains zanzibarium", "unit": "span"}, None),
}


def show(name: str, value: str, target: str = "") -> None:
    print(f"{name:44} {value:>20} {target}")


def ingest(server: Server, protocol: str, spans: int) -> None:
    if protocol == "otlp":
        path, kind = "/v1/traces", PROTOBUF
        bodies = [p.read_bytes() for p in workload.otlp_bodies(spans)]
        target = 150_000
    else:
        path, kind = "/v1/spans", scenarios.NDJSON
        bodies = list(scenarios.ndjson_in_order(workload.ndjson(spans)))
        target = 75_000
    start, cpu = time.monotonic(), server.cpu_seconds()
    post_all("127.0.0.1", server.port, path, bodies, kind, connections=4)
    took = time.monotonic() - start
    used = server.cpu_seconds() - cpu
    show(f"{protocol}: ingest, synced", f"{spans / took:,.0f} spans/s", f">= {target:,}")
    show(f"{protocol}: CPU while ingesting", f"{used / spans * 1e6:.2f} us/span")
    server.wait_until_counted(timeout=900)
    show(f"{protocol}: until all is merged and counted", f"{time.monotonic() - start:.1f} s")
    show(f"{protocol}: CPU, merging and counting included", f"{(server.cpu_seconds() - cpu) / spans * 1e6:.2f} us/span")
    time.sleep(3)  # upkeep gives free pages back once it is idle
    show(f"{protocol}: bytes on disk", f"{server.bytes_on_disk() / spans:.1f} B/span", "<= 100")


def ingest_fleet(server: Server, spans: int, prompt_bytes: str) -> None:
    path = workload.fleet(spans, prompt_bytes, FLEET_HOURS)
    folder, sent = workload.requests_of(path), workload.planted_in(path)["sent"]
    megabytes = (folder / "bodies.bin").stat().st_size / 1e6

    def figures(name: str, seconds: float) -> None:
        show(f"fleet: {name}", f"{sent['spans'] / seconds:,.0f} spans/s",
             f"{megabytes / seconds:,.0f} MB/s, {sent['requests'] / seconds:,.0f} requests/s")

    show("fleet: requests", f"{sent['requests']:,}", f"{sent['spans'] / sent['requests']:.1f} spans, {megabytes * 1e3 / sent['requests']:,.0f} kB each")
    figures("the sender's own limit, nothing kept", seconds_to_a_sink(folder))
    start, cpu = time.monotonic(), server.cpu_seconds()
    send_fleet("127.0.0.1", server.port, folder)
    figures("ingest over 200 connections, synced", time.monotonic() - start)
    show("fleet: CPU while ingesting", f"{(server.cpu_seconds() - cpu) / sent['spans'] * 1e6:.1f} us/span")
    server.wait_until_counted(timeout=900)
    show("fleet: until all is merged and counted", f"{time.monotonic() - start:.1f} s")
    show("fleet: CPU, merging and counting included", f"{(server.cpu_seconds() - cpu) / sent['spans'] * 1e6:.1f} us/span")
    time.sleep(3)  # upkeep gives free pages back once it is idle
    held = sent["distinct_spans"]
    show("fleet: bytes on disk", f"{server.bytes_on_disk() / held:,.0f} B/span", f"{megabytes * 1e6 / sent['spans']:,.0f} as sent")


def seconds_to_a_sink(folder: Path) -> float:
    port = free_port()
    sink = multiprocessing.Process(target=run_sink, args=(port,), daemon=True)
    sink.start()
    try:
        wait_for(lambda: is_open(port))
        start = time.monotonic()
        send_fleet("127.0.0.1", port, folder)
        return time.monotonic() - start
    finally:
        sink.terminate()
        sink.join()


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def spelled_anew(turn: int) -> str:
    """A failure that the server does not know to be the same question, so that nothing is kept of its answer."""
    return "status = " + "".join(letter.upper() if turn >> at & 1 else letter for at, letter in enumerate("error"))


def timed(client: Client, path: str, parameters: dict[str, object]) -> float:
    start = time.monotonic()
    client.json(path, **({"from": 0} | parameters))
    return (time.monotonic() - start) * 1000


def ask(server: Server, repeat: int, queries: dict[str, tuple[dict[str, object], int | None]]) -> None:
    with server.client(timeout=300) as client:
        for name, (parameters, target) in queries.items():
            times = [timed(client, "/v1/slices", {"failure": spelled_anew(turn)} | parameters) for turn in range(repeat)]
            polled = [timed(client, "/v1/slices", parameters) for _ in range(max(4, repeat // 3))]
            show(f"query: {name}", f"{statistics.median(times[1:]):,.1f} ms ({times[0]:,.0f} cold)",
                 f"{statistics.median(polled[2:]):,.1f} polled" + (f", <= {target} ms" if target else ""))
        for name, (path, parameters) in OTHERS.items():
            times = []
            for _ in range(max(2, repeat // 5)):
                start = time.monotonic()
                client.json(path, **({"from": 0} | parameters))
                times.append((time.monotonic() - start) * 1000)
            show(f"query: {name}", f"{statistics.median(times[1:]):,.1f} ms ({times[0]:,.0f} cold)")
        tag = client.get("/v1/slices", by="tenant", from_=0).headers["etag"]
        times = []
        for _ in range(100):
            start = time.monotonic()
            assert client.get("/v1/slices", {"If-None-Match": tag}, by="tenant", from_=0).status == 304
            times.append((time.monotonic() - start) * 1000)
        show("query: unchanged, 304", f"{statistics.median(times):,.2f} ms ({max(times):,.2f} at most)", "<= 2 ms")
        first = client.json("/v1/spans", **{"from": 0, "limit": 1})["spans"][0]["trace_id"]
        times = []
        for _ in range(repeat):
            start = time.monotonic()
            client.json(f"/v1/traces/{first}")
            times.append((time.monotonic() - start) * 1000)
        show("query: one trace", f"{statistics.median(times[1:]):,.1f} ms ({times[0]:,.0f} cold)")


def standard(spans: int, protocols: list[str], repeat: int) -> None:
    for protocol in protocols:
        with Server() as server:
            ingest(server, protocol, spans)
            finish(server, protocol, repeat, QUERIES)


def finish(server: Server, name: str, repeat: int, queries: dict[str, tuple[dict[str, object], int | None]]) -> None:
    show(f"{name}: peak memory, ingest", f"{server.peak_rss() / 2**20:.0f} MiB", "<= 512")
    ask(server, repeat, queries)
    show(f"{name}: peak memory, with queries", f"{server.peak_rss() / 2**20:.0f} MiB", "<= 512")
    server.restart()
    show(f"{name}: start to ready", f"{server.ready_seconds:.2f} s")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--workload", choices=["standard", "fleet"], default="standard")
    arguments.add_argument("--spans", type=int, help="1,000,000 of the standard workload, 50,000 of the fleet's if not given")
    arguments.add_argument("--protocol", choices=["otlp", "ndjson", "both"], default="both", help="of the standard workload")
    arguments.add_argument("--prompt-bytes", default="2000:200000", help="of the fleet's")
    arguments.add_argument("--repeat", type=int, default=15)
    chosen = arguments.parse_args()
    if chosen.workload == "standard":
        protocols = ["otlp", "ndjson"] if chosen.protocol == "both" else [chosen.protocol]
        return standard(chosen.spans or 1_000_000, protocols, chosen.repeat)
    with Server() as server:
        ingest_fleet(server, chosen.spans or 50_000, chosen.prompt_bytes)
        finish(server, "fleet", chosen.repeat, FLEET_QUERIES)


if __name__ == "__main__":
    main()
