"""What a process used, read from /proc, and what a folder takes on disk."""

from __future__ import annotations

import os
from pathlib import Path


def peak_rss(pid: int) -> int:
    """Bytes, the highest ever of the process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"no memory figures of process {pid}")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads."""
    # The command name may hold spaces, so fields are counted from the closing parenthesis.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def files(folder: Path) -> list[Path]:
    return [f for f in folder.rglob("*") if f.is_file() and not f.is_symlink()]


def bytes_on_disk(folder: Path) -> int:
    return sum(f.stat().st_size for f in files(folder))


def drop_pages(folder: Path) -> None:
    """So that the next read of these files comes from the disk. Needs no root, and leaves other programs' pages alone."""
    for file in files(folder):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())  # a page that waits to be written stays
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
