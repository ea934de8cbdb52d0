"""Everyspan: the real server, asked over HTTP on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from client import PROTOBUF, Client, HTTPError, Response, post_all, query
from server import Server

from questions import BEGIN, END, FAILURES_LEAST, LISTS, LOCALE, PHRASE, SCALARS, VALUES_MOST, Probes, score

from . import usage
from .system import Answer, Load, Rows, SystemFailed, Workload

SPANS_PER_REQUEST, CONNECTIONS = 1_000, 4
SPELLINGS = 1 << len("error")
PATIENCE = 300.0  # seconds for one answer
RANGE = {"from": BEGIN, "to": END}
COUNTS = {"calc": "count,failures"}
PERCENTILES = {"calc": "count,p50(duration),p95(duration),p99(duration)"}
# Q7's keys by the names that people use; a raw key where the canonical dimension says more than the span itself does.
NAMES = {
    "service.name": "service", "service.version": "release", "deployment.environment.name": "environment", "tenant.id": "tenant",
    "user.id": "user", "session.id": "session", "eval.bucket": "variant", "prompt.template.id": "prompt.name",
    "prompt.template.version": "prompt.version", "gen_ai.operation.name": "operation", "gen_ai.provider.name": "provider",
    "gen_ai.request.model": "model", "gen_ai.response.model": "model.revision", "gen_ai.tool.name": "tool",
    "tool.sequence": "span.tool.sequence", "gen_ai.response.finish_reasons": "finish_reason", "retrieval.document.ids": "document",
}


class Everyspan:
    """Its forms: spans counted, as the others are asked; traces counted; and spans with all standard figures of a row."""

    forms = ("spans", "traces", "standard")

    def __init__(self, folder: Path, protocol: str, probes: Probes) -> None:
        self.name = "everyspan" if protocol == "otlp" else f"everyspan {protocol}"
        self.folder, self.protocol, self.probes = folder, protocol, probes
        self._server: Server | None = None
        self._client: Client | None = None

    def load(self, workload: Workload) -> Load:
        with Server(data=self.folder) as server:
            path = "/v1/traces" if self.protocol == "otlp" else "/v1/spans"
            kind = PROTOBUF if self.protocol == "otlp" else "application/x-ndjson"
            bodies = (p.read_bytes() for p in workload.otlp) if self.protocol == "otlp" else requests(workload.ndjson)
            begin, cpu, own = time.monotonic(), server.cpu_seconds(), time.process_time()
            post_all("127.0.0.1", server.port, path, bodies, kind, CONNECTIONS)
            seconds, used, sender = time.monotonic() - begin, server.cpu_seconds() - cpu, time.process_time() - own
            server.wait_until_counted(timeout=3_600)
            settled, settled_cpu = time.monotonic() - begin, server.cpu_seconds() - cpu
            peak = server.peak_rss()
            if server.stop() != 0:
                raise SystemFailed(f"it did not end well: {server.log_tail(300)}")
        return Load(
            seconds=seconds, cpu_seconds=used, settled_seconds=settled, settled_cpu_seconds=settled_cpu, peak_rss=peak,
            bytes_on_disk=usage.bytes_on_disk(self.folder), is_synced=True, sender_cpu_seconds=sender)

    def open(self) -> float:
        self.close()
        usage.drop_pages(self.folder)
        self._server = Server(data=self.folder)
        self._server.start()
        self._client = self._server.client(timeout=PATIENCE)
        return self._server.ready_seconds

    def peak_rss(self) -> int:
        return self._opened().peak_rss()

    def close(self) -> None:
        if self._client is not None:
            self._client.connection.close()
        if self._server is not None:
            if self._server.is_running:
                self._server.stop()
            self._server.discard()
        self._server = self._client = None

    def asks(self, question: str, form: str) -> bool:
        return form != "standard" if question == "Q7" else self._target(question, form, 0) is not None

    def ask(self, question: str, form: str, turn: int) -> Answer | None:
        if question == "Q7":
            return self._every_value(form, turn)
        target = self._target(question, form, turn)
        if target is None:
            return None
        milliseconds, answer = self._get(*target)
        return Answer(milliseconds, rows(question, answer) if form == self.forms[0] else None)

    def _target(self, question: str, form: str, turn: int) -> tuple[str, dict[str, Any]] | None:
        """The route and its parameters; None where the form makes no difference."""
        unit = {"unit": "trace" if form == "traces" else "span", "failure": spelled_anew(turn)} | RANGE
        counts = {} if form == "standard" else COUNTS
        match question:
            case "Q1":
                return "/v1/slices", {"by": "prompt.version"} | unit | counts
            case "Q2":
                return "/v1/slices", {"by": "tenant,model.revision", "where": f"locale = {LOCALE} and has(model.revision)"} | unit | counts
            case "Q3":
                figures = {} if form == "standard" else PERCENTILES
                return "/v1/slices", {"by": "model.revision", "where": "operation = chat", "limit": "all"} | unit | figures
            case "Q4" if form != "standard":
                return "/v1/series", {"step": "1m"} | unit | counts
            case "Q5" | "Q5b" if form == "spans":
                return f"/v1/traces/{self.probes.trace(question, turn)}", {}
            case "Q6a":
                return "/v1/slices", {"where": f'prompt.text contains "{PHRASE}"'} | unit | counts
            case "Q6b" if form == "spans":
                where = f'prompt.text contains "{self.probes.rare_text(turn)}"'
                return "/v1/spans", {"where": where, "fields": "trace_id,span_id", "limit": 20} | RANGE
            case _:
                return None

    def _every_value(self, form: str, turn: int) -> Answer | None:
        """Every value of every dimension, failing against the rest. THE PLACE FOR `/v1/compare`: it answers this in one
        request, once it is there. Until then it takes one a dimension, and the counts are put beside each other here."""
        if form == "standard":
            return None
        common = {"having": f"failures >= {FAILURES_LEAST}", "limit": "all", "failure": spelled_anew(turn)} | COUNTS | RANGE
        common["unit"] = "trace" if form == "traces" else "span"
        milliseconds, found = 0.0, {}
        for key in SCALARS + LISTS:
            took, found[key] = self._get("/v1/slices", {"by": NAMES.get(key, key)} | common)
            milliseconds += took
        return Answer(milliseconds, most_surprising(found) if form == self.forms[0] else None)

    def _get(self, path: str, parameters: dict[str, Any]) -> tuple[float, Any]:
        if self._client is None:
            raise SystemFailed("it is not open")
        target = path + query(parameters)
        milliseconds, response = timed(self._client, target)
        if response.status != 200:
            raise HTTPError(response, target)
        return milliseconds, orjson.loads(response.body)

    def _opened(self) -> Server:
        if self._server is None:
            raise SystemFailed("it is not open")
        return self._server


def timed(client: Client, target: str, is_again: bool = False) -> tuple[float, Response]:
    """Milliseconds from asking until the answer was read."""
    begin = time.perf_counter()
    try:
        response = client.request("GET", target)
    except ConnectionError:
        if is_again:
            raise
        # A server closes a connection that was idle while others were asked; the next request opens another.
        return timed(client, target, is_again=True)
    return (time.perf_counter() - begin) * 1000, response


def requests(ndjson: Path) -> Iterator[bytes]:
    with ndjson.open("rb") as lines:
        while body := b"".join(islice(lines, SPANS_PER_REQUEST)):
            yield body


def spelled_anew(turn: int) -> str:
    """A failure that the server does not know to be the same question, so that nothing is kept of its answer."""
    return "status = " + "".join(letter.upper() if turn >> at & 1 else letter for at, letter in enumerate("error"))


def rows(question: str, answer: dict[str, Any]) -> Rows:
    match question:
        case "Q1":
            return [(row["slice"]["prompt.version"], row["count"], row["failures"]) for row in answer["rows"]]
        case "Q2":
            return [(row["slice"]["tenant"], row["slice"]["model.revision"], row["count"], row["failures"]) for row in answer["rows"]]
        case "Q3":
            return sorted(
                (row["slice"]["model.revision"], row["count"], *(row[f"p{p}(duration)"] for p in (50, 95, 99))) for row in answer["rows"])
        case "Q4":
            return [(nanoseconds(row["time"]), row["count"], row["failures"]) for row in answer["rows"] if row["count"] > 0]
        case "Q5" | "Q5b":
            return sorted(of_trace(span) for span in answer["spans"])
        case "Q6a":
            return [(row["count"],) for row in answer["rows"]]
        case _:
            return sorted((span["trace_id"], span["span_id"]) for span in answer["spans"])


def of_trace(span: dict[str, Any]) -> tuple[Any, ...]:
    times = (int(span[key]) for key in ("start_time_unix_nano", "end_time_unix_nano"))
    return (span["span_id"], span["name"], *times, span["status"].upper())


def nanoseconds(text: str) -> int:
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(seconds + "+00:00").timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


def most_surprising(answers: dict[str, dict[str, Any]]) -> Rows:
    """The values that fail more than they would by chance, by the same score as in the others' SQL."""
    total = answers["kind"]["total"]  # every span has one
    scored = []
    for key, answer in answers.items():
        for row in answer["rows"]:
            (value,), count, failures = row["slice"].values(), row["count"], row["failures"]
            if value is not None:
                scored.append((-score(count, failures, total["failures"], total["count"]), key, text(key, value), count, failures))
    return [row[1:] for row in sorted(scored)[:VALUES_MOST]]


def text(key: str, value: object) -> str:
    return str(value).upper() if key == "kind" else str(value)
