"""A database that is a library, in a process of its own, so that its memory and CPU are its own."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from questions import Probes

from . import usage
from .system import Answer, Load, Rows, SystemFailed, Workload

PATIENCE = {"start": 300.0, "load": 3_600.0, "settle": 3_600.0, "bytes_on_disk": 60.0, "ask": 300.0}  # seconds


class Library:
    """A database library in a child. Subclasses say how it is asked and how its rows are read."""

    forms = ("spans",)

    def __init__(self, name: str, engine: str, folder: Path, threads: int, probes: Probes) -> None:
        self.name, self.folder, self.probes = name, folder, probes
        self._engine, self._threads = engine, threads
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._is_synced = False

    def load(self, workload: Workload) -> Load:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._start()
        begin, cpu = time.monotonic(), usage.cpu_seconds(self._pid)
        self._call("load", workload.ndjson)
        seconds, used = time.monotonic() - begin, usage.cpu_seconds(self._pid) - cpu
        self._call("settle")
        load = Load(
            seconds=seconds, cpu_seconds=used, settled_seconds=time.monotonic() - begin,
            settled_cpu_seconds=usage.cpu_seconds(self._pid) - cpu, peak_rss=self.peak_rss(), bytes_on_disk=0,
            is_synced=self._is_synced)
        in_use = self._call("bytes_on_disk")
        self.close()
        load.bytes_on_disk = in_use or usage.bytes_on_disk(self.folder)
        return load

    def open(self) -> float:
        self.close()
        usage.drop_pages(self.folder)
        return self._start()

    def asks(self, question: str, form: str) -> bool:
        return form in self.forms

    def ask(self, question: str, form: str, turn: int) -> Answer | None:
        milliseconds, rows = self._call("ask", self.sql(question, turn))
        return Answer(milliseconds, self.normal(question, rows))

    def sql(self, question: str, turn: int) -> str:
        raise NotImplementedError

    def normal(self, question: str, rows: Rows) -> Rows:
        raise NotImplementedError

    def peak_rss(self) -> int:
        return usage.peak_rss(self._pid)

    def close(self) -> None:
        if self._child is None or self._pipe is None:
            return
        try:
            self._pipe.send(("close", ()))
            self._child.wait(60)
        except (OSError, subprocess.TimeoutExpired):
            self._child.kill()
            self._child.wait()
        self._pipe.close()
        self._child = self._pipe = None

    def _start(self) -> float:
        """Seconds until the library can be asked, starting Python and importing the library left out."""
        self._pipe, end = multiprocessing.Pipe()
        arguments = [str(end.fileno()), self._engine, str(self.folder), str(self._threads)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "systems.child", *arguments], cwd=Path(__file__).resolve().parents[1], pass_fds=[end.fileno()],
            stdin=subprocess.DEVNULL)
        end.close()
        seconds, self._is_synced = self._receive("start")
        return seconds

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._pipe is None:
            raise SystemFailed("it is not open")
        self._pipe.send((name, arguments))
        return self._receive(name)

    def _receive(self, name: str) -> Any:
        assert self._pipe is not None and self._child is not None
        try:
            if not self._pipe.poll(PATIENCE[name]):
                self._child.kill()
                raise SystemFailed(f"no answer within {PATIENCE[name]:.0f} s")
            is_done, result = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise SystemFailed(f"its process ended with {self._child.wait(10)}") from error
        if not is_done:
            raise SystemFailed(str(result))
        return result

    @property
    def _pid(self) -> int:
        if self._child is None:
            raise SystemFailed("it is not open")
        return self._child.pid
