"""docs/GUIDE.md: each line answers what is printed, to the letter, and what is printed is so by the data alone."""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from page import ADDRESS, Line, Terminal, lines
from server import ROOT, Server, wait_for

GUIDE = ROOT / "docs" / "GUIDE.md"
LINES = lines(GUIDE)
SERVE = f"everyspan serve --data night --prices docs/examples/prices.json"
# What the page says differs from run to run: how long the server runs, and how far it is with merging.
VARIES = re.compile(r"up for \S+|[\d,.]+ [kM]?B\b|^ *[\d,]+ spans a second .*$|^ +SPANS SEGMENTS.*$|^ *[\d,]+ +\d+ +(?=\S+ [kM]?B)", re.MULTILINE)


@pytest.fixture(scope="module")
def answers(executable: Path) -> Iterator[list[str]]:
    """What each line shows when all are typed one after the other; one that follows goes on until the last."""
    assert f"```\n{SERVE}\n```" in GUIDE.read_text()
    with Server(executable, options=("--prices", str(ROOT / "docs" / "examples" / "prices.json"))) as server, ExitStack() as following:
        shown: list[Callable[[], str]] = []
        followers: list[tuple[Line, Terminal]] = []
        for line in LINES:
            terminal = Terminal(line.command, server.url.removeprefix("http://"), executable)
            if is_followed(line):
                following.enter_context(terminal)
                wait_for(lambda: bool(terminal.taken))
                followers.append((line, terminal))
                shown.append(lambda terminal=terminal: without_signs_of_life(terminal.shown))  # type: ignore[misc]
            else:
                with terminal:
                    text = terminal.whole()
                shown.append(lambda text=text: text)  # type: ignore[misc]
        for line, terminal in followers:
            wait_for(lambda: without_signs_of_life(terminal.shown).count("\n") >= line.answer.count("\n"))
        yield [show() for show in shown]


def is_followed(line: Line) -> bool:
    return "tail" in line.command.split()


def without_signs_of_life(text: str) -> str:
    return "".join(line + "\n" for line in text.splitlines() if line)


@pytest.mark.parametrize("number", range(len(LINES)), ids=[line.command.split("\n")[0][:90] for line in LINES])
def test_a_line_answers_what_is_printed(answers: list[str], number: int) -> None:
    line = LINES[number]
    got, want = answers[number], line.answer
    if got and not got.endswith("\n"):
        got += "\n"
    if line.command == "everyspan status":
        got, want = VARIES.sub("#", got), VARIES.sub("#", want)
    assert got == want, line.command


def test_every_session_is_there() -> None:
    text = GUIDE.read_text()
    assert len(re.findall(r"^## \d\. ", text, re.MULTILINE)) == 8
    for word in ("/v1/series", "/v1/compare", "vs=previous", "vs=ok", "check=1", "having=", "tool.pair", "unpriced_calls", "everyspan tail", "score", "^"):
        assert word in text
    assert ADDRESS in text and len(LINES) > 35


# MARK: what the data says by itself


