"""A second set of spans: the workload made awkward. The standard one repeats every dimension on every
span; here tenants sit on roots only, spans nest, roots never arrive, values change type, and dialects mix."""

from __future__ import annotations

import random
from typing import Any

ON_ROOT_ONLY = ("tenant.id", "user.id", "session.id", "eval.bucket", "prompt.template.id", "prompt.template.version", "locale")


def mixed(spans: list[dict[str, Any]], seed: int = 7) -> list[dict[str, Any]]:
    traces: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        traces.setdefault(span["trace_id"], []).append(dict(span))
    py = random.Random(seed)
    result = []
    for trace in traces.values():
        change(trace, py)
        result += trace
    return result


def change(trace: list[dict[str, Any]], py: random.Random) -> None:
    root = next((s for s in trace if not s["parent_span_id"]), None)
    children = [s for s in trace if s is not root]
    chats = [s for s in trace if s["gen_ai.operation.name"] == "chat"]
    if py.random() < 0.5:
        keep_on_root(children)
    if len(chats) > 1 and py.random() < 0.5:
        nest(children, chats)
    if chats and py.random() < 0.2:
        wrap(chats)
    if py.random() < 0.3:
        differ(children, py)
    for span in trace:
        sprinkle(span, py)
    if root is not None:
        if py.random() < 0.5:
            del root["tool.sequence"]
        if len(trace) > 1 and py.random() < 0.05:
            trace.remove(root)


def keep_on_root(children: list[dict[str, Any]]) -> None:
    for span in children:
        for key in ON_ROOT_ONLY:
            span.pop(key, None)


def nest(children: list[dict[str, Any]], chats: list[dict[str, Any]]) -> None:
    """The other spans move below the first tool or retrieval, and a value in the middle shades the root's."""
    middle = next((s for s in children if s not in chats), None)
    if middle is None:
        return
    for span in children:
        if span is not middle:
            span["parent_span_id"] = middle["span_id"]
    middle["tenant.id"] = "t-middle"
    middle["session.id"] = ""  # says nothing, so the root's shows through


def wrap(chats: list[dict[str, Any]]) -> None:
    """The first call becomes a wrapper of the others and repeats their usage: it must not be summed."""
    for span in chats[1:]:
        span["parent_span_id"] = chats[0]["span_id"]


def differ(children: list[dict[str, Any]], py: random.Random) -> None:
    """Spans of one trace disagree, so that it belongs to several groups."""
    for span in children:
        if py.random() < 0.5:
            span["user.id"] = f"u-{py.randint(1, 5)}"
            span["gen_ai.prompt.name"] = "grader"
            span["gen_ai.prompt.version"] = py.choice([3, "4", "grader@v5"])
            span["locale"] = py.choice(["en_US", "de-DE"])


def sprinkle(span: dict[str, Any], py: random.Random) -> None:
    if py.random() < 0.4:
        span["my.key"] = py.choice([1, 1.0, "1", 2.5, True, False, "", "x"])
    if py.random() < 0.3:
        span["my.list"] = py.choice([[], ["a"], ["a", "b"], ["b", "b", "c"], [1, 2]])
    if py.random() < 0.2:
        span["my nested"] = {"deep": {"er": py.choice(["north", "south"])}, "flag": py.random() < 0.5}
    if py.random() < 0.1:
        span["langfuse.user.id"] = f"lf-{py.randint(1, 3)}"
    if py.random() < 0.1:
        span["status"] = py.choice(["UNSET", "ERROR", "OK"])
    if py.random() < 0.05:
        span["error.type"] = ""
    if span["gen_ai.operation.name"] == "chat" and py.random() < 0.2:
        span["gen_ai.response.finish_reasons"] = py.choice([["stop", "length"], [], ["stop"]])
        span["gen_ai.usage.input_tokens"] = str(span["gen_ai.usage.input_tokens"])
