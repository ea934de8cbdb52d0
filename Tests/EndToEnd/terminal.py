"""A command as it is seen on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_terminal(command: Sequence[str | Path], columns: int = 0, env: Mapping[str, str] | None = None) -> str:
    """All that a command that succeeds prints; 0 columns are a terminal that does not say how wide it is."""
    leader, follower = pty.openpty()
    if columns:
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env=env) as process:
        os.close(follower)
        try:
            while part := os.read(leader, 65536):
                shown += part
        except OSError:
            pass  # the terminal's other end was closed
        assert process.wait() == 0
    os.close(leader)
    return shown.decode()
