"""The README's two commands and its curl lines answer as printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from server import ROOT, free_port

CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_run_script_and_the_lines_of_the_readme(executable: Path, tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"EVERYSPAN_LISTEN": listen, "EVERYSPAN_DATA": str(tmp_path / "data")}
    with subprocess.Popen([ROOT / "deploy" / "run"], stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as run:
        try:
            assert run.stdout is not None
            said = ""
            while "until Ctrl-C" not in said:
                line = run.stdout.readline()
                assert line, said
                said += line
            lines = CONSOLE.findall((ROOT / "README.md").read_text())
            assert len(lines) == 2
            for command, answer in lines:
                assert answered(command, listen) == answer
            assert lines[0][1] in said  # and it has shown the first of them itself
            native = re.search(r"^curl -d .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
            assert native and '"accepted":1' in answered(native.group(), listen)
        finally:
            os.killpg(run.pid, signal.SIGINT)
        assert run.wait(30) == 0
    try:
        urllib.request.urlopen(f"http://{listen}/healthz", timeout=1)
        raise AssertionError("the server still runs")
    except OSError:
        pass


def answered(command: str, listen: str) -> str:
    command = command.replace("127.0.0.1:4318", listen)
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, timeout=30).stdout