@pytest.fixture(scope="module")
def night() -> ModuleType:
    spec = importlib.util.spec_from_file_location("night", ROOT / "docs" / "examples" / "night.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def requests(night: ModuleType) -> list[Any]:
    return list(night.requests())


def within(requests: list[Any], night: ModuleType, begin: tuple[int, int, int], end: tuple[int, int, int]) -> list[Any]:
    return [r for r in requests if night.at(*begin) <= r.began < night.at(*end)]


def answer(command: str) -> str:
    """The printed answer of the one line that has this in it."""
    (found,) = [line.answer for line in LINES if command in line.command]
    return found


def row(table: str, *last: str) -> list[str]:
    """The cells of the one row that ends so."""
    (found,) = [line.split() for line in table.splitlines() if line.split()[-len(last):] == list(last)]
    return found


def values(request: Any, key: str) -> set[Any]:
    return {span[key] for span in request.spans if key in span}


def test_the_release_and_the_model_that_do_not_get_on(night: ModuleType, requests: list[Any]) -> None:
    since = within(requests, night, (18, 2, 40), (18, 3, 10))
    both = [r for r in since if r.model == "small-3" and "orders-5.1" in values(r, "release")]
    failed = sum(bool(r.error) for r in both)
    assert row(answer("by=release,model.revision"), "orders-5.1", "small-3-2026-11-12")[:2] == [str(failed), str(len(both))] == ["29", "29"]
    before = within(requests, night, (18, 2, 10), (18, 2, 40))
    cells = row(answer("vs=previous&by=release"), "assistant-2.9")
    assert cells[:4] == [str(sum(bool(r.error) for r in since)), str(len(since)), *(f"{100 * sum(bool(r.error) for r in part) / len(part):.1f}%" for part in (since, before))]
    begin, end = (night.at(18, 2, 40) * 10**9, night.at(18, 3, 10) * 10**9)
    calls = [s for r in requests for s in r.spans if s["service"] == "orders" and begin <= s["start_time_unix_nano"] < end]
    for release in ("orders-5.0", "orders-5.1"):
        of = [s for s in calls if s["release"] == release]
        assert row(answer("by=release&unit=span"), release)[:2] == [str(sum(s["status"] == "ERROR" for s in of)), str(len(of))]


def test_the_answers_that_were_cut(night: ModuleType, requests: list[Any]) -> None:
    cut = [[r for r in within(requests, night, *window) if r.prompt == "faq"] for window in (((17, 9, 30), (17, 15, 30)), ((17, 3, 30), (17, 9, 30)))]
    rates = [sum("length" in values(r, "finish_reason") for r in part) / len(part) for part in cut]
    cells = row(answer("--by prompt.name --failure"), "faq")
    assert cells[1:4] == [str(len(cut[0])), *(f"{100 * rate:.1f}%" for rate in rates)]
    assert rates[0] > 0.1 > 0.02 > rates[1]


def test_the_loop(night: ModuleType, requests: list[Any]) -> None:
    searching = [r for r in within(requests, night, (17, 18, 0), (18, 0, 0)) if r.prompt == "product-search"]
    for locale in ("fr-FR", "en-US"):
        counts = [sum("tool" in s for s in r.spans) for r in searching if r.locale == locale]
        cells = row(answer("where=prompt.name = product-search"), locale)
        assert cells[0] == str(len(counts)) and float(cells[1]) == pytest.approx(sum(counts) / len(counts), rel=1e-5)


def test_the_document(night: ModuleType, requests: list[Any]) -> None:
    afternoon = within(requests, night, (17, 12, 0), (18, 0, 0))
    for document in ("kb-211", "kb-216"):
        having = [r for r in afternoon if document in r.documents]
        cells = row(answer("&by=document&order=failure_rate"), document)
        assert cells[:2] == [str(sum(bool(r.error) for r in having)), str(len(having))]
    poisoned = Counter(d for r in afternoon if r.error and r.error[0] == "policy_violation" for d in set(r.documents))
    assert row(answer("by=document&limit=3"), "kb-100")[0] == str(poisoned["kb-100"])


def test_the_bill(night: ModuleType, requests: list[Any]) -> None:
    theirs = [r for r in within(requests, night, (17, 20, 0), (18, 2, 0)) if r.tenant == "hooli"]
    calls = [s for r in theirs for s in r.spans if s.get("operation") == "chat"]
    sent = math.fsum(s["cost"] for s in calls if "cost" in s)
    small = [s for s in calls if s["model"] == "small-2" and "tokens.input" in s]
    reckoned = math.fsum(s["tokens.input"] * 2e-7 + s["tokens.output"] * 8e-7 for s in small)
    table = answer("by=tenant,model")
    assert row(table, "hooli", "large-2")[1] == f"{sent:.2f}" and row(table, "hooli", "small-2")[1:3] == [f"{reckoned:.4f}", f"{reckoned:.2f}"]
    assert row(table, "hooli", "small-3")[3] == str(sum(s["model"] == "small-3" for s in calls))
    assert float(row(answer("by=tenant&order=cost"), "hooli")[2]) == pytest.approx(sent + reckoned, abs=0.005)


def test_the_slow_revision(night: ModuleType, requests: list[Any]) -> None:
    calls = [s for r in within(requests, night, (17, 21, 0), (17, 23, 30)) for s in r.spans if s.get("model.revision") == "small-2-2026-11-17"]
    first, last = night.at(17, 22, 30), night.at(17, 23, 0)
    ttft = sorted(s["ttft"] for s in calls if first <= s["start_time_unix_nano"] / 1e9 < last)
    (printed,) = [line.split() for line in answer("/v1/series -d 'from=2026-11-17T21:00").splitlines() if line.startswith("11-17 22:30") and "small-2-2026-11-17" in line]
    assert printed[2:4] == [str(len(ttft)), f"{ttft[math.ceil(0.95 * len(ttft)) - 1] / 1000:.1f}s"]


def test_what_users_said(night: ModuleType, requests: list[Any]) -> None:
    scored = [(r, score["value"]) for r in requests if (score := r.score()) and r.prompt == "faq" and r.since(17, 9, 30)]
    cells = row(answer("by=prompt.version&failure=score.thumbs"), "faq@v4")
    assert cells[:2] == [str(sum(value == 0 for _, value in scored)), str(len(scored))]
