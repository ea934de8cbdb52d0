"""Compares every row of Everyspan's answers with an independent count of the same spans, while merges run.

usage: Tests/Benchmarks/exactness.py [--spans 1000000] [--extra-spans 300000] [--extras 2] [--keep DIR]

DuckDB first counts the lines that are to be sent, so that merging is still going on when the questions begin. Then a server of
its own with a fresh directory takes them over four connections, and all questions are asked in turns until nothing waits to be
merged, and a few times more. The same again with spans of other seeds, as often as --extras says; while these come in, what they
do not change is asked. Every second time a question is spelled as never before, so that nothing kept of an answer helps; the other
half are polls. A line for each question; the exit status is 1 where an answer differs. What it made is removed at the end, but
for the workload in --keep."""

from __future__ import annotations

import argparse
import itertools
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

from bench import spelled_anew  # noqa: E402
from client import post_all  # noqa: E402
from exact_questions import Question, all_questions, difference  # noqa: E402
from recount import Recount, Rows  # noqa: E402
from scenarios import NDJSON  # noqa: E402
from server import Server  # noqa: E402
from systems.everyspan import requests  # noqa: E402

CONNECTIONS, ASKERS = 4, 2
AT_ONCE = 200  # requests, whose replies are looked at together
MERGED_WITHIN = 900.0  # seconds
PATIENCE = 300.0  # seconds for one answer: what is slow on a busy machine is not wrong
OPTIONS = ("--query-seconds-max", f"{PATIENCE:.0f}")
BYTES_A_SPAN = 1_500  # workload, recount and data together
SHOWN_MOST = 20  # differences


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclass
class Tally:
    """Of one question."""

    asked: int = 0
    while_merging: int = 0
    while_coming: int = 0
    equal: int = 0
    slowest: float = 0  # milliseconds
    memory: int = 0  # of the server once it has answered, bytes; two questions share it


