"""Scores: however they come and whenever, slices by, where and failure over them equal a computation of its own."""

from __future__ import annotations

import collections
import itertools
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from captures import captures, replay
from client import JSON, Client
from server import Server

NOW = time.time_ns()
numbers = itertools.count(1)


def trace_id() -> str:
    return f"{next(numbers):032x}"


def post(client: Client, path: str, body: Any, status: int = 200) -> Any:
    response = client.post(path, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert response.status == status, response.body
    return response.json()


def span(trace: str, number: int = 1, parent: int = 0, **more: Any) -> dict[str, Any]:
    own = {"trace_id": trace, "span_id": f"{number:016x}", "name": f"s{number}", "start_time_unix_nano": NOW + number,
           "end_time_unix_nano": NOW + number + 1000}
    return own | ({"parent_span_id": f"{parent:016x}"} if parent else {}) | more


def scores(client: Client, trace: str) -> list[dict[str, Any]]:
    return client.json(f"/v1/traces/{trace}")["scores"]


def counts(client: Client, by: str, **more: Any) -> dict[Any, tuple[int, int]]:
    rows = client.json("/v1/slices", by=by, from_=0, limit="all", **more)["rows"]
    return {row["slice"][by]: (row["count"], row["failures"]) for row in rows}


def test_the_same_target_name_and_evaluator_again_replaces(server: Server) -> None:
    trace = trace_id()
    with server.client() as client:
        post(client, "/v1/spans", span(trace))
        score = {"trace_id": trace, "name": "upsert", "value": 1, "by": "a"}
        assert post(client, "/v1/scores", score) == {
            "accepted": 1, "duplicates": 0, "rejected_count": 0, "rejected": [], "ids": []}
        assert post(client, "/v1/scores", score | {"value": 0, "comment": "no", "source": "HUMAN"})["duplicates"] == 1
        post(client, "/v1/scores", score | {"by": "b", "label": "good"})
        got = {s["by"]: s for s in scores(client, trace)}
        assert (got["a"]["value"], got["a"]["comment"], got["a"]["source"]) == (0, "no", "human")
        assert (got["b"]["value"], got["b"]["label"]) == (1, "good") and "span_id" not in got["b"]
        assert counts(client, "score.upsert", where="has(score.upsert)") == {0: (1, 0), 1: (1, 0)}
        assert counts(client, "score.upsert.label", where="has(score.upsert)") == {"good": (1, 0)}


@pytest.mark.parametrize("body", [
    b'{"trace_id":"%s","name":"f","value":1}', b'[{"trace_id":"%s","name":"f","value":1}]',
    b'{"scores":[{"trace_id":"%s","name":"f","value":true}]}', b'{"trace_id":"%s","name":"f","value":1}\n{"bad\n',
])
def test_bodies(server: Server, body: bytes) -> None:
    trace = trace_id()
    with server.client() as client:
        post(client, "/v1/spans", span(trace))
        assert post(client, "/v1/scores", body.replace(b"%s", trace.encode()))["accepted"] == 1
        assert [s["value"] for s in scores(client, trace)] == [1]


@pytest.mark.parametrize(("change", "reason"), [
    ({"vaule": 1}, "vaule"), ({"value": "up"}, "label"), ({"value": None}, "neither"), ({"name": ""}, "name"),
    ({"name": "n" * 201}, "200"), ({"trace_id": "12"}, "32"), ({"span_id": "00"}, "16"), ({"trace_id": None}, "missing"),
    ({"response_id": "r"}, "place"), ({"time": "soon"}, "RFC 3339"), ({"value": [1]}, "number"), ({"label": 3}, "label"),
])
def test_what_is_wrong_is_refused_with_its_reason_and_counted(server: Server, change: dict[str, Any], reason: str) -> None:
    good = {"trace_id": trace_id(), "name": "n" * 200, "value": 1}
    with server.client() as client:
        before = client.json("/v1/status")["ledger"].get("score.invalid", 0)
        assert reason in post(client, "/v1/scores", good | change, 400)["rejected"][0]["reason"]
        answer = post(client, "/v1/scores", [good, good | change])
        assert (answer["accepted"], answer["rejected"][0]["index"]) == (1, 1)
        assert client.json("/v1/status")["ledger"]["score.invalid"] == before + 2


def test_scores_of_a_response_find_its_span_before_and_after_it_comes(server: Server) -> None:
    trace = trace_id()
    with server.client() as client:
        post(client, "/v1/scores", {"response_id": "resp-1", "name": "resp", "label": "ok"})
        post(client, "/v1/spans", [span(trace), span(trace, 2, 1, **{"gen_ai.response.id": "resp-1"})])
        assert [s["response_id"] for s in scores(client, trace)] == ["resp-1"]
        assert counts(client, "name", unit="span", where="score.resp = ok") == {"s2": (1, 0)}


def test_names_and_raw_keys(server: Server) -> None:
    trace = trace_id()
    with server.client() as client:
        post(client, "/v1/spans", span(trace, **{"score.mine": "raw"}))
        assert counts(client, "score.mine", where="has(score.mine)") == {"raw": (1, 0)}
        post(client, "/v1/scores", {"trace_id": trace, "name": "mine", "value": 0.5})
        assert counts(client, "score.mine", where="has(score.mine)") == {0.5: (1, 0)}
        assert counts(client, "span.score.mine", where="span.score.mine = raw") == {"raw": (1, 0)}
        answer = client.get("/v1/slices", by="score.mime", from_=0)
        assert answer.status == 400 and b"score.mine" in answer.body


def record(trace: str, **attributes: Any) -> bytes:
    values = [{"key": k, "value": {"doubleValue" if isinstance(v, float) else "stringValue": v}} for k, v in attributes.items()]
    log = {"timeUnixNano": str(NOW), "eventName": "gen_ai.evaluation.result", "traceId": trace, "spanId": f"{1:016x}",
           "attributes": values}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}).encode()


