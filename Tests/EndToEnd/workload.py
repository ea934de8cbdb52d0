"""The workloads of the tests, generated once and kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".build-workload"


def ndjson(spans: int) -> Path:
    path = KEPT / f"spans-{spans}.ndjson"
    if not path.exists():
        generate(spans, [])
    return path


def otlp_bodies(spans: int) -> list[Path]:
    folder = KEPT / f"otlp-{spans}"
    if not folder.exists():
        generate(spans, ["--otlp"])
    return sorted(folder.glob("*.pb"))


def generate(spans: int, options: list[str]) -> None:
    """Generates aside and renames, so that an interrupted run leaves nothing half-written to be trusted."""
    aside = KEPT / f"unfinished-{os.getpid()}"
    script = ROOT / "Tests" / "workload" / "generate.py"
    subprocess.run([sys.executable, script, str(spans), aside, *options], check=True, stdout=subprocess.DEVNULL)
    for made in aside.iterdir():
        target = KEPT / made.name
        if not target.exists():
            made.rename(target)
    subprocess.run(["rm", "-rf", aside], check=True)


def read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
