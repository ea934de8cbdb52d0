"""`POST /v1/spans?explain=1`: which key feeds which dimension, and what a key that feeds none may have been meant to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server import Server


def explain(server: Server, *spans: dict[str, Any]) -> dict[str, Any]:
    with server.client() as client:
        answer = client.post("/v1/spans?explain=1", "\n".join(map(json.dumps, spans)).encode())
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_says_where_each_dimension_is_from(server: Server) -> None:
    root = {"trace_id": "e1" * 16, "span_id": "a1" * 8, "name": "run", "tenant": "acme", "resource": {"service.name": "shop"}}
    call = {
        "trace_id": "e1" * 16, "span_id": "a2" * 8, "parent_span_id": "a1" * 8, "name": "execute_tool sql", "kind": "TOOL",
        "gen_ai.request.model": "m", "metadata": '{"locale":"de_DE"}', "retrieval.documents.0.document.id": "d1"}
    answer = explain(server, root, call)
    assert answer["stored"] is False and answer["accepted"] == 2 and answer["rejected"] == []
    of_root, of_call = (span["dimensions"] for span in answer["spans"])
    assert of_root["tenant"] == {"value": "acme", "from": "tenant"}
    assert of_root["service"] == {"value": "shop", "from": "resource.service.name"}
    assert of_call["tenant"] == {"value": "acme", "from": "inherited"}
    assert of_call["model"] == {"value": "m", "from": "gen_ai.request.model"}
    assert of_call["tool"] == {"value": "sql", "from": "name"}
    assert of_call["locale"] == {"value": "de-DE", "from": "metadata"}
    assert of_call["document"] == {"value": "d1", "from": "retrieval.documents.0.document.id"}
    assert of_call["trace.spans"] == {"value": 2, "from": "derived from the trace"}
    fed = {key["key"]: key["feeds"] for key in answer["spans"][1]["keys"]}
    assert fed["metadata"] == ["locale"] and fed["gen_ai.request.model"] == ["model"] and fed["operation.kind"] == ["operation.kind"]


@pytest.mark.parametrize(("span", "key", "hint"), [
    ({"promptVersion": "3"}, "promptVersion", "`promptVersion` is not mapped; did you mean `prompt.version`?"),
    ({"gen_ai.request_model": "m"}, "gen_ai.request_model", "`gen_ai.request_model` is not mapped; did you mean `gen_ai.request.model`?"),
    ({"traceId": "ab"}, "traceId", "`traceId` is not mapped; did you mean `trace_id`?"),
    ({"durationMs": 3}, "durationMs", "`durationMs` is not mapped; did you mean `duration_ms`?"),
    ({"tennant": "acme"}, "tennant", "`tennant` is not mapped; did you mean `tenant`?"),
    ({"my.key": 1}, "my.key", "`my.key` is not mapped; it is kept, and asked for by this name"),
    ({"tenant": "acme", "tenant.id": "other"}, "tenant.id", "`tenant` has its value from elsewhere"),
    ({"tenant": "None"}, "tenant", "`tenant` may be `tenant`, but its value says nothing here"),
])
def test_hints_at_what_a_key_may_have_meant(server: Server, span: dict[str, Any], key: str, hint: str) -> None:
    (answer,) = explain(server, {"name": "step"} | span)["spans"]
    (found,) = (k for k in answer["keys"] if k["key"] == key)
    assert found == {"key": key, "feeds": [], "hint": hint}


def test_what_it_says_is_what_a_query_finds(fresh_server: Server) -> None:
    """The same values as the dimensions of the span once it is stored."""
    span = {
        "trace_id": "e2" * 16, "span_id": "a1" * 8, "name": "chat m", "status": "error", "status_message": "RateLimitError: slow",
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai.chat", "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 30, "gen_ai.system_instructions": "be kind", "gen_ai.input.messages": "hello",
        "events": [{"name": "feature_flag", "attributes": {"feature_flag.variant": "B"}}]}
    (said,) = explain(fresh_server, span)["spans"]
    with fresh_server.client() as client:
        assert client.json("/v1/status")["spans"] == 0
        client.post("/v1/spans", json.dumps(span).encode())
        (stored,) = client.json(f"/v1/traces/{span['trace_id']}")["spans"]
    assert {name: value["value"] for name, value in said["dimensions"].items()} == stored["dimensions"]
    assert said["dimensions"]["variant"]["from"] == "event.feature_flag.variant"
    assert said["dimensions"]["error.type"]["from"] == "status_message"
    assert said["dimensions"]["tokens.input"] == {"value": 40, "from": "gen_ai.usage.input_tokens"}


def test_nothing_is_stored_or_counted(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        before = client.json("/v1/status")
        assert client.post("/v1/spans?explain=1", b'{"name":"a","span_id":"xyz"}').status == 400
        assert client.post("/v1/spans?explain=1", b"nonsense").status == 400
        assert client.post("/v1/spans?explain=2", b'{"name":"a"}').status == 400
        many = json.loads(client.post("/v1/spans?explain=1", b'[{"name":"a"}' + b',{"name":"b","events":[{"name":"e","x":1}]}' * 150 + b"]").body)
        after = client.json("/v1/status")
    assert many["accepted"] == 151 and len(many["spans"]) == 100
    assert many["spans"][0]["keys"] == [] and [k["key"] for k in many["spans"][99]["keys"]] == ["event.x"]
    assert (after["spans"], after["ledger"]) == (before["spans"], before["ledger"]) == (0, before["ledger"])
