"""The process of a database that is a library: makes its engine and does what the parent says.

usage: python -m systems.child PIPE ENGINE FOLDER THREADS

It imports that one library and nothing of the others, since its memory is measured."""

from __future__ import annotations

import importlib
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from .system import Rows


class Engine(Protocol):
    """A database that is open in this process."""

    is_synced: bool

    def __init__(self, folder: Path, threads: int) -> None: ...
    def load(self, ndjson: Path) -> None: ...
    def settle(self) -> None:
        """Does now what would otherwise be done later, in the background."""
        ...
    def bytes_on_disk(self) -> int | None:
        """Of what is in use; None: of all files."""
        ...
    def ask(self, sql: str) -> tuple[float, Rows]:
        """Milliseconds until the answer was in hand, and its rows as the library gives them."""
        ...
    def close(self) -> None: ...


def serve(pipe: Connection, module: str, folder: Path, threads: int) -> None:
    """Until the parent says so, or is gone."""
    try:
        make: type[Engine] = importlib.import_module(f"systems.{module}").Engine
        begin = time.monotonic()
        engine = make(folder, threads)
        pipe.send((True, (time.monotonic() - begin, engine.is_synced)))
    except Exception as error:
        pipe.send((False, f"{type(error).__name__}: {error}"))
        return
    name = ""
    while name != "close":
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, getattr(engine, name)(*arguments)))
        except Exception as error:
            pipe.send((False, f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
