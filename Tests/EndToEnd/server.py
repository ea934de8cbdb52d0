"""Starts, kills and measures the real binary. Ends only processes that it started."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from client import Client

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0


def binary() -> Path:
    return Path(os.environ.get("EVERYSPAN_BINARY", ROOT / ".build" / "release" / "everyspan")).resolve()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


class ServerError(RuntimeError):
    pass


class Server:
    """One server process over one data directory, which outlives kills and restarts."""

    def __init__(
        self, executable: Path | None = None, data: Path | None = None, options: tuple[str, ...] = (),
        environment: dict[str, str] | None = None, file_bytes_max: int | None = None,
        open_files_max: int | None = None,
    ) -> None:
        """`file_bytes_max`: writing more into any file fails, as on a full disk. `open_files_max`: opening more fails."""
        self.executable = executable or binary()
        self.folder = Path(tempfile.mkdtemp(prefix="everyspan-test-"))
        self.data = data or self.folder / "data"
        self.options, self.environment = options, environment or {}
        self.file_bytes_max, self.open_files_max = file_bytes_max, open_files_max
        self.log = self.folder / "server.log"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.ready_seconds = 0.0

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.discard()

    def start(self) -> None:
        """Another process can take the free port before the server binds it, so one failure is tried again."""
        for attempt in (1, 2, 3):
            try:
                return self._start_on(free_port())
            except ServerError:
                if attempt == 3 or "in use" not in self.log_tail():
                    raise

    def _start_on(self, port: int) -> None:
        # Settings of the caller's shell must not leak into the server under test.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")} | self.environment
        arguments = [self.executable, "serve", "--data", self.data, "--listen", f"127.0.0.1:{port}", *self.options]
        started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                # Python ignores SIGXFSZ, and so does what it starts, if nothing is restored.
                restore_signals=self.file_bytes_max is None, preexec_fn=self._limit)
        self.port = port
        while time.monotonic() - started < START_TIMEOUT:
            if self.process.poll() is not None:
                raise ServerError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            if self._is_ready():
                self.ready_seconds = time.monotonic() - started
                return
            time.sleep(0.005)
        self.kill()
        raise ServerError(f"not ready after {START_TIMEOUT:.0f} s:\n{self.log_tail()}")

    def _limit(self) -> None:
        for kind, most in ((resource.RLIMIT_FSIZE, self.file_bytes_max), (resource.RLIMIT_NOFILE, self.open_files_max)):
            if most is not None:
                resource.setrlimit(kind, (most, most))

    def _is_ready(self) -> bool:
        try:
            with self.client(timeout=2) as client:
                return client.get("/readyz").status == 200
        except OSError:
            return False

    def stop(self) -> int:
        """SIGTERM, as systemd does it; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"still running {STOP_TIMEOUT:.0f} s after SIGTERM:\n{self.log_tail()}") from None

    def kill(self) -> None:
        """kill -9: nothing of the process runs any more."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        if self.is_running:
            self.stop()
        self.start()

    def discard(self) -> None:
        if self.is_running:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def client(self, timeout: float = 60) -> Client:
        return Client("127.0.0.1", self.port, timeout)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log_tail(self, characters: int = 2_000) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    # MARK: what the process used

    def peak_rss(self) -> int:
        """Bytes, the highest ever (VmHWM)."""
        return self._status("VmHWM")

    def rss(self) -> int:
        return self._status("VmRSS")

    def _status(self, field: str) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
        raise ServerError(f"no {field} for the server")

    def cpu_seconds(self) -> float:
        # The command name may hold spaces, so fields are counted from the closing parenthesis.
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def _pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def bytes_on_disk(self) -> int:
        return sum(f.stat().st_size for f in self.data.rglob("*") if f.is_file())

    def drop_page_cache(self) -> None:
        """So that the next read of the data comes from the disk; needs no root."""
        for file in (f for f in self.data.rglob("*") if f.is_file()):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def wait_until_merged(self, timeout: float = 120) -> None:
        deadline = time.monotonic() + timeout
        with self.client() as client:
            while (backlog := client.json("/v1/status")["merge"]["backlog_segments"]) > 0:
                if time.monotonic() > deadline:
                    raise ServerError(f"{backlog} segments still wait to be merged after {timeout:.0f} s")
                time.sleep(0.05)

    def wait_until_counted(self, timeout: float = 120) -> None:
        """Merged, and the values of merged segments counted."""
        self.wait_until_merged(timeout)
        with self.client() as client:
            wait_for(lambda: client.json("/v1/status")["merge"]["uncounted_spans"] == 0, timeout)
