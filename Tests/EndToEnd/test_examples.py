"""The scripts of docs/examples, and what the server says of the data that they send."""

from __future__ import annotations

import collections
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server import ROOT, Server

SCRIPT = ROOT / "docs" / "examples" / "tau_bench.py"


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Path:
    return shared / "data" / "tau-bench" / "gpt-4o-airline.json"


@pytest.fixture(scope="module")
def runs(server: Server, recorded: Path) -> list[dict[str, Any]]:
    """The runs of the file, sent twice."""
    for expected in ("0 of them were there already", "of them were there already"):
        sent = subprocess.run([sys.executable, SCRIPT, recorded, "--url", server.url], check=True, capture_output=True, text=True)
        assert expected in sent.stdout
    return json.loads(recorded.read_text())


def rows(server: Server, **parameters: object) -> list[dict[str, Any]]:
    with server.client() as client:
        return client.json("/v1/slices", from_=0, format="rows", limit="all", **parameters)


def tools_called(run: dict[str, Any]) -> list[str]:
    return [call["function"]["name"] for m in run["traj"] for call in m.get("tool_calls") or []]


def test_84_of_200_runs_succeed(server: Server, runs: list[dict[str, Any]]) -> None:
    total = rows(server)[0]
    assert (total["count"], total["count"] - total["failures"]) == (len(runs), 84)
    assert sum(run["reward"] >= 1 for run in runs) == 84


@pytest.mark.parametrize("merged", [False, True])
def test_runs_and_failures_of_each_tool(server: Server, runs: list[dict[str, Any]], merged: bool) -> None:
    if merged:
        server.wait_until_merged()
    count: collections.Counter[str | None] = collections.Counter()
    failed: collections.Counter[str | None] = collections.Counter()
    for run in runs:
        for tool in set(tools_called(run)) or {None}:
            count[tool] += 1
            failed[tool] += run["reward"] < 1
    got = {row["tool"]: (row["count"], row["failures"]) for row in rows(server, by="tool")}
    assert got == {tool: (count[tool], failed[tool]) for tool in count}
    assert got["book_reservation"] == (24, 23)


def test_spans_of_each_tool(server: Server, runs: list[dict[str, Any]]) -> None:
    calls = collections.Counter(tool for run in runs for tool in tools_called(run))
    got = rows(server, by="tool", unit="span", where="has(tool)")
    assert {row["tool"]: row["count"] for row in got} == calls


def test_the_order_in_which_tools_are_called(server: Server, runs: list[dict[str, Any]]) -> None:
    sequences = collections.Counter(">".join(tools_called(run)) or None for run in runs)
    got = rows(server, by="tool.sequence")
    assert {row["tool.sequence"]: row["count"] for row in got} == sequences


@pytest.mark.parametrize("phrase", ["emergency", "cheapest", "gift card", "Sorry", "not there"])
def test_what_users_said_is_found(server: Server, runs: list[dict[str, Any]], phrase: str) -> None:
    """Each message is the prompt of the model's next one; what was said last got no answer."""
    def asked(run: dict[str, Any]) -> list[str]:
        last = max(at for at, m in enumerate(run["traj"]) if m["role"] == "assistant")
        return [m["content"] for m in run["traj"][:last] if m["role"] != "assistant"]

    expected = sum(any(phrase in text for text in asked(run)) for run in runs)
    total = rows(server, where=f'prompt.text contains "{phrase}"')[0]
    assert total["count"] == expected
