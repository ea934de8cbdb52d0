"""DuckDB in the child process: one table in its own format."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from .duck import TYPES
from .system import Rows


class Engine:
    """One connection, in the child process."""

    is_synced = True  # it writes the file and syncs it before the statement returns

    def __init__(self, folder: Path, threads: int) -> None:
        self.connection = duckdb.connect(folder / "spans.duckdb")
        self.connection.execute(f"SET threads = {threads}")

    def load(self, ndjson: Path) -> None:
        self._read(ndjson)
        self.connection.execute("CHECKPOINT")

    def _read(self, ndjson: Path) -> None:
        self.connection.execute(
            "CREATE TABLE spans AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = ?)", [str(ndjson), TYPES])

    def settle(self) -> None:
        self.connection.execute("CHECKPOINT")

    def bytes_on_disk(self) -> int | None:
        return None

    def ask(self, sql: str) -> tuple[float, Rows]:
        begin = time.perf_counter()
        rows = self.connection.execute(sql).fetchall()
        return (time.perf_counter() - begin) * 1000, rows

    def close(self) -> None:
        self.connection.close()
