"""The README's command builds and shows the demonstration, and its lines answer in the shape that is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from page import Terminal, lines
from server import ROOT, free_port

FIGURE = re.compile(r"[0-9][0-9,.]*|[▁▂▃▄▅▆▇█]+")


def test_the_run_script_and_the_lines_of_the_readme(executable: Path, tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"EVERYSPAN_LISTEN": listen, "EVERYSPAN_DATA": str(tmp_path / "data")}
    readme = (ROOT / "README.md").read_text()
    with subprocess.Popen([ROOT / "deploy" / "run"], stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as run:
        try:
            assert run.stdout is not None
            said = ""
            while "curl http" not in said:
                line = run.stdout.readline()
                assert line, said
                said += line
            found = lines(ROOT / "README.md")
            assert len(found) == 2
            for line in found:
                # A trace of the README was of another day: any failing one will do.
                command = re.sub(r"trace \w+", "trace " + failing(said), line.command)
                printed = shown(command, listen, executable).splitlines()
                assert shapes(line.answer.splitlines()) <= shapes(printed), printed
            # It has shown the table itself.
            assert "refund-core@v14" in said and "slices --by prompt.version --order failure_rate --limit 5" in said
            native = re.search(r"^curl -d .*$", readme, re.MULTILINE)
            assert native and '"accepted":1' in shown(native.group(), listen, executable)
        finally:
            os.killpg(run.pid, signal.SIGINT)
        assert run.wait(30) == 0
    try:
        urllib.request.urlopen(f"http://{listen}/healthz", timeout=1)
        raise AssertionError("the server still runs")
    except OSError:
        pass


def failing(said: str) -> str:
    found = re.search(r" trace ([0-9a-f]+) --beside-ok", said)
    assert found
    return found.group(1)


def shapes(lines: list[str]) -> set[str]:
    """Lines as words, without what differs from day to day: figures, ids, and which versions fail by chance."""
    shapes = set()
    for line in lines:
        words = [word for word in line.split() if word != "▶"]  # which step differs first depends on the other trace
        if words and re.fullmatch(r"[\w-]+@v\d+", words[-1]):
            words = words[-1:] if words[-1] == "refund-core@v14" else ["other version"]
        elif words[-1:] != ["PROMPT.VERSION"]:
            words = [FIGURE.sub("#", word) for word in words if not re.fullmatch(r"[0-9.]+m?s", word)]
        shapes.add(" ".join(words))
    return shapes


def shown(command: str, listen: str, executable: Path) -> str:
    with Terminal(command, listen, executable) as terminal:
        return terminal.whole()
