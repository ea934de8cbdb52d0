"""Runs one workload against Everyspan and what a user would pick instead, side by side, and prints ratios.

usage: Tests/Benchmarks/peers.py [--spans 1000000] [--repeat 15] [--victorialogs BINARY] [--json FILE] [--keep DIR] [--lock FILE]
       [--protocol otlp|ndjson|both] [--only Q1,Q7] [--systems everyspan,duckdb]

Everyspan is a real server on loopback; DuckDB and chDB (Tests/Benchmarks/requirements.txt) are libraries, each in a process of
its own; VictoriaLogs is another server, where a binary is given. Each takes in the whole workload, one after the other. Then each
question goes round: every system is started anew with none of its pages in memory and asked once (cold), then all are asked in
turns (warm). Answers are compared, and the exit status is 1 where they differ. Tests/Benchmarks/README.md says how to read it.

The fleet's workload, which the peers are not asked: Tests/Benchmarks/bench.py --workload fleet"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import questions  # noqa: E402
import table  # noqa: E402
import workload  # noqa: E402
from lock import Lock  # noqa: E402
from systems.click import ChDB  # noqa: E402
from systems.duck import DuckDB  # noqa: E402
from systems.everyspan import SPELLINGS, Everyspan  # noqa: E402
from systems.system import Load, Rows, System, Workload  # noqa: E402
from systems.victorialogs import VictoriaLogs  # noqa: E402
from table import Asked, Results  # noqa: E402

SHARED_MOST = 1_000_000  # spans; a larger workload goes into the run's folder and away with it
BYTES_A_SPAN = {"ndjson": 900, "otlp": 690, "systems": 600}
WARMING = 2
REPEAT_MOST = SPELLINGS - 1 - WARMING
T = TypeVar("T")
TOLERANCE = {"victorialogs": 0.03}  # of percentiles: its sketch is of samples
WITHIN = 0.01


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepared(spans: int, folder: Path, protocols: list[str]) -> Workload:
    if spans > SHARED_MOST:
        workload.KEPT = folder / "workload"
    needs_otlp = "otlp" in protocols
    kept = workload.KEPT / f"otlp-{spans}" if needs_otlp else workload.KEPT / f"spans-{spans}.ndjson"
    if not kept.exists():
        needed = spans * sum(size for what, size in BYTES_A_SPAN.items() if what != "otlp" or needs_otlp)
        if shutil.disk_usage(folder).free < needed:
            sys.exit(f"{folder} has not the {needed / 1e9:.0f} GB that {spans:,} spans need")
        say(f"making {spans:,} spans …")
    otlp = workload.otlp_bodies(spans) if needs_otlp else []
    return Workload(spans, workload.ndjson(spans), otlp)


def all_systems(chosen: argparse.Namespace, folder: Path, probes: questions.Probes, protocols: list[str]) -> list[System]:
    systems: list[System] = [Everyspan(folder / f"everyspan-{protocol}", protocol, probes) for protocol in protocols]
    systems.append(DuckDB(folder / "duckdb", chosen.threads, probes))
    systems.append(DuckDB(folder / "parquet", chosen.threads, probes, is_parquet=True))
    systems.append(ChDB(folder / "chdb", chosen.threads, probes))
    if chosen.victorialogs:
        systems.append(VictoriaLogs(chosen.victorialogs.resolve(), folder / "victorialogs", probes))
    wanted = chosen.systems.split(",") if chosen.systems else [system.name for system in systems]
    if unknown := set(wanted) - {system.name for system in systems}:
        sys.exit(f"unknown systems: {', '.join(sorted(unknown))}; there are {', '.join(system.name for system in systems)}")
    return [system for system in systems if system.name in wanted]


class Run:
    """One run's systems, and what they answer. A system that fails is noted, and the others go on."""

    def __init__(self, source: Workload, chosen: argparse.Namespace, results: Results) -> None:
        self.results, self.source, self.repeat, self.seconds = results, source, chosen.repeat, chosen.seconds
        self.rounds, self.forms, self.lock = chosen.rounds, chosen.forms.split(","), Lock(chosen.lock)
        self.turn = 0

    def load(self, systems: list[System]) -> list[System]:
        """Those that have taken in everything."""
        return [system for system in systems if self.has_loaded(system)]

    def has_loaded(self, system: System) -> bool:
        self.results.systems.append(system.name)
        noted = system.folder.with_suffix(".json")  # left by a run that kept its folder
        if noted.exists():
            self.results.loads[system.name] = Load(**json.loads(noted.read_text()))
            return True
        shutil.rmtree(system.folder, ignore_errors=True)
        self.lock.hold()
        say(f"{system.name} takes in {self.source.spans:,} spans …")
        load, _ = self.attempt(system, "taking in", lambda: system.load(self.source))
        self.lock.give_way()
        if load is None:
            system.close()
            return False
        self.results.loads[system.name] = load
        noted.write_text(json.dumps(dataclasses.asdict(load)))
        return True

    def ask(self, systems: list[System], wanted: list[str]) -> None:
        try:
            for question in wanted:
                say(f"{question} {questions.TITLES[question]} …")
                self.ask_in_turns(systems, question)
            if wanted and self.rounds:
                self.ask_mixed(systems, wanted)
        finally:
            self.lock.release()

    def ask_in_turns(self, systems: list[System], question: str) -> None:
        asked = {
            (system, form): Asked(is_asked=system.asks(question, form)) for system in systems for form in system.forms if form in self.forms}
        self.results.asked[question] = {system.name: {form: asked[system, form] for form in system.forms if form in self.forms} for system in systems}
        for turn in range(1 + WARMING + self.repeat):
            self.turn += 1
            answers: dict[str, Rows] = {}
            for (system, form), figures in asked.items():
                if figures.failed is not None or not figures.is_asked or self.is_enough(figures, turn):
                    continue
                self.lock.hold()
                if turn == 0:
                    if form != system.forms[0]:  # else what is open was asked another question
                        self.note_peak(system, question)
                    self.reopen(system, figures)
                    if figures.failed is not None:
                        continue
                answer, figures.failed = self.attempt(system, f"{question} {form}", lambda: system.ask(question, form, self.turn))
                if answer is None:
                    continue
                self.lock.give_way()
                if turn == 0:
                    figures.cold = answer.milliseconds
                else:
                    figures.spent += answer.milliseconds / 1000
                if turn > WARMING:
                    figures.warm.append(answer.milliseconds)
                if answer.rows is not None:
                    answers[system.name] = answer.rows
            self.compare(question, answers)
        for system in systems:
            self.note_peak(system, question)

    def ask_mixed(self, systems: list[System], wanted: list[str]) -> None:
        """All questions one after the other, in one process of each system, so that they compete for its memory."""
        self.lock.hold()
        opened = [system for system in systems if self.attempt(system, "starting", system.open)[1] is None]
        for round_ in range(1 + self.rounds):
            self.turn += 1
            for question in wanted:
                self.lock.hold()
                say(f"{question} among the others, {round_ + 1} of {1 + self.rounds} …")
                for system in opened:
                    asked = self.results.asked[question][system.name][system.forms[0]]
                    if asked.failed is None:
                        answer, asked.failed = self.attempt(
                            system, f"{question} among the others", lambda: system.ask(question, system.forms[0], self.turn))
                        if answer is not None and round_ > 0:
                            asked.mixed.append(answer.milliseconds)
                        self.note_peak(system, "mixed")
                self.lock.give_way()

    def is_enough(self, figures: Asked, turn: int) -> bool:
        """What takes long is asked less often: at least once cold and once warm."""
        return turn > 0 and figures.spent > self.seconds and (turn <= WARMING or bool(figures.warm))

    def reopen(self, system: System, figures: Asked) -> None:
        seconds, figures.failed = self.attempt(system, "starting", system.open)
        if seconds is not None:
            self.results.ready.setdefault(system.name, []).append(seconds)

    def note_peak(self, system: System, question: str) -> None:
        peaks = self.results.peaks.setdefault(question, {})
        with contextlib.suppress(Exception):  # it is not open, or has ended
            peaks[system.name] = max(peaks.get(system.name, 0), system.peak_rss())

    def attempt(self, system: System, what: str, do: Callable[[], T]) -> tuple[T | None, str | None]:
        try:
            return do(), None
        except Exception as error:  # whatever it is, the others are still to be measured
            text = f"{system.name}, {what}: failed: {type(error).__name__}: {error}"
            say(text)
            self.results.failures.append(text)
            return None, text

    def compare(self, question: str, answers: dict[str, Rows]) -> None:
        """With DuckDB's, whose percentiles are exact, or else with the first."""
        reference = next((name for name in ("duckdb", "duckdb parquet", *answers) if name in answers), None)
        if reference is None:
            return
        for name, rows in answers.items():
            tolerance = TOLERANCE.get(name, WITHIN)
            wrong = questions.difference(question, answers[reference], rows, tolerance)
            text = f"{question}: {name} differs from {reference}: {wrong}"
            if wrong is not None and not any(known.startswith(text[: text.index(wrong)]) for known in self.results.differences):
                say(text)
                self.results.differences.append(text)


