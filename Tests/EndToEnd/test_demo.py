"""The demonstration: what it sends, what it shows, how long it takes, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import Client
from server import wait_for
from terminal import on_terminal

SECONDS_MAX = 15
BROKEN = "prompt.version = refund-core@v14"


def environment(**more: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")} | more


def leftovers() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("everyspan-demo-*"))


class Kept:
    """A demonstration that goes on until it is told to stop."""

    def __init__(self, executable: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [executable, "demo", "--keep", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        assert self.process.stdout is not None
        self.said = ""
        while "curl http" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said + (self.process.stderr.read() if self.process.stderr else "")
            self.said += line
        self.url = re.search(r"export EVERYSPAN_URL=(\S+)", self.said).group(1)  # type: ignore[union-attr]

    def client(self) -> Client:
        host, port = self.url.removeprefix("http://").split(":")
        return Client(host, int(port))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def kept(executable: Path) -> Iterator[Kept]:
    running = Kept(executable)
    yield running
    assert running.stop() == 0


def test_it_finds_the_version_in_time_and_leaves_nothing(executable: Path) -> None:
    before, begun = leftovers(), time.monotonic()
    done = subprocess.run([executable, "demo"], capture_output=True, text=True, timeout=60, env=environment())
    seconds = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, "")
    assert seconds < SECONDS_MAX
    first = done.stdout.split("compare --limit 1")[1].splitlines()[4:6]
    assert first[0].split()[0] == "1" and first[0].endswith("prompt.version = refund-core@v14")
    assert "since prompt.version = refund-core@v14, first seen" in first[1]
    by_version = done.stdout.split("slices --by prompt.version")[1].splitlines()[1:]
    assert by_version[1].split()[-1] == "PROMPT.VERSION" and by_version[2].split()[-1] == "refund-core@v14"
    assert "issue_refund: amount must be a number of cents" in done.stdout and 'EUR"}' in done.stdout
    assert "the nearest that passed" in done.stdout
    assert leftovers() == before


def test_the_traffic_is_as_it_says(kept: Kept) -> None:
    since = re.search(r"traffic of (\d+h): (\d+) requests, (\d+) spans", kept.said)
    assert since
    look, requests, spans = since.group(1), int(since.group(2)), int(since.group(3))
    with kept.client() as client:
        def total(**parameters: object) -> dict[str, float]:
            return client.json("/v1/slices", since=look, **parameters)["total"]

        status = client.json("/v1/status")
        assert spans == status["spans"] >= 60_000
        assert requests >= status["traces"] == total()["count"] >= 12_000
        # None of a day that is told is late, refused or odd.
        assert status["ledger"] == {}
        deployed = re.search(r"At (\S+Z) one prompt version", kept.said).group(1)  # type: ignore[union-attr]
        assert deployed.endswith("T14:10:00Z")
        broken = total(where=BROKEN)
        after = client.json("/v1/slices", from_=deployed)["total"]
        assert 0.029 < broken["count"] / after["count"] < 0.031
        assert 0.58 < broken["failure_rate"] < 0.65
        assert client.json("/v1/slices", from_=0, to=deployed, where=BROKEN)["total"]["count"] == 0
        types = client.json("/v1/slices", since=look, by="error.type", where=f"failed and {BROKEN}")["rows"]
        assert types[0]["slice"] == {"error.type": "invalid_tool_arguments"} and types[0]["share"] > 0.9
        assert "_OTHER" not in {row["slice"]["error.type"] for row in types}
        ttft = client.json("/v1/slices", since=look, calc="min(ttft),max(ttft)")["total"]
        assert 150 < ttft["min(ttft)"] < 300 and 700 < ttft["max(ttft)"] < 1000  # milliseconds
        others = total(where=f"not {BROKEN}")
        assert 0.01 < others["failure_rate"] < 0.03
        # The error rate moves by little, the latency not.
        before = client.json("/v1/slices", from_=0, to=deployed)["total"]
        assert 0 < after["failure_rate"] - before["failure_rate"] < 0.035
        assert after["p95_ms"] == pytest.approx(before["p95_ms"], rel=0.15)
        groups = {name: client.json("/v1/slices", since=look, by=name, limit=1)["groups"]
                  for name in ("tenant", "service", "model.revision", "document", "locale", "prompt.version", "tool", "user")}
        assert groups["tenant"] >= 200 and groups["document"] >= 200 and groups["service"] == 4 and groups["prompt.version"] >= 8
        assert groups["model.revision"] == 4 and groups["locale"] == 7 and groups["tool"] >= 8 and groups["user"] > 1000, groups
        assert client.json("/v1/slices", since=look, where="has(tokens.input)")["total"]["cost"] > 10


def test_all_of_it_is_merged_and_counted(kept: Kept) -> None:
    """Its keys have dimensions' names, of one of which there is another."""
    with kept.client() as client:
        def waits() -> int:
            merge = client.json("/v1/status")["merge"]
            return int(merge["backlog_spans"] + merge["uncounted_spans"])

        wait_for(lambda: waits() == 0, 60)


