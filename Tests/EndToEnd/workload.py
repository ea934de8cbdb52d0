"""The workloads of the tests, generated once and kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".build-workload"


def ndjson(spans: int) -> Path:
    return made(KEPT / f"spans-{spans}.ndjson", lambda: generate(spans, []))


def otlp_bodies(spans: int) -> list[Path]:
    return sorted(made(KEPT / f"otlp-{spans}", lambda: generate(spans, ["--otlp"])).glob("*.pb"))


def seeded(spans: int, seed: int) -> Path:
    """The standard workload with other traffic and the same faults, which lie beside it."""
    folder = KEPT / f"seed-{seed}"
    return made(folder / f"spans-{spans}.ndjson", lambda: generate(spans, ["--seed", str(seed)], folder))


def planted(spans: Path) -> list[dict[str, Any]]:
    """The faults of a standard workload."""
    faults: list[dict[str, Any]] = orjson.loads(spans.with_name(spans.name.replace("spans-", "faults-")).with_suffix(".json").read_bytes())
    return faults


def fleet(spans: int, prompt_bytes: str = "200:2000", hours: float = 24) -> Path:
    """The spans that stay of a fleet's traffic, as NDJSON; the requests that bring them are beside them (`requests_of`)."""
    folder = KEPT / f"fleet-{prompt_bytes.replace(':', '-')}-{hours:g}h-{generator_version()}"

    def generate_fleet() -> None:
        aside = KEPT / f"unfinished-{os.getpid()}"
        script = ROOT / "Tests" / "workload" / "fleet.py"
        subprocess.run(
            [sys.executable, script, str(spans), aside, "--prompt-bytes", prompt_bytes, "--hours", str(hours)],
            check=True, stdout=subprocess.DEVNULL)
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(aside.iterdir(), reverse=True):  # the spans last: they say that all is there
            if not (folder / file.name).exists():
                file.rename(folder / file.name)
        subprocess.run(["rm", "-rf", aside], check=True)

    return made(folder / f"fleet-{spans}.ndjson", generate_fleet)


def made(target: Path, make: Callable[[], None]) -> Path:
    """What is kept, made if it is not there: by one process at a time, since tests may run in several."""
    if not target.exists():
        KEPT.mkdir(exist_ok=True)
        with (KEPT / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                make()
    return target


def requests_of(spans: Path) -> Path:
    return spans.with_suffix("") / "requests"


def planted_in(spans: Path) -> dict[str, Any]:
    """The faults of a fleet, and what was sent."""
    return orjson.loads(spans.with_name(f"{spans.stem}-faults.json").read_bytes())


def generator_version() -> str:
    """So that what an earlier generator made is not taken for this one's."""
    digest = hashlib.sha256()
    for source in sorted((ROOT / "Tests" / "workload").glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:8]


def generate(spans: int, options: list[str], folder: Path = KEPT) -> None:
    """Generates aside and renames, so that an interrupted run leaves nothing half-written to be trusted."""
    aside = KEPT / f"unfinished-{os.getpid()}"
    script = ROOT / "Tests" / "workload" / "generate.py"
    subprocess.run([sys.executable, script, str(spans), aside, *options], check=True, stdout=subprocess.DEVNULL)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(aside.iterdir()):  # the spans last: they say that all is there
        target = folder / file.name
        if not target.exists():
            file.rename(target)
    subprocess.run(["rm", "-rf", aside], check=True)


def read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
