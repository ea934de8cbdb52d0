"""Fixtures, and the rule about skips: where CI or EVERYSPAN_REQUIRE_SHARED is set, a skip is a failure,
because a test that silently does not run protects nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server, binary

# What a shell starts in the background ignores Ctrl-C, and what that starts in turn; the commands under test are not to.
signal.signal(signal.SIGINT, signal.default_int_handler)

NO_SKIPS = bool(os.environ.get("CI") or os.environ.get("EVERYSPAN_REQUIRE_SHARED"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where a skip is a failure: {call.excinfo.value if call.excinfo else ''}"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data, which is not part of the project."""
    folder = os.environ.get("EVERYSPAN_SHARED")
    if not folder or not (Path(folder) / "data").is_dir():
        pytest.skip("EVERYSPAN_SHARED does not name a folder with data/")
    return Path(folder)


@pytest.fixture(scope="session")
def executable() -> Path:
    path = binary()
    if not path.is_file():
        pytest.fail(f"no server at {path}: build it (swift build -c release) or set EVERYSPAN_BINARY", pytrace=False)
    return path


@pytest.fixture(scope="module")
def server(executable: Path) -> Iterator[Server]:
    """One server for the tests of a module, which therefore use traces of their own."""
    with Server(executable) as running:
        yield running


@pytest.fixture
def fresh_server(executable: Path) -> Iterator[Server]:
    with Server(executable) as running:
        yield running
