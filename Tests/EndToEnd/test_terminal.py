"""What format=text draws beyond the figures themselves: columns beside another window, bars, hints, errors, excerpts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client import Client
from server import Server

MINUTE = 60 * 10**9
START = 1_763_424_000_000_000_000  # 2025-11-18T00:00:00Z
FORM = "application/x-www-form-urlencoded"


def a_call(number: int, minute: int, **more: Any) -> dict[str, Any]:
    start = START + minute * MINUTE + number
    return {"trace_id": f"{number + 1:032x}", "span_id": f"{number + 1:016x}", "name": "chat", "operation": "chat", "model": "m", "start_time_unix_nano": start,
            "end_time_unix_nano": start + 10**9} | more


# In each ten minutes as many calls as the list says; cost falls while failures rise.
CALLS = [4, 4, 2, 2]
COSTS = [8.0, 4.0, 2.0, 1.0]


@pytest.fixture(scope="module")
def client(executable: Path) -> Iterator[Client]:
    with Server(executable) as server, server.client() as client:
        number, spans = 0, []
        for step, count in enumerate(CALLS):
            for at in range(count):
                status = "error" if at * len(CALLS) < count * step else "ok"
                spans.append(a_call(number, step * 10, cost=COSTS[step] / count, status=status, tenant="acme", **{"prompt.text": "word " * 200}))
                number += 1
        assert client.post("/v1/spans", json.dumps(spans).encode()).json()["accepted"] == sum(CALLS)
        yield client


WINDOW = {"from": START, "to": START + 40 * MINUTE}
LATER = {"from": START + 20 * MINUTE, "to": START + 40 * MINUTE, "vs": "previous"}


def text(client: Client, path: str, **parameters: object) -> list[str]:
    answer = client.get(path, **parameters, format="text")
    assert answer.status == 200, answer.body
    return answer.body.decode().splitlines()


def bars(lines: list[str]) -> list[int]:
    return [line.count("▇") for line in lines[2:]]


def test_bars_show_what_was_asked_for(client: Client) -> None:
    assert bars(text(client, "/v1/series", **WINDOW, step="10m", calc="count,sum(cost)")) == [20, 10, 5, 3]
    assert bars(text(client, "/v1/series", **WINDOW, step="10m", calc="count")) == [20, 20, 10, 10]
    rates = [row["failure_rate"] for row in client.json("/v1/series", **WINDOW, step="10m")["rows"]]
    assert bars(text(client, "/v1/series", **WINDOW, step="10m")) == [int(rate / max(rates) * 20 + 0.5) for rate in rates]
    assert bars(text(client, "/v1/series", **WINDOW, step="10m", calc="sum(cost),failure_rate")) == bars(text(client, "/v1/series", **WINDOW, step="10m"))


def test_each_figure_stands_beside_what_it_was(client: Client) -> None:
    title, row = text(client, "/v1/slices", **LATER, calc="count,sum(cost)")[1:3]
    assert title.split() == ["COUNT", "BEFORE", "SUM(COST)", "BEFORE", "TRACE"]
    assert row.split()[:4] == ["4", "8", "3.00", "12.00"]
    title, first, _ = text(client, "/v1/series", **LATER, step="10m", calc="sum(cost)")[1:]
    assert title.split() == ["TIME", "SUM(COST)", "BEFORE"] and first.split()[2:4] == ["2.00", "8.00"]
    assert text(client, "/v1/series", **LATER, step="10m")[1].split() == ["TIME", "COUNT", "FAILURES", "FAILURE_RATE", "BEFORE", "P"]


def test_a_chance_and_a_trend_are_those_of_failures_and_stand_beside_them_only(client: Client) -> None:
    title = text(client, "/v1/slices", **LATER, calc="count,failures")[1].split()
    assert title == ["COUNT", "BEFORE", "FAILURES", "BEFORE", "P", "TREND", "TRACE"]
    assert "TREND" not in text(client, "/v1/slices", **WINDOW, calc="count,sum(cost)")[1]


@pytest.mark.parametrize("path", ["/v1/slices", "/v1/series", "/v1/traces", "/v1/spans"])
def test_a_range_without_data_says_where_the_data_is(client: Client, path: str) -> None:
    nothing = {"from": START + 600 * MINUTE, "to": START + 700 * MINUTE}
    assert text(client, path, **nothing)[-1] == "nothing begins in this range; the spans held are of 11-18 00:00 → 11-18 00:30 UTC"
    inside = {"from": START + 5 * MINUTE, "to": START + 9 * MINUTE}
    assert "nothing begins" not in "".join(text(client, path, **inside))


def test_closest_values_are_named_of_what_matches_nothing(client: Client) -> None:
    lines = text(client, "/v1/slices", **WINDOW, where="tenant = Acme and model = m and name = chatt")
    assert lines[-3:] == ["tenant = Acme holds for 0 spans; close to it: acme", "model = m holds for 12 spans", "name = chatt holds for 0 spans; close to it: chat"]


def test_an_error_in_a_posted_form_has_its_caret(client: Client) -> None:
    refused = client.post("/v1/slices", b"where=tenant = &format=text", FORM)
    message, shown, caret = refused.body.decode().splitlines()
    assert refused.status == 400 and message.startswith("where: ") and shown == "  tenant = " and caret.strip() == "^"
    assert client.post("/v1/slices", b"where=tenant =", FORM).json()["error"]["code"] == "bad_expression"


@pytest.mark.parametrize("width", [40, 100, 200])
def test_excerpts_fit_and_say_what_they_leave_out(client: Client, width: int) -> None:
    lines = text(client, "/v1/spans", **WINDOW, limit=1, fields="prompt.text", width=width)
    excerpt = [line[9:].removeprefix("›").strip() for line in lines[2:-1]]
    assert len(excerpt) == 3 and max(map(len, lines)) <= width
    kept, note = " ".join(excerpt).split(" … (")
    whole = "word " * 200
    assert whole.startswith(kept) and abs(int(note.split()[0]) - (len(whole.strip()) - len(kept))) <= 3


def test_what_senders_dropped_is_said_of_spans_too(fresh_server: Server) -> None:
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "1" * 32, "spanId": f"{n:016x}", "name": name, "startTimeUnixNano": str(START), "endTimeUnixNano": str(START), "droppedAttributesCount": n}
        for n, name in ((3, "a"), (4, "b"))]}]}]}
    with fresh_server.client() as client:
        assert client.post("/v1/traces", json.dumps(body).encode(), "application/json").status == 200
        dropped = [client.json("/v1/spans", **WINDOW, where=where)["coverage"]["dropped_upstream"] for where in ("name = a", None)]
    assert dropped == [3, 7]
