"""DuckDB in the child process, over one Parquet file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from . import duck_engine
from .duck import TYPES


class Engine(duck_engine.Engine):
    """One Parquet file; the database itself is in memory and holds a view only."""

    is_synced = False  # nothing says so

    def __init__(self, folder: Path, threads: int) -> None:
        self.file = folder / "spans.parquet"
        self.connection = duckdb.connect()
        self.connection.execute(f"SET threads = {threads}")
        if self.file.exists():
            self.connection.execute(f"CREATE VIEW spans AS SELECT * FROM read_parquet('{self.file}')")

    def load(self, ndjson: Path) -> None:
        self.connection.execute(
            f"""COPY (SELECT * FROM read_json(?, format = 'newline_delimited', columns = ?))
            TO '{self.file}' (FORMAT parquet, COMPRESSION zstd)""", [str(ndjson), TYPES])

    def settle(self) -> None:
        pass
