#!/usr/bin/env python3
"""Sends recorded agent runs of tau-bench (https://github.com/sierra-research/tau-bench) as traces.

    python3 tau_bench.py gpt-4o-airline.json
    curl 'http://127.0.0.1:4318/v1/slices?from=0&by=tool&format=rows'

A run becomes a trace: a root span that fails when the run's reward is below 1, a span for each message of
the model and one for each tool call, with the attributes of OpenTelemetry's GenAI conventions. The runs
carry no times, so each begins ten minutes after the one before it and each message takes a second. Ids
come from what they name, so that sending a file again changes nothing.

Needs nothing but Python 3.9.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

# The time that the agent is told it is.
START = int(datetime.datetime(2024, 5, 15, 20, 0, tzinfo=datetime.timezone.utc).timestamp())
RUN_SECONDS = 600
RUNS_A_REQUEST = 20
Message = dict[str, Any]


def identifier(digits: int, *parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:digits]


class Run:
    """One run of a task, as a trace."""

    def __init__(self, number: int, run: dict[str, Any], model: str) -> None:
        self.run, self.model = run, model
        self.start = START + number * RUN_SECONDS
        self.trace_id = identifier(32, "run", model, run["task_id"], run["trial"])

    def spans(self) -> Iterator[dict[str, Any]]:
        yield self.root()
        waiting: list[Message] = []  # what the model has not answered yet
        calls: dict[str, dict[str, Any]] = {}
        for at, message in enumerate(self.run["traj"]):
            if message["role"] == "assistant":
                yield self.chat(at, waiting, message)
                waiting = []
                for call in message.get("tool_calls") or []:
                    calls[call["id"]] = {"call": call, "at": at}
            else:
                waiting.append(message)
                if message["role"] == "tool" and message["tool_call_id"] in calls:
                    yield self.tool(at, message, **calls.pop(message["tool_call_id"]))

    def span(self, name: str, at: int, seconds: int, parent: str | None, **more: Any) -> dict[str, Any]:
        return {
            "trace_id": self.trace_id, "span_id": identifier(16, self.trace_id, name, at), "parent_span_id": parent, "name": name,
            "start_time_unix_nano": (self.start + at) * 10**9, "end_time_unix_nano": (self.start + at + seconds) * 10**9,
        } | more

    def root(self) -> dict[str, Any]:
        task, reward = self.run["info"]["task"], self.run["reward"]
        return self.span("invoke_agent airline", 0, len(self.run["traj"]), None, kind="SERVER", **{
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "airline", "service.name": "tau-bench",
            "gen_ai.conversation.id": f"task {self.run['task_id']} trial {self.run['trial']}", "user.id": task["user_id"],
            "task.id": self.run["task_id"], "trial": self.run["trial"], "reward": reward,
            "status": "OK" if reward >= 1 else "ERROR",
        })

    def chat(self, at: int, asked: list[Message], answer: Message) -> dict[str, Any]:
        calls = answer.get("tool_calls") or []
        return self.span(f"chat {self.model}", at, 1, self.root()["span_id"], kind="CLIENT", **{
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": self.model,
            "gen_ai.input.messages": json.dumps([as_parts(m) for m in asked]),
            "gen_ai.output.messages": json.dumps([as_parts(answer)]),
            "gen_ai.response.finish_reasons": ["tool_calls" if calls else "stop"],
        })

    def tool(self, end: int, result: Message, call: dict[str, Any], at: int) -> dict[str, Any]:
        failed = (result["content"] or "").startswith("Error")
        return self.span(f"execute_tool {result['name']}", at + 1, end - at, self.root()["span_id"], **{
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": result["name"], "gen_ai.tool.call.id": call["id"],
            "gen_ai.tool.call.arguments": call["function"]["arguments"], "gen_ai.tool.call.result": result["content"],
            "status": "ERROR" if failed else "OK", "status_message": result["content"] if failed else None,
        })


def as_parts(message: Message) -> dict[str, Any]:
    """A message as the conventions write it: a role and parts."""
    parts: list[dict[str, Any]] = []
    if message["role"] == "tool":
        parts.append({"type": "tool_call_response", "id": message["tool_call_id"], "response": message["content"]})
    elif message.get("content"):
        parts.append({"type": "text", "content": message["content"]})
    for call in message.get("tool_calls") or []:
        function = call["function"]
        parts.append({"type": "tool_call", "id": call["id"], "name": function["name"], "arguments": function["arguments"]})
    return {"role": message["role"], "parts": parts}


def send(url: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    request = urllib.request.Request(f"{url}/v1/spans", json.dumps(spans).encode())
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def main() -> None:
    parser = argparse.ArgumentParser(description="Send recorded tau-bench runs to Everyspan.")
    parser.add_argument("file")
    parser.add_argument("--url", default="http://127.0.0.1:4318")
    parser.add_argument("--model", default="gpt-4o")
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8") as file:
        runs = [Run(number, run, arguments.model) for number, run in enumerate(json.load(file))]
    accepted = duplicates = 0
    for first in range(0, len(runs), RUNS_A_REQUEST):
        reply = send(arguments.url, [span for run in runs[first:first + RUNS_A_REQUEST] for span in run.spans()])
        accepted, duplicates = accepted + reply["accepted"], duplicates + reply["duplicates"]
    print(f"{len(runs)} runs, {accepted} spans, {duplicates} of them were there already")


if __name__ == "__main__":
    main()