class Comparison:
    """A server, what it is asked, and what the answers have to be: by part, question and spelling."""

    def __init__(self, server: Server, questions: list[Question], expected: list[dict[str, list[Rows]]]) -> None:
        self._server, self._questions, self._expected = server, questions, expected
        self.tallies = {question.name: Tally() for question in questions}
        self.differences: list[str] = []
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(ASKERS)

    def until_merged(self, part: int, rounds_after: int) -> None:
        """All questions in turns, first those that were asked least while merging."""
        deadline, left = time.monotonic() + MERGED_WITHIN, rounds_after
        while left > 0:
            say(f"part {part}, {self._backlog()} segments wait to be merged …")
            self._ask_all(sorted(self._questions, key=lambda question: self.tallies[question.name].while_merging), part)
            if self._backlog() == 0:
                left -= 1
            elif time.monotonic() > deadline:
                raise SystemExit(f"merging has not ended within {MERGED_WITHIN:.0f} s")

    def while_sending(self, sender: threading.Thread) -> None:
        unchanged = [question for question in self._questions if question.is_of_first]
        sender.start()
        while sender.is_alive():
            self._ask_all(unchanged, 0, is_coming=True)
        sender.join()

    def _ask_all(self, questions: list[Question], part: int, is_coming: bool = False) -> None:
        list(self._pool.map(lambda question: self._ask(question, part, is_coming), questions))

    def _ask(self, question: Question, part: int, is_coming: bool) -> None:
        tally = self.tallies[question.name]
        turn = tally.asked
        spelling = question.spellings[turn % len(question.spellings)]
        parameters: dict[str, Any] = {"from": 0} | spelling.parameters if spelling.parameters else {}
        if turn % 2 and spelling.path in ("/v1/slices", "/v1/series"):
            parameters["failure"] = spelled_anew(turn // 2)
        is_merging = self._backlog() > 0
        with self._server.client(PATIENCE) as client:
            begin = time.perf_counter()
            response = client.get(spelling.path, **parameters)
            milliseconds = (time.perf_counter() - begin) * 1000
        if response.status == 200:
            expected = self._expected[part][question.name][turn % len(question.spellings)]
            wrong = difference(question, expected, question.read(orjson.loads(response.body)))
        else:
            wrong = f"{response.status} {response.body[:300].decode(errors='replace')}"
        with self._lock:
            tally.asked += 1
            tally.while_merging += is_merging
            tally.while_coming += is_coming
            tally.equal += wrong is None
            tally.slowest = max(tally.slowest, milliseconds)
            tally.memory = max(tally.memory, self._server.rss())
            if wrong is not None:
                self.differences.append(f"{question.name}, part {part}: {wrong}")
                say(self.differences[-1])

    def _backlog(self) -> int:
        with self._server.client() as client:
            return client.json("/v1/status")["merge"]["backlog_segments"]


def generated(spans: int, seed: int, folder: Path) -> Path:
    """Made aside and renamed, so that what an interrupted run left is not trusted."""
    kept = folder / f"seed-{seed}" / f"spans-{spans}.ndjson"
    if not kept.exists():
        say(f"making {spans:,} spans of seed {seed} …")
        kept.parent.mkdir(exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))
        script = ROOT / "Tests" / "workload" / "generate.py"
        try:
            subprocess.run([sys.executable, script, str(spans), aside, "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)
            (aside / kept.name).rename(kept)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return kept


def recounted(parts: list[Path], questions: list[Question], folder: Path) -> list[dict[str, list[Rows]]]:
    """Of each part and all before it, the rows that each question has to be answered with."""
    recount, expected = Recount(folder), list[dict[str, list[Rows]]]()
    try:
        for part, ndjson in enumerate(parts):
            say(f"counting part {part} …")
            recount.add(ndjson, part)
            recount.look_at(part + 1)
            expected.append({question.name: [
                list(spelling.known) or list(itertools.chain.from_iterable(map(recount.rows, spelling.statements)))
                for spelling in question.spellings] for question in questions})
    finally:
        recount.close()
        shutil.rmtree(folder)
    return expected


def send(server: Server, ndjson: Path, spans: int) -> None:
    begin, accepted, bodies = time.monotonic(), 0, requests(ndjson)
    while group := list(itertools.islice(bodies, AT_ONCE)):
        for response in post_all("127.0.0.1", server.port, "/v1/spans", group, NDJSON, CONNECTIONS):
            answer = response.json()
            if answer["duplicates"] or answer["rejected_count"]:
                raise SystemExit(f"not all was taken: {answer}")
            accepted += answer["accepted"]
    if accepted != spans:
        raise SystemExit(f"{accepted:,} spans were taken, not {spans:,}")
    took = time.monotonic() - begin
    say(f"{spans:,} spans sent in {took:.1f} s, {spans / took:,.0f} a second")


def run(chosen: argparse.Namespace, workload: Path, scratch: Path) -> Comparison:
    sizes = [chosen.spans] + [chosen.extra_spans] * chosen.extras
    parts = [generated(spans, seed, workload) for seed, spans in enumerate(sizes, start=1)]
    questions = all_questions(parts[0])
    expected = recounted(parts, questions, scratch / "recount")
    with Server(data=scratch / "data", options=OPTIONS) as server:
        comparison = Comparison(server, questions, expected)
        send(server, parts[0], sizes[0])
        print(f"peak memory, taking in    {server.peak_rss() / 2**20:,.0f} MiB", flush=True)
        try:
            comparison.until_merged(0, chosen.rounds_after)
            for part in range(1, len(parts)):
                comparison.while_sending(Sending(server, parts[part], sizes[part]))
                comparison.until_merged(part, chosen.rounds_after)
        except (KeyboardInterrupt, SystemExit) as ended:  # what there is is reported
            comparison.differences.append(f"not all was asked: {ended or 'ended by the keyboard'}")
        print(f"peak memory, with answers {server.peak_rss() / 2**20:,.0f} MiB")
        print(f"bytes on disk             {server.bytes_on_disk() / sum(sizes):.1f} a span")
    return comparison


class Sending(threading.Thread):
    """Passes on what went wrong to who joins it."""

    def __init__(self, server: Server, ndjson: Path, spans: int) -> None:
        super().__init__()
        self._arguments = (server, ndjson, spans)
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            send(*self._arguments)
        except BaseException as error:
            self._failure = error

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._failure is not None:
            raise self._failure


def report(comparison: Comparison) -> None:
    print(f"\n{'':52}{'asked':>7}{'merging':>9}{'coming in':>11}{'equal':>7}{'slowest':>12}{'memory':>11}")
    for name, tally in comparison.tallies.items():
        mark = "" if tally.equal == tally.asked else "  DIFFERS"
        print(f"{name:52}{tally.asked:>7}{tally.while_merging:>9}{tally.while_coming:>11}{tally.equal:>7}"
              f"{tally.slowest:>9,.0f} ms"
              f"{tally.memory / 2**20:>7,.0f} MiB{mark}")
    all_tallies = comparison.tallies.values()
    asked, merging, equal = (sum(figure) for figure in zip(*((t.asked, t.while_merging, t.equal) for t in all_tallies), strict=True))
    slowest = max(t.slowest for t in all_tallies)
    print(f"\n{asked} answers, {merging} of them while merging, {equal} equal; the slowest took {slowest:,.0f} ms")
    if comparison.differences:
        print("\nNOT AS IT SHOULD BE", *comparison.differences[:SHOWN_MOST], sep="\n  ")
        sys.exit(1)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--spans", type=int, default=1_000_000)
    arguments.add_argument("--extra-spans", type=int, default=300_000, help="that come later, of another seed each time")
    arguments.add_argument("--extras", type=int, default=2, help="how often they come")
    arguments.add_argument("--rounds-after", type=int, default=1, help="of all questions, once nothing waits to be merged")
    arguments.add_argument("--keep", type=Path, metavar="DIR", help="leave the workload there, and use what an earlier run left")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f"ended by signal {number}"))
    scratch = Path(tempfile.mkdtemp(prefix=".build-exactness-", dir=ROOT))
    try:
        workload = chosen.keep.resolve() if chosen.keep else scratch / "workload"
        workload.mkdir(parents=True, exist_ok=True)
        needed = (chosen.spans + chosen.extras * chosen.extra_spans) * BYTES_A_SPAN
        if shutil.disk_usage(scratch).free < needed:
            sys.exit(f"{scratch} has not the {needed / 1e9:.0f} GB that so many spans need")
        comparison = run(chosen, workload, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report(comparison)


if __name__ == "__main__":
    main()
