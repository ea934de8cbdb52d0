"""Prints what was measured: a line for each figure, a column for each system, and how many times better Everyspan is."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

import targets
from questions import TITLES
from systems.system import Load

OURS = "everyspan"


@dataclass
class Asked:
    """One question to one system in one form."""

    cold: float | None = None
    warm: list[float] = field(default_factory=list)
    mixed: list[float] = field(default_factory=list)  # among all the other questions
    spent: float = 0  # seconds, all repetitions
    failed: str | None = None
    is_asked: bool = True  # there is such a form of the question

    @property
    def median(self) -> float | None:
        return statistics.median(self.warm) if self.warm else None

    @property
    def median_mixed(self) -> float | None:
        return statistics.median(self.mixed) if self.mixed else None


@dataclass
class Results:
    spans: int
    systems: list[str] = field(default_factory=list)
    loads: dict[str, Load] = field(default_factory=dict)
    ready: dict[str, list[float]] = field(default_factory=dict)
    peaks: dict[str, dict[str, int]] = field(default_factory=dict)  # bytes, by question and system; each in a process of its own
    asked: dict[str, dict[str, dict[str, Asked]]] = field(default_factory=dict)  # question, system, form
    failures: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def median(self, question: str, system: str, form: str = "spans") -> float | None:
        asked = self.asked.get(question, {}).get(system, {}).get(form)
        return asked.median if asked else None

    def peak(self, system: str) -> float | None:
        """MiB, the highest of all questions."""
        peaks = [of_question[system] / 2**20 for of_question in self.peaks.values() if system in of_question]
        return max(peaks, default=None)


def number(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return "–"
    if digits is None:
        digits = 2 if value < 1 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def verdict(value: float | None, target: float | None, is_less_better: bool = True) -> tuple[str, str]:
    """The target, and whether it holds."""
    if target is None:
        return "–", ""
    sign = "≤" if is_less_better else "≥"
    shown = f"{sign} {target:,.0f}"
    if value is None:
        return shown, ""
    return shown, "yes" if (value <= target) == is_less_better or value == target else f"no, {max(value / target, target / value):.1f}×"


def beside(value: float | None, ours: float | None, is_less_better: bool = True) -> str:
    """A peer's figure, and how many times better ours is: below 1, the peer is better."""
    if value is None or not ours or not value:
        return number(value)
    ratio = value / ours if is_less_better else ours / value
    return f"{number(value)} ({number(ratio)}×)"


def lay_out(header: list[str], lines: list[list[str]]) -> str:
    widths = [max(len(line[at]) for line in [header, *lines]) for at in range(len(header))]
    texts = []
    for line in [header, *lines]:
        cells = [cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths, strict=True))]
        texts.append("  ".join(cells).rstrip())
    return "\n".join(texts)


def loads(results: Results) -> str:
    million = results.spans / 1e6
    peers = [name for name in results.systems if name != OURS]
    header = ["taking in", OURS, "target", "holds", *peers]
    lines: list[list[str]] = []

    def line(title: str, values: dict[str, float | None], target: float | None = None, is_less_better: bool = True) -> None:
        ours = values.get(OURS)
        lines.append([title, number(ours), *verdict(ours, target, is_less_better),
                      *(beside(values.get(name), ours, is_less_better) for name in peers)])

    def of_loads(read: Any) -> dict[str, float | None]:
        return {name: read(load) for name, load in results.loads.items()}

    rates = of_loads(lambda load: results.spans / load.seconds)
    line("spans/s", rates, targets.OTLP_PER_SECOND.get(results.spans), is_less_better=False)
    line("spans/s, until settled", of_loads(lambda load: results.spans / load.settled_seconds), is_less_better=False)
    line("CPU µs/span", of_loads(lambda load: load.cpu_seconds / million))
    line("CPU µs/span, settled", of_loads(lambda load: load.settled_cpu_seconds / million), targets.CPU_MICROSECONDS)
    line("sender's CPU µs/span", of_loads(lambda load: load.sender_cpu_seconds / million or None))
    line("bytes/span on disk, settled", of_loads(lambda load: load.bytes_on_disk / results.spans), targets.BYTES_PER_SPAN)
    line("peak MiB, taking in", of_loads(lambda load: load.peak_rss / 2**20), mebibytes(targets.PEAK_INGEST.get(results.spans)))
    line("peak MiB, asked", {name: results.peak(name) for name in results.systems}, mebibytes(targets.PEAK_BOTH.get(results.spans)))
    line("start to ready, ms", {name: statistics.median(seconds) * 1000 for name, seconds in results.ready.items()}, targets.READY_SECONDS * 1000)
    synced = {name: "yes" if load.is_synced else "no" for name, load in results.loads.items()}
    lines.append(["synced when acknowledged", synced.get(OURS, "–"), "yes", "", *(synced.get(name, "–") for name in peers)])
    text = lay_out(header, lines)
    ndjson, target = rates.get("everyspan ndjson"), targets.NDJSON_PER_SECOND.get(results.spans)
    if ndjson and target:
        text += f"\neveryspan ndjson: {ndjson:,.0f} spans/s; target {' '.join(verdict(ndjson, target, is_less_better=False))}"
    return text


