"""chDB in the child process."""

from __future__ import annotations

import json
import time
from pathlib import Path

from chdb.session import Session

from .click import READ, TABLE
from .system import Rows


class Engine:
    """One session, in the child process."""

    is_synced = False  # by default it leaves parts to the kernel

    def __init__(self, folder: Path, threads: int) -> None:
        self.session = Session(str(folder))
        self.session.query(f"SET max_threads = {threads}, max_insert_threads = {threads}")

    def load(self, ndjson: Path) -> None:
        self.session.query("CREATE DATABASE bench")
        self.session.query(TABLE)
        structure = ", ".join(f"`{key}` {kind}" for key, kind in READ.items()).replace("'", "\\'")
        columns = ", ".join(f"`{key}`" for key in READ)
        self.session.query(
            f"INSERT INTO bench.spans SELECT {columns} FROM file('{ndjson}', JSONEachRow, '{structure}') "
            "SETTINGS input_format_json_read_numbers_as_strings = 1")

    def settle(self) -> None:
        self.session.query("OPTIMIZE TABLE bench.spans FINAL")

    def bytes_on_disk(self) -> int | None:
        """Of the parts in use: those that were merged stay on disk for minutes more."""
        return int(self.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE table = 'spans' AND active")[1][0][0])

    def ask(self, sql: str) -> tuple[float, Rows]:
        begin = time.perf_counter()
        answer = self.session.query(sql, "JSONCompactEachRow")
        text = answer.bytes()
        milliseconds = (time.perf_counter() - begin) * 1000
        return milliseconds, [tuple(json.loads(line)) for line in text.splitlines()]

    def close(self) -> None:
        self.session.close()
