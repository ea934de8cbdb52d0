"""VictoriaLogs: its own binary, where one is given, asked over HTTP on loopback."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from client import Client, HTTPError, post_all
from server import free_port

from questions import BEGIN, END, LOCALE, PHRASE, Probes

from . import usage
from .everyspan import CONNECTIONS, PATIENCE, SPANS_PER_REQUEST, nanoseconds, timed
from .system import Answer, Load, Rows, SystemFailed, Workload

KEEP = "100y"  # the workload's day lies wherever the clock's today is
INSERT = "/insert/jsonline?" + urlencode({
    "_stream_fields": "service.name,deployment.environment.name", "_time_field": "start_time_unix_nano", "_msg_field": "gen_ai.prompt"})
COUNTS = "count() n, count() if (status:=ERROR) f"
QUERIES = {
    "Q1": f'* | stats by ("prompt.template.version") {COUNTS} | sort by (f desc, n desc, "prompt.template.version") limit 20',
    "Q2": f'locale:={LOCALE} "gen_ai.response.model":* | stats by ("tenant.id", "gen_ai.response.model") {COUNTS} '
          '| sort by (f desc, n desc, "tenant.id", "gen_ai.response.model") limit 20',
    "Q3": '"gen_ai.operation.name":=chat | stats by ("gen_ai.response.model") count() n, quantile(0.5, duration_ns) p50, '
          "quantile(0.95, duration_ns) p95, quantile(0.99, duration_ns) p99",
    "Q4": f"* | stats by (_time:1m) {COUNTS} | sort by (_time)",
    "Q5": 'trace_id:="{trace}"',
    "Q6a": f'_msg:~"{PHRASE}" | stats count() n',
    "Q6b": '_msg:~"{rare}" | fields trace_id, span_id | limit 20',
}
# One of the failing, one of all: putting them beside each other is left to who asks.
FACETS = [f"{which} | facets 20 max_values_per_field 10000000 max_value_len 2000 keep_const_fields" for which in ("status:=ERROR", "*")]


class VictoriaLogs:
    name = "victorialogs"
    forms = ("spans",)

    def __init__(self, binary: Path, folder: Path, probes: Probes) -> None:
        self.binary, self.folder, self.probes = binary, folder, probes
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self._port = 0

    def load(self, workload: Workload) -> Load:
        self._start()
        begin, cpu, own = time.monotonic(), usage.cpu_seconds(self._pid), time.process_time()
        post_all("127.0.0.1", self._port, INSERT, requests(workload.ndjson), "application/x-ndjson", CONNECTIONS)
        seconds, used, sender = time.monotonic() - begin, usage.cpu_seconds(self._pid) - cpu, time.process_time() - own
        self._get("/internal/force_flush")
        self._wait_until_visible(workload.spans)
        self._get("/internal/force_merge")
        load = Load(
            seconds=seconds, cpu_seconds=used, settled_seconds=time.monotonic() - begin,
            settled_cpu_seconds=usage.cpu_seconds(self._pid) - cpu, peak_rss=self.peak_rss(), bytes_on_disk=0, is_synced=False,
            sender_cpu_seconds=sender)
        self.close()
        load.bytes_on_disk = usage.bytes_on_disk(self.folder)
        return load

    def open(self) -> float:
        self.close()
        usage.drop_pages(self.folder)
        return self._start()

    def asks(self, question: str, form: str) -> bool:
        return form in self.forms

    def ask(self, question: str, form: str, turn: int) -> Answer | None:
        if question == "Q7":
            return Answer(sum(self._query(text)[0] for text in FACETS), None)
        text = QUERIES["Q5" if question == "Q5b" else question]
        text = text.replace("{trace}", self.probes.trace(question, turn)).replace("{rare}", self.probes.rare_text(turn))
        milliseconds, answer = self._query(text)
        return Answer(milliseconds, normal(question, [orjson.loads(line) for line in answer.splitlines()]))

    def peak_rss(self) -> int:
        return usage.peak_rss(self._pid)

    def close(self) -> None:
        if self._client is not None:
            self._client.connection.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._client = None

    def _start(self) -> float:
        self._port = free_port()
        begin = time.monotonic()
        self._process = subprocess.Popen(
            [self.binary, f"-storageDataPath={self.folder}", f"-httpListenAddr=127.0.0.1:{self._port}", f"-retentionPeriod={KEEP}",
             f"-futureRetention={KEEP}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._client = Client("127.0.0.1", self._port, PATIENCE)
        while time.monotonic() - begin < 60:
            if self._process.poll() is not None:
                raise SystemFailed(f"it ended with {self._process.returncode}")
            try:
                self._get("/health")
                return time.monotonic() - begin
            except OSError:
                time.sleep(0.005)
        raise SystemFailed("not ready after 60 s")

    def _wait_until_visible(self, spans: int) -> None:
        deadline = time.monotonic() + 60
        while (count := int(orjson.loads(self._query("* | stats count() n")[1])["n"])) < spans:
            if time.monotonic() > deadline:
                raise SystemFailed(f"it shows {count} of {spans} spans")
            time.sleep(0.2)

    def _query(self, text: str) -> tuple[float, bytes]:
        parameters = {"query": text, "start": BEGIN, "end": END, "timeout": f"{PATIENCE:.0f}s"}
        target = "/select/logsql/query?" + urlencode(parameters)
        return self._timed(target)

    def _get(self, target: str) -> bytes:
        return self._timed(target)[1]

    def _timed(self, target: str) -> tuple[float, bytes]:
        if self._client is None:
            raise SystemFailed("it is not open")
        milliseconds, response = timed(self._client, target)
        if response.status != 200:
            raise HTTPError(response, target)
        return milliseconds, response.body

    @property
    def _pid(self) -> int:
        if self._process is None:
            raise SystemFailed("it is not open")
        return self._process.pid


def requests(ndjson: Path) -> Iterator[bytes]:
    with ndjson.open("rb") as lines:
        while body := b"".join(with_duration(line) for line in islice(lines, SPANS_PER_REQUEST)):
            yield body


def with_duration(line: bytes) -> bytes:
    """It cannot subtract fields in a quantile, so the duration is sent beside them."""
    start, end = (after(line, key) for key in (b'"start_time_unix_nano":', b'"end_time_unix_nano":'))
    return b'%s,"duration_ns":%d}\n' % (line.rstrip()[:-1], end - start)


def after(line: bytes, key: bytes) -> int:
    begin = line.index(key) + len(key)
    return int(line[begin : line.index(b",", begin)])


def normal(question: str, found: list[dict[str, Any]]) -> Rows:
    """All values come as text."""
    match question:
        case "Q1":
            return [(row["prompt.template.version"], int(row["n"]), int(row["f"])) for row in found]
        case "Q2":
            return [(row["tenant.id"], row["gen_ai.response.model"], int(row["n"]), int(row["f"])) for row in found]
        case "Q3":
            return sorted(
                (row["gen_ai.response.model"], int(row["n"]), *(float(row[f"p{p}"]) / 1e6 for p in (50, 95, 99))) for row in found)
        case "Q4":
            return [(nanoseconds(row["_time"]), int(row["n"]), int(row["f"])) for row in found]
        case "Q5" | "Q5b":
            return sorted(
                (row["span_id"], row["name"], nanoseconds(row["_time"]), int(row["end_time_unix_nano"]), row["status"]) for row in found)
        case "Q6a":
            return [(int(row["n"]),) for row in found]
        case _:
            return sorted((row["trace_id"], row["span_id"]) for row in found)