def test_its_lines_work_as_they_stand(kept: Kept) -> None:
    lines = re.findall(r"^\$ (.*)$", kept.said, re.MULTILINE)
    assert lines[0] == f"export EVERYSPAN_URL={kept.url}" and len(lines) > 5
    for line in lines[1:]:
        done = subprocess.run(["sh", "-c", f"{lines[0]}; {line}"], capture_output=True, text=True, timeout=30, env=environment())
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) > 2


def test_a_terminal_sees_the_same_without_formats(executable: Path) -> None:
    text = on_terminal([executable, "demo"], env=environment())
    assert "--format" not in text and "PROMPT.VERSION" in text and "{\"by\"" not in text


def test_a_directory_of_ones_own_stays(executable: Path, tmp_path: Path) -> None:
    data = tmp_path / "new"
    running = Kept(executable, "--data", data)
    assert str(data) in running.said
    assert running.stop() == 0
    rows = json.loads(subprocess.run(
        [executable, "slices", "--data", data, "--since", "31h", "--by", "prompt.version", "--order", "failure_rate"],
        capture_output=True, text=True, check=True, env=environment()).stdout)["rows"]
    assert rows[0]["slice"] == {"prompt.version": "refund-core@v14"}
    again = subprocess.run([executable, "demo", "--data", data], capture_output=True, text=True, env=environment())
    assert again.returncode == 64 and "is not empty" in again.stderr


def test_a_command_in_an_odd_place(executable: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's here"
    odd.symlink_to(executable)
    done = subprocess.run([odd, "demo"], capture_output=True, text=True, timeout=60, env=environment())
    assert (done.returncode, done.stderr) == (0, "")


def test_a_port_in_use_is_named(executable: Path, kept: Kept) -> None:
    before = leftovers()
    done = subprocess.run(
        [executable, "demo", "--listen", kept.url.removeprefix("http://")], capture_output=True, text=True, timeout=30, env=environment())
    assert done.returncode == 1 and "in use" in done.stderr
    assert leftovers() == before


def test_it_can_be_stopped_half_way(executable: Path) -> None:
    before = leftovers()
    with subprocess.Popen([executable, "demo"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()) as process:
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        process.wait(15)
    assert leftovers() == before


def test_the_manual_page(executable: Path) -> None:
    """Each command and option that the help has is in it, and the formatter has nothing to complain about."""
    page = subprocess.run([executable, "manual"], capture_output=True, text=True, check=True).stdout
    assert page.startswith(".TH EVERYSPAN 1")
    described = json.loads(subprocess.run([executable, "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout)
    for command in described["command"]["subcommands"]:
        if command["commandName"] == "help":
            continue
        assert f".SS {command['commandName']}\n" in page
        for argument in command.get("arguments", []):
            for name in argument.get("names", []):
                if name["name"] not in ("help", "version", "h"):
                    assert name["name"].replace("-", "\\-") in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_the_commands(executable: Path, shell: str) -> None:
    script = subprocess.run([executable, "--generate-completion-script", shell], capture_output=True, text=True, check=True).stdout
    for word in ("slices", "demo", "export", "beside-ok"):
        assert word in script