def mebibytes(value: int | None) -> float | None:
    return None if value is None else value / 2**20


def answers(results: Results) -> str:
    peers = [name for name in results.systems if any(name in asked for asked in results.asked.values()) and name != OURS]
    header = ["ms, warm median", OURS, "target", "holds", *peers, "unit=trace", "≤ 2×", "standard row", "≤ 5×"]
    warm, cold = [], []
    for question in results.asked:
        title = f"{question} {TITLES[question]}"
        ours = results.median(question, OURS)
        line = [title, cell(results, question, OURS), *verdict(ours, targets.QUESTIONS.get(question, {}).get(results.spans))]
        line += [cell(results, question, name, ours) for name in peers]
        for form, most in targets.FORMS.items():
            other = results.median(question, OURS, form)
            is_held = "" if other is None or ours is None else "yes" if other <= most * ours else f"no, {other / ours:.1f}×"
            line += [cell(results, question, OURS, form=form), is_held]
        warm.append(line)
        first = cold_of(results, question, OURS, "spans")
        cold.append([title, number(first), "", "", *(beside(cold_of(results, question, name, "spans"), first) for name in peers),
                     number(cold_of(results, question, OURS, "traces")), "", number(cold_of(results, question, OURS, "standard")), ""])
    heads = ["ms, cold", OURS, "", "", *peers, "unit=trace", "", "standard row", ""]
    return "\n\n".join(filter(None, [lay_out(header, warm), lay_out(heads, cold), mixed(results, peers), memory(results, peers)]))


def mixed(results: Results, peers: list[str]) -> str | None:
    lines = []
    for question, systems in results.asked.items():
        medians = {name: forms["spans"].median_mixed for name, forms in systems.items() if "spans" in forms}
        if any(median is not None for median in medians.values()):
            lines.append(line_of(f"{question} {TITLES[question]}", medians, peers))
    return None if not lines else lay_out(["ms, warm, among the others", OURS, *peers], lines)


def memory(results: Results, peers: list[str]) -> str:
    lines = []
    for question, peaks in results.peaks.items():
        title = f"{question} {TITLES[question]}" if question in TITLES else "all among each other"
        lines.append(line_of(title, {name: peak / 2**20 for name, peak in peaks.items()}, peers))
    return lay_out(["peak MiB, asked", OURS, *peers], lines)


def line_of(title: str, values: dict[str, float | None] | dict[str, float], peers: list[str]) -> list[str]:
    ours = values.get(OURS)
    return [title, number(ours), *(beside(values.get(name), ours) for name in peers)]


def cell(results: Results, question: str, system: str, ours: float | None = None, form: str = "spans") -> str:
    asked = results.asked[question].get(system, {}).get(form)
    if asked is not None and asked.failed is not None and asked.median is None:
        return "failed"
    return beside(results.median(question, system, form), ours)


def cold_of(results: Results, question: str, system: str, form: str) -> float | None:
    asked = results.asked[question].get(system, {}).get(form)
    return asked.cold if asked else None