class Ended(BaseException):
    """A signal, as an exception, so that what was started is stopped and what was made is removed."""


def ended(number: int, frame: object) -> None:
    raise Ended(f"ended by signal {number}")


def main() -> None:
    chosen = arguments()
    signal.signal(signal.SIGTERM, ended)
    protocols = ["otlp", "ndjson"] if chosen.protocol == "both" else [chosen.protocol]
    wanted = list(questions.TITLES) if chosen.only is None else [name for name in chosen.only.split(",") if name]
    if unknown := set(wanted) - set(questions.TITLES):
        sys.exit(f"unknown questions: {', '.join(sorted(unknown))}; there are {', '.join(questions.TITLES)}")
    folder = chosen.keep.resolve() if chosen.keep else Path(tempfile.mkdtemp(prefix=".build-peers-", dir=ROOT))
    folder.mkdir(parents=True, exist_ok=True)
    results, systems = Results(chosen.spans), list[System]()
    try:
        source = prepared(chosen.spans, folder, protocols)
        probes = questions.probes(source.ndjson)
        run = Run(source, chosen, results)
        systems = all_systems(chosen, folder, probes, protocols)
        loaded = run.load(systems)
        run.ask([system for system in loaded if system.name != "everyspan ndjson" or "otlp" not in protocols], wanted)
    except KeyboardInterrupt:
        results.failures.append("ended by the keyboard")
    except Ended as signalled:
        results.failures.append(str(signalled))
    finally:
        for system in systems:
            system.close()
        if not chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)
    report(results, chosen)  # of a run that was ended, what there is


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=15, help="warm repetitions of each question")
    parser.add_argument("--seconds", type=float, default=20, help="of one question to one system; what takes longer is asked less often")
    parser.add_argument("--rounds", type=int, default=3, help="of all questions among each other")
    parser.add_argument("--forms", default="spans,traces,standard", help="of Everyspan's questions: spans, and any of the others")
    parser.add_argument("--protocol", choices=["otlp", "ndjson", "both"], default="both", help="of Everyspan; OTLP's is asked if it is there")
    parser.add_argument("--threads", type=int, default=2, help="of the libraries; servers use all cores")
    parser.add_argument("--victorialogs", type=Path, metavar="BINARY")
    parser.add_argument("--only", metavar="Q1,Q7", help="these questions; '' for none")
    parser.add_argument("--systems", metavar="NAMES", help="these systems, separated by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, single repetitions too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave workload and data there; what an earlier run left is asked, not loaded")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="held while something is timed")
    chosen = parser.parse_args()
    if not 1 <= chosen.repeat <= REPEAT_MOST:
        parser.error(f"--repeat is from 1 to {REPEAT_MOST}: there are no more spellings of a failure that a server does not know yet")
    return chosen


def report(results: Results, chosen: argparse.Namespace) -> None:
    about = {
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"), "arguments": sys.argv[1:], "cores": os.cpu_count(),
        "versions": {name: metadata.version(name) for name in ("duckdb", "chdb")}}
    versions = " · ".join(f"{name} {version}" for name, version in about["versions"].items())
    print(f"{results.spans:,} spans · {about['cores']} cores · {versions} · {about['date']} · {' '.join(sys.argv[1:])}\n")
    print(table.loads(results), end="\n\n")
    if results.asked:
        print(table.answers(results))
    for title, texts in (("FAILED", results.failures), ("ANSWERS DIFFER", results.differences)):
        if texts:
            print(f"\n{title}", *texts, sep="\n  ")
    if chosen.json:
        chosen.json.write_text(json.dumps(about | dataclasses.asdict(results), indent=1))
    if results.differences or results.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
