"""What every system under measurement offers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Rows = list[tuple[Any, ...]]


class SystemFailed(RuntimeError):
    """The system could not do it: reported in its cell, and the run goes on."""


@dataclass(frozen=True)
class Workload:
    """The same spans in the forms in which systems take them."""

    spans: int
    ndjson: Path
    otlp: list[Path]  # bodies of requests; empty where none are needed


@dataclass
class Load:
    """Figures of taking in the whole workload."""

    seconds: float  # until the last span was acknowledged, or the load statement returned
    cpu_seconds: float  # of the system's own process until then
    settled_seconds: float  # until nothing waited any more to be merged
    settled_cpu_seconds: float
    peak_rss: int
    bytes_on_disk: int  # settled
    is_synced: bool  # what it acknowledged survives a loss of power
    sender_cpu_seconds: float = 0  # of whoever sent, on the same machine


@dataclass(frozen=True)
class Answer:
    milliseconds: float
    rows: Rows | None  # in the question's normal form; None where the system answers something else


class System(Protocol):
    """One system. `open` starts it anew over what it loaded, with nothing of that in the page cache."""

    name: str
    forms: tuple[str, ...]  # ways of asking; the first is the one that is compared
    folder: Path

    def load(self, workload: Workload) -> Load: ...
    def open(self) -> float:
        """Seconds until it can be asked."""
        ...
    def asks(self, question: str, form: str) -> bool:
        """Whether there is such a form of the question."""
        ...
    def ask(self, question: str, form: str, turn: int) -> Answer | None:
        """`turn` differs from one repetition to the next; None only if it failed, which is noted, or is not asked."""
        ...
    def peak_rss(self) -> int: ...
    def close(self) -> None: ...
