"""What /v1/compare costs over the standard workload, merged, in both units: time, CPU and memory; of two builds in turns.

usage: Tests/Benchmarks/comparing.py [--spans 1000000] [--repeat 3] [--data DIR] [--against BINARY] [--only traces,spans]

Sends the workload to a server of its own (with `--data` that directory is kept, and a run that finds it filled asks it), then asks
each question of a fresh process once and then `--repeat` times. The watch is off. With `--against` another build answers the same
from the same directory in turns, and the ratios are printed; answers that differ are named, and the exit status is 1."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import workload  # noqa: E402
from bench import show  # noqa: E402
from cases import ALL, END, HOUR  # noqa: E402
from client import PROTOBUF, post_all  # noqa: E402
from server import Server, binary  # noqa: E402

DAY = {"from_": ALL[0], "to": ALL[1]}
QUESTIONS: dict[str, dict[str, object]] = {
    "traces": DAY | {"unit": "trace"},
    "spans": DAY | {"unit": "span"},
    "traces, slow": DAY | {"unit": "trace", "target": "duration > p95"},
    "traces, the second half against the first": {"unit": "trace", "from_": END - 12 * HOUR, "to": END, "vs": "12h"},
}


def load(spans: int, data: Path | None) -> None:
    with Server(data=data, options=("--watch", "off")) as server:
        begin = time.monotonic()
        bodies = (path.read_bytes() for path in workload.otlp_bodies(spans))
        post_all("127.0.0.1", server.port, "/v1/traces", bodies, PROTOBUF)
        server.wait_until_counted(timeout=1800)
        show("taken in, merged and counted", f"{time.monotonic() - begin:.1f} s")


def ask(executable: Path, data: Path, question: dict[str, object], repeat: int) -> dict[str, Any]:
    """The first answer's seconds, the median of the others, CPU of these, the peak, and what was answered."""
    with Server(executable, data, options=("--watch", "off")) as server, server.client(timeout=120) as client:
        times: list[float] = []
        answer: Any = None
        cpu = 0.0
        for turn in range(1 + repeat):
            if turn == 1:
                cpu = server.cpu_seconds()
            begin = time.monotonic()
            answer = client.json("/v1/compare", **question)
            times.append(time.monotonic() - begin)
        used = (server.cpu_seconds() - cpu) / repeat
        answer.pop("took_ms", None)
        return {"first": times[0], "again": statistics.median(times[1:]), "cpu": used,
                "peak": server.peak_rss() / (1 << 20), "answer": answer}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--spans", type=int, default=1_000_000)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--against", type=Path)
    arguments.add_argument("--only", help="questions whose names begin so")
    chosen = arguments.parse_args()
    keeper = Server()
    data = chosen.data or keeper.data
    try:
        if not any(data.glob("*")):
            load(chosen.spans, data)
        builds = {"this": binary()} | ({"other": chosen.against} if chosen.against else {})
        differs = 0
        for name, question in QUESTIONS.items():
            if chosen.only and not any(name.startswith(only) for only in chosen.only.split(",")):
                continue
            figures = {}
            for build, executable in builds.items():
                figures[build] = own = ask(executable, data, question, chosen.repeat)
                show(f"{name}, {build} build: first / again", f"{own['first']:.2f} / {own['again']:.2f} s",
                     f"CPU {own['cpu']:.2f} s, peak {own['peak']:.0f} MiB, {len(own['answer']['findings'])} findings")
            if chosen.against:
                one, other = figures["this"], figures["other"]
                isSame = one["answer"] == other["answer"]
                differs += not isSame
                show(f"{name}: this / other", f"{one['first'] / other['first']:.3f} / {one['again'] / other['again']:.3f}",
                     "the same answer" if isSame else "OTHER ANSWERS")
        return 1 if differs else 0
    finally:
        keeper.discard()


if __name__ == "__main__":
    sys.exit(main())
