"""The seven questions, what they look for, and whether answers agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

MINUTE = 60_000_000_000
BEGIN, END = 1_794_909_600, 1_794_999_600  # seconds; the workload's day and some of the hours around
TITLES = {
    "Q1": "slices by prompt version",
    "Q2": "tenant and model revision, one locale",
    "Q3": "p50 p95 p99 by model revision",
    "Q4": "failures per minute",
    "Q5": "one trace, the same each time",
    "Q5b": "one trace, another each time",
    "Q6a": "a phrase in prompts, counted",
    "Q6b": "a rare substring in prompts",
    "Q7": "every value of every dimension",
}
LOCALE = "pt-BR"
PHRASE = "ma rolisa to ve fiba"  # in some 180 of a million spans
FAILURES_LEAST, VALUES_MOST = 5, 40  # of Q7
# The keys that Q7 looks at: all but ids, times, numbers and texts, and the outcome itself.
SCALARS = (
    "name", "kind", "status_message", "service.name", "service.version", "deployment.environment.name", "tenant.id", "user.id",
    "session.id", "locale", "eval.bucket", "prompt.template.id", "prompt.template.version", "gen_ai.operation.name",
    "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.agent.name", "gen_ai.tool.name",
    "tool.call.index", "tool.sequence", "error.type",
)
LISTS = ("gen_ai.response.finish_reasons", "retrieval.document.ids")


@dataclass(frozen=True)
class Probes:
    """What the questions look for, picked evenly from the workload. Each turn of Q5b and Q6b takes the next."""

    traces: tuple[str, ...]
    rare: tuple[str, ...]

    def trace(self, question: str, turn: int) -> str:
        return self.traces[turn % len(self.traces) if question == "Q5b" else 0]

    def rare_text(self, turn: int) -> str:
        return self.rare[turn % len(self.rare)]


def probes(ndjson: Path, count: int = 40) -> Probes:
    traces, rare = [], []
    size = ndjson.stat().st_size
    with ndjson.open("rb") as file:
        for at in range(count):
            file.seek(size * at // count)
            file.readline()
            while token := number_in_prompt(file.readline()):
                trace, digits = token
                if digits:
                    traces.append(trace)
                    rare.append(digits)
                    break
    return Probes(tuple(traces), tuple(rare))


def number_in_prompt(line: bytes) -> tuple[str, str] | None:
    """Seven digits from the middle of the number in the prompt, so that an index of words does not know them."""
    if not line:
        return None
    span = orjson.loads(line)
    words = span.get("gen_ai.prompt", "").split(" ")
    numbers = [word for word in words if len(word) >= 9 and any(c.isdigit() for c in word)]
    return span["trace_id"], numbers[0][1:8] if numbers else ""


def score(count: int, failures: int, all_failures: int, all_spans: int) -> float:
    expected = count * all_failures / all_spans
    return (failures - expected) / math.sqrt(expected)


def difference(question: str, expected: list[tuple[Any, ...]], found: list[tuple[Any, ...]], tolerance: float) -> str | None:
    """What is wrong with the rows of an answer, if anything. Percentiles may be off by `tolerance`, all else is exact."""
    if len(expected) != len(found):
        return f"{len(found)} rows instead of {len(expected)}"
    for at, (one, other) in enumerate(zip(expected, found, strict=True)):
        equal = is_near(one, other, tolerance) if question == "Q3" else one == other
        if not equal:
            return f"row {at + 1} is {other}, not {one}"
    return None


def is_near(one: tuple[Any, ...], other: tuple[Any, ...], tolerance: float) -> bool:
    """The value and its count, then percentiles."""
    return one[:2] == other[:2] and all(abs(a - b) <= tolerance * abs(a) for a, b in zip(one[2:], other[2:], strict=True))
