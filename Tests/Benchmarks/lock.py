"""A lock that other work on the machine waits for while something is timed."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO

LONGEST = 100.0  # seconds after which others get their turn, where that is possible


class Lock:
    """On a file, like `flock FILE command`. Without a file it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._since = 0.0

    def hold(self) -> None:
        if self._path is not None and self._file is None:
            self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._since = time.monotonic()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def give_way(self) -> None:
        """Called where nothing is timed: releases the lock if it has been held for long."""
        if time.monotonic() - self._since > LONGEST:
            self.release()