def test_evaluation_events_of_logs_and_spans(server: Server) -> None:
    trace = trace_id()
    event = {"gen_ai.evaluation.name": "rel", "gen_ai.evaluation.score.value": 0.25, "gen_ai.evaluation.explanation": "so"}
    with server.client() as client:
        client.ingest("/v1/logs", record(trace, **event), JSON)
        post(client, "/v1/spans", span(trace, events=[
            {"name": "gen_ai.evaluation.result", "attributes": event | {"gen_ai.evaluation.name": "ev"}}]))
        got = {s["name"]: s for s in scores(client, trace)}
        for name in ("rel", "ev"):
            assert (got[name]["value"], got[name]["comment"], got[name]["span_id"]) == (0.25, "so", f"{1:016x}")


def test_incomplete_evaluations_are_counted_and_what_carries_them_is_kept(fresh_server: Server) -> None:
    trace = trace_id()
    nameless = {"gen_ai.evaluation.score.value": 0.25}
    carrier = span(trace, events=[{"name": "gen_ai.evaluation.result", "attributes": nameless}], **{
        "annotations.0.annotation.explanation": "why", "logfire.feedback.name": "thumbs"})
    with fresh_server.client() as client:
        post(client, "/v1/spans", carrier)
        assert client.json("/v1/status")["ledger"]["score.invalid"] == 3
        assert client.ingest("/v1/logs", record(trace, **nameless), JSON).json() == {}
        status = client.json("/v1/status")
        assert (status["ledger"]["score.invalid"], status["scores"], status["spans"]) == (4, 0, 1)
        assert scores(client, trace) == []


def test_a_log_record_that_does_not_decode_is_lost_alone(fresh_server: Server) -> None:
    trace = trace_id()
    body = json.loads(record(trace, **{"gen_ai.evaluation.name": "good", "gen_ai.evaluation.score.value": 1.0}))
    records = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records[:0] = [records[0] | {"attributes": {"a": 1}}, records[0] | {"traceId": 7}, {"body": {"stringValue": "no trace"}}]
    with fresh_server.client() as client:
        answer = client.ingest("/v1/logs", json.dumps(body).encode(), JSON).json()["partialSuccess"]
        assert int(answer["rejectedLogRecords"]) == 3
        assert "2 do not decode" in answer["errorMessage"] and "trace id" in answer["errorMessage"]
        ledger = client.json("/v1/status")["ledger"]
        assert (ledger["log.invalid"], ledger["log.not_kept"], ledger.get("score.invalid", 0)) == (2, 1, 0)
        post(client, "/v1/spans", span(trace))
        assert [s["name"] for s in scores(client, trace)] == ["good"]


def test_the_recorded_evaluation_of_a_real_sdk(fresh_server: Server, shared: Path) -> None:
    with fresh_server.client() as client:
        for capture in captures(shared):
            if "openinference".encode().hex() in capture["hex"] or capture["line"].startswith("POST /v1/logs"):
                assert replay(client, capture).status == 200
        rows = client.json("/v1/slices", from_=0, by="trace_id", format="rows", limit="all")
        found = [score for row in rows for score in scores(client, row["trace_id"])]
        assert client.json("/v1/status")["scores"] == len(found) == 1
        assert found[0]["name"] and found[0]["span_id"]


def test_annotations_carriers_and_feedback(server: Server) -> None:
    target, carrier = trace_id(), trace_id()
    with server.client() as client:
        post(client, "/v1/spans", [
            span(target, **{
                "annotations.0.annotation.name": "inline", "annotations.0.annotation.score": 1,
                "annotations.0.annotation.annotator_kind": "LLM", "annotations.0.annotation.identifier": "j1",
                "trace.evaluations.3.evaluation.name": "whole", "trace.evaluations.3.evaluation.label": "fine"}),
            span(carrier, kind="EVALUATOR", links=[{"trace_id": target, "span_id": f"{1:016x}"}], **{
                "annotations.0.annotation.name": "posthoc", "annotations.0.annotation.score": 0.5}),
            span(target, 3, 1, **{"logfire.feedback.name": "thumb", "thumb": "down", "logfire.feedback.comment": "bad"})])
        got = {s["name"]: (s["value"], s["label"], s["source"], s["by"], s.get("span_id")) for s in scores(client, target)}
        one = f"{1:016x}"
        assert got == {"inline": (1, None, "llm", "j1", one), "whole": (None, "fine", "", "", None),
                       "posthoc": (0.5, None, "", "", one), "thumb": (None, "down", "user", "", one)}
        assert scores(client, carrier) == []


