"""Native spans over HTTP: what `/v1/spans` takes and answers. The reader's own tests have the details."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest

from server import Server, wait_for


def spans(server: Server, **parameters: object) -> list[dict[str, Any]]:
    with server.client() as client:
        return client.json("/v1/spans", from_=0, limit=1000, **parameters)["spans"]


def test_curl_without_a_content_type(fresh_server: Server) -> None:
    """As the documentation writes it: curl calls what -d sends a form."""
    answer = subprocess.run(
        ["curl", "-sS", "-d", '{"name":"chat","tenant":"acme","status":"error"}', f"{fresh_server.url}/v1/spans"],
        check=True, capture_output=True, text=True).stdout
    reply = json.loads(answer)
    assert (reply["accepted"], reply["rejected_count"], len(reply["ids"])) == (1, 0, 1)
    [span] = spans(fresh_server)
    assert (span["name"], span["status"].lower(), span["trace_id"]) == ("chat", "error", reply["ids"][0]["trace_id"])


@pytest.mark.parametrize("headers,stored", [({}, 6), ({"Idempotency_Key": "order-17"}, 3)])
def test_spans_without_ids_sent_again(fresh_server: Server, headers: dict[str, str], stored: int) -> None:
    """Two spans each time, unless a key says that it is the same body."""
    body = b'[{"name":"a"},{"name":"b"},{"name":"c"}]'
    with fresh_server.client() as client:
        replies = [client.post("/v1/spans", body, **headers).json() for _ in range(2)]
    assert [r["accepted"] for r in replies] == [3, 3]
    assert [r["duplicates"] for r in replies] == [0, 6 - stored]
    assert (replies[0]["ids"] == replies[1]["ids"]) == bool(headers)
    assert len(spans(fresh_server)) == stored


def test_two_keys_are_two_bodies(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        for key in ("a", "b", "b"):
            client.post("/v1/spans", b'{"name":"x"}', Idempotency_Key=key)
    assert len(spans(fresh_server)) == 2


def test_all_refused_is_400_and_some_refused_is_200(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        all_refused = client.post("/v1/spans", b'[{"trace_id":"xyz"},5]')
        assert (all_refused.status, all_refused.json()["rejected_count"]) == (400, 2)
        some = client.post("/v1/spans", b'{"name":"a"}\n{"span_id":7}\nno json\n{"name":"b"}\n')
        assert (some.status, some.json()["accepted"]) == (200, 2)
        assert [r["index"] for r in some.json()["rejected"]] == [1, 2]
        many = client.post("/v1/spans", b"[" + b",".join([b"1"] * 150) + b"]").json()
        assert (many["rejected_count"], len(many["rejected"])) == (150, 100)


def test_a_clock_that_is_far_ahead(fresh_server: Server) -> None:
    """The span is kept as it came, in the file of the day it was received, and counted."""
    day = 86_400 * 10**9
    starts = [time.time_ns() + ahead for ahead in (0, day // 2, 2 * day, 400 * day)]
    body = [{"name": str(n), "start_time_unix_nano": s, "end_time_unix_nano": s} for n, s in enumerate(starts)]
    with fresh_server.client() as client:
        assert client.post("/v1/spans", json.dumps(body).encode()).json()["accepted"] == 4
        assert client.json("/v1/status")["ledger"]["span.far_future"] == 2
    assert sorted(s["start_time_unix_nano"] for s in spans(fresh_server)) == [str(s) for s in starts]
    latest = time.strftime("%Y-%m-%d", time.gmtime(starts[1] / 1e9))
    assert max(f.stem for f in (fresh_server.data / "partitions").glob("*.sqlite")) <= latest


def test_a_query_of_the_same_route(fresh_server: Server) -> None:
    """POST with a form asks, every other body is stored."""
    with fresh_server.client() as client:
        client.post("/v1/spans", b'[{"name":"a"},{"name":"b"}]')
        asked = client.post("/v1/spans", b"where=name = a", "application/x-www-form-urlencoded").json()
        assert [s["name"] for s in asked["spans"]] == ["a"]


def test_what_was_refused_or_late_is_in_every_answer(fresh_server: Server) -> None:
    """Also after a restart, and once more after that."""
    now = time.time_ns()
    ends = [now, now - 590 * 10**9, now - 700 * 10**9, now - 86_400 * 10**9]
    body = [{"trace_id": "1" * 32, "span_id": f"{n:016x}", "name": "a", "start_time_unix_nano": e - 1, "end_time_unix_nano": e} for n, e in enumerate(ends, 1)]
    body += [{"trace_id": "short"}, {"span_id": 5}, 7]
    for refused in (3, 6):
        with fresh_server.client() as client:
            client.post("/v1/spans", json.dumps(body).encode())
            for path in ("/v1/slices?from=0", "/v1/spans?from=0", "/v1/traces/" + "1" * 32):
                coverage = client.json(path)["coverage"]
                assert (coverage["refused"], coverage["late"], coverage["truncated_values"]) == (refused, refused // 3 * 2, 0)
        fresh_server.restart()


@pytest.mark.parametrize("order", ["start_time", "duration"])
@pytest.mark.parametrize("merged", [False, True])
def test_pages_of_spans_that_differ_in_their_kind_only(fresh_server: Server, order: str, merged: bool) -> None:
    """Halves of a shared span: every page has the right one, and none is skipped."""
    now = time.time_ns()
    body = [{"trace_id": f"{t:032x}", "span_id": "0" * 15 + "1", "kind": kind, "name": f"{t} {kind}",
             "start_time_unix_nano": now, "end_time_unix_nano": now + 5} for t in (1, 2, 3) for kind in ("SERVER", "CLIENT", "PRODUCER")]
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps(body).encode())
        if merged:
            fresh_server.wait_until_merged()
        for limit in (1, 2, 4):
            names, cursor = [], None
            while True:
                page = client.json("/v1/spans", order=order, limit=limit, cursor=cursor)
                names += [s["name"] for s in page["spans"]]
                if (cursor := page["cursor"]) is None:
                    break
            assert sorted(names) == sorted(s["name"] for s in body)
        for kind in ("SERVER", "CLIENT", "PRODUCER"):
            found = client.json("/v1/spans", where=f"kind = {kind}", order=order)["spans"]
            assert {s["kind"] for s in found} == {kind} and len(found) == 3


def test_a_trace_by_its_whole_id_and_by_its_beginning(fresh_server: Server) -> None:
    trace = "abcdef01" + "2" * 24
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps([{"trace_id": t, "name": "a"} for t in (trace, "abcdef01" + "3" * 24)]).encode())
        for given, status in ((trace, 200), (trace.upper(), 200), (trace[:9], 200), (trace[:8], 400), (trace[:7], 400), ("f" * 32, 404), ("f" * 9, 404)):
            answer = client.get(f"/v1/traces/{given}")
            assert answer.status == status, answer.body
            if status == 200:
                assert answer.json()["trace_id"] == trace


def test_a_copy_that_starts_on_another_day(fresh_server: Server) -> None:
    """It lies in another file, so it is found only once all is at rest."""
    now, day = time.time_ns(), 86_400 * 10**9
    pending = {"trace_id": "1" * 32, "span_id": "2" * 16, "name": "pending", "start_time_unix_nano": now - day, "end_time_unix_nano": now - day}
    ended = pending | {"name": "ended", "start_time_unix_nano": now, "end_time_unix_nano": now + 5}
    other = pending | {"span_id": "3" * 16, "name": "other"}
    with fresh_server.client() as client:
        for span in (ended, pending, other):
            client.post("/v1/spans", json.dumps(span).encode())
        wait_for(lambda: len(spans(fresh_server)) == 2, 20)
        assert sorted(s["name"] for s in spans(fresh_server)) == ["ended", "other"]
        assert client.json("/v1/status")["ledger"]["span.duplicate"] == 1
        fresh_server.restart()
        assert sorted(s["name"] for s in spans(fresh_server)) == ["ended", "other"]
