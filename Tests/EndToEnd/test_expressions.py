"""What an expression looks like from outside: the place of a mistake, and rows whose `where` finds them again."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any

import pytest

import otlp
from client import PROTOBUF
from server import Server

# The expression with a mark where the mistake is.
MISTAKES = [
    "tenant =¦", "é =¦", "e\u0301 =¦", "日本 =¦", "tenant = '日本é' and¦", "tenant = '😀' ¦b", "a in ¦'é'",
    "a = '한국어' or ¦(b = 1", "attr('x') = ¦'never closed 日本", "¦数(a) = 1", "a ~ ¦'日本('", "日 = 本 ¦, c = 1",
    "a = '\t' ¦b", "a = 1 and\n¦and", "(" * 100 + "¦(" + "a",
]
HAVING = ["count >¦", "sum(attr('日本')) > ¦x", "sum(attr('😀é')) > 1 and ¦counts > 1", "¦(count > 1"]


def columns(text: str) -> int:
    """How wide a terminal draws it, by Unicode's own tables."""
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


@pytest.mark.parametrize(("name", "marked"), [("where", m) for m in MISTAKES] + [("having", m) for m in HAVING])
def test_a_mistake_is_shown_where_it_is(server: Server, name: str, marked: str) -> None:
    place = marked.index("¦")
    text = marked.replace("¦", "")
    with server.client() as client:
        told = client.get("/v1/slices", **{name: text})
        shown = client.get("/v1/slices", format="text", **{name: text})
    assert told.status == shown.status == 400
    error = told.json()["error"]
    assert error["code"] == "bad_expression" and error["message"].startswith(f"{name}: ")
    assert error["position"] == place  # as Python indexes it: in code points
    message, line, caret, rest = shown.body.decode().split("\n")
    assert (message, rest) == (error["message"], "") and line.startswith("  ") and caret.lstrip(" ") == "^"
    line, indent = line[2:], len(caret) - 3
    beyond = text[place:]
    assert len(line) < 130
    above = next(n for n in range(len(line) + 1) if columns(line[:n]) == indent and (n == len(line) or columns(line[n]) > 0))
    assert line[above:].rstrip("…") == beyond[:len(line[above:].rstrip("…"))].replace("\n", " ").replace("\t", " ")


def test_the_longest_expression(server: Server) -> None:
    longest = "tenant = '" + "é" * (16_384 - 11) + "'"
    with server.client() as client:
        # A form: percent-encoded it would be too long for a request line.
        ask = lambda text: client.post("/v1/slices", f"where={text}".encode(), "application/x-www-form-urlencoded")  # noqa: E731
        assert ask(longest).status == 200
        refused = ask(longest + "'")
    assert refused.status == 400 and refused.json()["error"]["position"] == 16_384


VALUES: list[Any] = [
    "acme", "Big Co", "", "1", "1.0", "true", "null", "p95", "2s", "and", "failed", "it's", 'say "x"', "back\\slash", "a\nb\tc\r",
    "é", "e\u0301", "\u0301x", "日本", "👩\u200d💻", "\0\x1b", "a,b", "(a)", "root.x", "~", "-", "'", "\\", "\\n",
    1, -1, 0, 2**63 - 1, -(2**63), 1.5, -0.5, 1e-7, 1e300, 5e-324, math.inf, -math.inf, math.nan, True, False,
    b"\x00\xff", {"a": 1}, {"a": {"b": [1, "x"]}},
]
KEYS = ["k", "my key", "and", "a=b", "root.x", "é\u0301", "\"q\"", "has(x)", "failed", "duration", "start_time", "status", "p95"]
DURATIONS = [0, 1, 50, 99, 123_456_789, 2_999_998_473, 1_000_000, 3_600_000_000_001]
START = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def odd(server: Server) -> Server:
    request = otlp.request(
        {
            "trace_id": f"{index + 1:032x}", "span_id": f"{index + 1:016x}", "name": "odd", "kind": "SERVER", "status": "UNSET",
            "start_time_unix_nano": START + index, "end_time_unix_nano": START + index + DURATIONS[index % len(DURATIONS)],
        }
        for index in range(len(VALUES))
    )
    for span, value in zip(request.resource_spans[0].scope_spans[0].spans, VALUES, strict=True):
        otlp.add_attributes(span.attributes, dict.fromkeys(KEYS, value))
    with server.client() as client:
        client.ingest("/v1/traces", request.SerializeToString(), PROTOBUF)
    return server


def name_of(key: str) -> str:
    return 'attr("' + key.replace("\\", "\\\\").replace('"', '\\"') + '")'


FIELDS = [name_of(k) for k in KEYS] + ["k", "span.k", "span.duration", "span.start_time", "span.status", "duration", "start_time",
                                       "root.duration", "root.start_time", "name", "root.k"]


@pytest.mark.parametrize("unit", ["span", "trace"])
@pytest.mark.parametrize("field", FIELDS)
def test_where_of_a_row_selects_the_row_whatever_its_value(odd: Server, field: str, unit: str) -> None:
    with odd.client() as client:
        rows = client.json("/v1/slices", by=field, unit=unit, limit="all", from_=0)["rows"]
        assert sum(row["count"] for row in rows) == len(VALUES)
        for row in rows:
            again = client.json("/v1/slices", where=row["where"], unit=unit, from_=0)
            # A value without quotes is a number and its text alike.
            (value,) = row["slice"].values()
            is_own = field.startswith(("attr", "span.")) or field in ("k", "root.k")
            texts = VALUES.count(json.dumps(value)) if is_own and isinstance(value, bool | int | float) else 0
            assert again["total"]["count"] == row["count"] + texts, row
    if field in ("k", name_of("my key"), "span.duration"):
        # 1 and true are two, é has two spellings.
        assert len(rows) == len(VALUES)


def test_where_of_a_row_keeps_the_question(odd: Server) -> None:
    with odd.client() as client:
        for where in ("k = 1 or k = acme", "not (k = 1 or k = acme)", "k != 1 and k != acme"):
            rows = client.json("/v1/slices", by="start_time,duration,name", where=where, unit="span", limit="all", from_=0)["rows"]
            for row in rows:
                again = client.json("/v1/slices", where=row["where"], unit="span", from_=0)
                assert again["total"]["count"] == row["count"], row


def test_percentiles_and_durations_are_text_too(odd: Server) -> None:
    with odd.client() as client:
        def count(where: str) -> int:
            return client.json("/v1/slices", where=where, unit="span", from_=0)["total"]["count"]
        assert count("k = p95") == count("k = '2s'") == count("k in (2s)") == 1
        assert count("k in (p95, 2s, acme)") == 3
        taken = sorted(DURATIONS[index % len(DURATIONS)] for index in range(len(VALUES)))
        median, most = taken[math.ceil(len(taken) / 2) - 1], taken[-1]
        assert count("duration in (p50, p100)") == taken.count(median) + taken.count(most)
        assert count("duration > p50 and duration < p100") == sum(median < d < most for d in taken)
        told = client.get("/v1/slices", where="k > p95").json()["error"]
        assert told["position"] == 4 and "duration" in told["message"]