def test_scores_are_counted_though_counts_are_stored(executable: Path) -> None:
    """They come after the values of their spans' segment were counted, and change again."""
    with Server(executable, options=("--counted-spans-min", "1")) as server, server.client() as client:
        traces = [trace_id() for _ in range(30)]
        for trace in traces:
            post(client, "/v1/spans", span(trace, status="ERROR" if trace == traces[0] else "OK"))
        server.wait_until_counted()
        for value in (1, 2):
            for at, trace in enumerate(traces):
                post(client, "/v1/scores", {"trace_id": trace, "name": "late", "value": value * (at % 3)})
            for unit in ("span", "trace"):
                asked = counts(client, "score.late", unit=unit, calc="count,failures")
                assert asked == {0: (10, 1), value: (10, 0), 2 * value: (10, 0)}


def test_scores_survive_a_kill_right_after_their_200(fresh_server: Server) -> None:
    trace = trace_id()
    with fresh_server.client() as client:
        post(client, "/v1/spans", span(trace))
        post(client, "/v1/scores", {"trace_id": trace, "name": "kept", "value": 7})
    fresh_server.kill()
    fresh_server.start()
    with fresh_server.client() as client:
        assert counts(client, "score.kept") == {7: (1, 0)}
        assert client.json("/v1/status")["scores"] == 1


def test_retention_removes_old_scores_and_refuses_them(executable: Path) -> None:
    with Server(executable) as server:
        with server.client() as client:
            old = {"trace_id": trace_id(), "name": "old", "value": 1, "time": NOW // 10**9 - 40 * 86_400}
            post(client, "/v1/scores", [old, {"trace_id": trace_id(), "name": "new", "value": 1}])
        server.options = ("--retain", "10d")
        server.restart()
        with server.client() as client:
            deadline = time.monotonic() + 10
            while client.json("/v1/status")["scores"] != 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert "retained" in post(client, "/v1/scores", old, 400)["rejected"][0]["reason"]


def test_slices_equal_a_computation_of_their_own(fresh_server: Server) -> None:
    """Random scores of traces and spans, before and after their spans, before and after merging, in both units."""
    chance = random.Random(5)
    spans, given = [], {}
    traces = [trace_id() for _ in range(200)]
    for trace in traces:
        for number in range(1, chance.randint(1, 4) + 1):
            spans.append(span(trace, number, number - 1))
    for _ in range(600):
        chosen = chance.choice(spans)
        target = (chosen["trace_id"], chance.choice([chosen["span_id"], None]), chance.choice(["", "a", "b"]))
        given[target] = chance.choice([0, 1, 0.5, "text"])

    def body(items: list[Any]) -> list[dict[str, Any]]:
        return [{"trace_id": t, "span_id": s, "name": "q", "by": by} | ({"label": v} if isinstance(v, str) else {"value": v})
                for (t, s, by), v in items]

    values: dict[tuple[str, str], set[Any]] = collections.defaultdict(set)
    for (trace, of, _), value in given.items():
        values[trace, of or f"{1:016x}"].add(value)
    expected: dict[str, dict[Any, list[int]]] = {}
    for unit in ("span", "trace"):
        units = collections.defaultdict(set)
        for s in spans:
            key = (s["trace_id"], s["span_id"]) if unit == "span" else s["trace_id"]
            units[key] |= values[s["trace_id"], s["span_id"]]
        rows = collections.defaultdict(lambda: [0, 0])
        for found in units.values():
            for value in found or {None}:
                rows[value][0] += 1
                rows[value][1] += 0 in found
        expected[unit] = {value: tuple(row) for value, row in rows.items()}

    def check(client: Client) -> None:
        for unit, rows in expected.items():
            assert counts(client, "score.q", unit=unit, failure="score.q = 0") == rows
            low = {v: n for v, n in counts(client, "score.q", unit=unit, where="score.q < 1").items()}
            assert low[0][0] == rows[0][0] and low[0.5][0] == rows[0.5][0]
            absent = counts(client, "score.q", unit=unit, where="not has(score.q)")
            assert absent == {None: (rows[None][0], 0)}

    items = list(given.items())
    with fresh_server.client() as client:
        post(client, "/v1/scores", body(items[:200]))
        post(client, "/v1/spans", spans[:300])
        counts(client, "score.q")  # from now on the scores are held in memory
        post(client, "/v1/scores", body(items[200:400]))
        post(client, "/v1/spans", spans[300:])
        post(client, "/v1/scores", body(items[400:]))
        check(client)
        fresh_server.wait_until_merged()
        check(client)
    fresh_server.restart()
    with fresh_server.client() as client:
        check(client)
