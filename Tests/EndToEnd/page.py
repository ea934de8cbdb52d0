"""The lines of a page of the documentation, and what they show on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from server import ROOT

COLUMNS = 100
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:4318"


@dataclass
class Line:
    """A command as it is typed, and the answer that is printed below it."""

    command: str
    answer: str


def lines(page: Path) -> list[Line]:
    """Those of the console blocks: a command begins with `$ ` and goes on after a backslash."""
    found: list[Line] = []
    for block in CONSOLE.findall(page.read_text()):
        is_command = False
        for text in block.splitlines():
            if text.startswith("$ "):
                found.append(Line(text[2:], ""))
                is_command = True
            elif is_command:
                found[-1].command += "\n" + text
            else:
                found[-1].answer += text + "\n"
            is_command = is_command and found[-1].command.endswith("\\")
    return found


class Terminal:
    """Runs a line in a shell on a terminal of 100 columns, where the page's server is another one."""

    def __init__(self, command: str, address: str, executable: Path, folder: Path = ROOT) -> None:
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        settings = {k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")}
        self.process = subprocess.Popen(
            ["bash", "-c", command.replace(ADDRESS, address)], cwd=folder, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
            start_new_session=True,
            env=settings | {"EVERYSPAN_URL": f"http://{address}", "PATH": f"{executable.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"})
        os.close(follower)
        self.taken = b""
        self.reader = threading.Thread(target=self._read, args=(leader,), daemon=True)
        self.reader.start()

    def _read(self, leader: int) -> None:
        try:
            while part := os.read(leader, 65536):
                self.taken += part
        except OSError:
            pass  # nothing has the terminal open any more
        os.close(leader)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Ends what still runs, as Ctrl-C does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired as late:
            # What it waits for, and which signals it blocks or ignores.
            state = "".join(f"{task}\n{(task / 'status').read_text()}" for task in Path(f"/proc/{self.process.pid}/task").iterdir())
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"Ctrl-C does not end it:\n{state}") from late

    @property
    def shown(self) -> str:
        return self.taken.decode().replace("\r\n", "\n")

    def whole(self, seconds: float = 60) -> str:
        """All that it shows, once it has ended."""
        self.process.wait(seconds)
        self.reader.join(seconds)
        return self.shown
