"""Spans that real instrumentations recorded come out with the canonical dimensions that their attributes
mean. What is expected is written down here by hand, from the files and the dialects' documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import readback
from captures import captures, replay, request
from client import Client
from server import Server

GENAI_CHAT = {
    "operation": "chat", "operation.kind": "chat", "provider": "openai", "model": "gpt-4", "model.revision": "gpt-4-0613",
    "temperature": 0.5, "tokens.input": 97, "tokens.output": 52, "finish_reason": "stop",
}
OPENINFERENCE = {
    "provider": "openai", "temperature": 0.5, "tokens.input": 97, "tokens.output": 52, "tool": None,
    "model": "gpt-4",
}
VERCEL_CALL = {
    "operation.kind": "chat", "provider": "openai", "model": "gpt-4o-mini", "model.revision": "gpt-4o-mini-2024-07-18",
    "finish_reason": "stop",
}
VERCEL_OUTER = {"provider": "openai", "model": "gpt-4o-mini", "model.revision": None, "finish_reason": "stop"}

# File, which of its spans, and what must come out; None: the dimension is absent.
EXPECTED: list[tuple[str, int, dict[str, Any]]] = [
    ("openinference-genai/otel_genai_client_span_tool_calls.json", 0, GENAI_CHAT),
    ("openinference-genai/otel_genai_deprecated_client_span_tool_calls.json", 0, GENAI_CHAT),
    ("openinference-genai/otel_genai_tool_execution_span.json", 0,
     {"operation": "execute_tool", "operation.kind": "tool", "tool": "get_weather", "model": None}),
    ("openinference-genai/openinference_client_span_input_output_only.json", 0, OPENINFERENCE),
    ("openinference-genai/openinference_client_span_tool_calls.json", 0, OPENINFERENCE | {"operation.kind": "chat"}),
    ("vercel-v6/ai-generateText-doGenerate.json", 0,
     VERCEL_CALL | {"tokens.input": 14, "tokens.output": 20, "workflow": "test-generate-text", "stream": None}),
    ("vercel-v6/ai-generateText-doGenerate.json", 1,
     VERCEL_CALL | {"tokens.input": 50, "tokens.output": 9, "workflow": "test-generate-text-messages"}),
    ("vercel-v6/ai-generateText.json", 0, VERCEL_OUTER | {"operation.kind": "agent", "workflow": "test-generate-text"}),
    ("vercel-v6/ai-generateObject-doGenerate.json", 0, VERCEL_CALL | {"tokens.input": 63, "tokens.output": 156}),
    ("vercel-v6/ai-generateObject.json", 0, VERCEL_OUTER),
    ("vercel-v6/ai-streamText-doStream.json", 0,
     VERCEL_CALL | {"tokens.input": 15, "tokens.output": 112, "stream": True, "ttft": 426.8535000000011}),
    ("vercel-v6/ai-streamText.json", 0, VERCEL_OUTER | {"stream": True}),
    ("vercel-v6/ai-embed-doEmbed.json", 0,
     {"operation.kind": "embeddings", "provider": "openai", "model": "text-embedding-3-small", "workflow": "test-embed"}),
]

TEXTS = {
    "openinference-genai/openinference_client_span_tool_calls.json": ("Weather in Paris?", "currently rainy"),
    "openinference-genai/otel_genai_client_span_tool_calls.json": ("Weather in Paris?", "currently rainy"),
    "openinference-genai/otel_genai_deprecated_client_span_tool_calls.json": ("Weather in Paris?", "currently rainy"),
    "vercel-v6/ai-generateText-doGenerate.json": ("Write a haiku about programming.", "Lines of code align"),
    "vercel-v6/ai-generateText.json": ("Write a haiku about programming.", "Lines of code align"),
    "vercel-v6/ai-generateObject-doGenerate.json": ("scrambled eggs", "2 tablespoons milk"),
}


def recorded(shared: Path, name: str, index: int) -> dict[str, Any]:
    """One recorded span as native JSON, with ids of its own: some of the files share a trace."""
    read = json.loads((shared / "data" / "genai-spans" / name).read_text())
    if isinstance(read, dict):
        return {"name": "llm", "attributes": read}
    return read[index]


def sent(client: Client, span: dict[str, Any]) -> dict[str, Any]:
    """The span's dimensions, after it was posted."""
    native = dict(span["attributes"]) | {"name": span["name"]}
    response = client.post("/v1/spans", json.dumps(native).encode(), "application/json").json()
    assert response["accepted"] == 1, response
    (ids,) = response["ids"]
    (got,) = readback.trace(client, ids["trace_id"])["spans"]
    return got["dimensions"]


@pytest.mark.parametrize(("name", "index", "expected"), EXPECTED, ids=[f"{n}-{i}" for n, i, _ in EXPECTED])
def test_recorded_spans(server: Server, shared: Path, name: str, index: int, expected: dict[str, Any]) -> None:
    with server.client() as client:
        dimensions = sent(client, recorded(shared, name, index))
    assert {key: dimensions.get(key) for key in expected} == expected


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_recorded_spans(server: Server, shared: Path, name: str) -> None:
    with server.client() as client:
        dimensions = sent(client, recorded(shared, name, 0))
    prompt, output = TEXTS[name]
    assert prompt in dimensions["prompt.text"]
    assert output in dimensions["output.text"]


def test_an_agent_of_openinference(server: Server, shared: Path) -> None:
    """An LLM, a tool and a retriever below an agent, as the SDK sent them."""
    (capture,) = (c for c in captures(shared, "/v1/traces") if c["len"] > 2000)
    spans = [s for r in request(capture).resource_spans for scope in r.scope_spans for s in scope.spans]
    dimensions = {}
    with server.client() as client:
        replay(client, capture)
        for trace_id in {span.trace_id for span in spans}:
            dimensions |= {s["name"]: s["dimensions"] for s in readback.trace(client, trace_id)["spans"]}
    assert {n: dimensions[n]["operation.kind"] for n in ("llm", "lookup", "ret", "agent", "evald")} == {
        "llm": "chat", "lookup": "tool", "ret": "retrieval", "agent": "agent", "evald": "chain"}
    common = {"conversation": "s-1", "user": "u-1", "tenant": "acme", "prompt.version": "v3"}
    for name in ("llm", "lookup", "ret", "agent"):
        assert {key: dimensions[name].get(key) for key in common} == common
    llm = {"provider": "openai", "model": "gpt-x", "temperature": 0.2, "stream": True, "tokens.input": 10, "tokens.output": 3}
    assert {key: dimensions["llm"].get(key) for key in llm} == llm
    assert "hello" in dimensions["llm"]["prompt.text"]
    assert (dimensions["lookup"]["tool"], dimensions["ret"]["document"]) == ("lookup", "d1")
