"""`GET /metrics`: well formed, true, and never counting back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from raw import exchange
from server import Server

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? (\S+)$')


def scrape(server: Server) -> tuple[str, dict[str, float]]:
    with server.client() as client:
        answer = client.get("/metrics", headers={"Accept-Encoding": "identity"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.body.decode()
    samples: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, line
            name = match[1] + (match[2] or "")
            assert name not in samples, line
            samples[name] = float(match[3])
    return text, samples


def test_promtool_accepts_it(server: Server) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus)")
    with server.client() as client:
        client.post("/v1/spans", b'{"name":"x"}')
        client.get("/v1/slices?by=name")
        client.get("/nowhere")
    done = subprocess.run([promtool, "check", "metrics"], input=scrape(server)[0], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_figures_are_true_and_never_count_back(fresh_server: Server) -> None:
    _, before = scrape(fresh_server)
    assert before["everyspan_spans"] == before["everyspan_ingested_spans_total"] == 0
    body = json.dumps([{"name": "x", "trace_id": "1" * 32, "span_id": f"{n:016x}"} for n in range(1, 6)]).encode()
    with fresh_server.client() as client:
        assert client.post("/v1/spans", body).status == 200
        assert client.post("/v1/spans/", body).json()["duplicates"] == 5
        assert client.post("/v1/spans", b"{").status == 400
        for path in ["/v1/traces/11111111", "/v1/slices", "/a", "/b"]:
            client.get(path)
        version = client.json("/v1/status")["version"]
    exchange(fresh_server, [b"GET / HTTP/1.1\r\n\r\n"], ["GET"])  # without a Host
    text, after = scrape(fresh_server)
    assert after[f'everyspan_build_info{{version="{version}"}}'] == 1
    assert (after["everyspan_spans"], after["everyspan_traces"], after["everyspan_ingested_spans_total"]) == (5, 1, 10)
    assert after['everyspan_ledger{reason="span.duplicate"}'] == 5
    assert after['everyspan_http_requests_total{route="/v1/spans",method="POST",code="2xx"}'] == 2
    assert after['everyspan_http_requests_total{route="/v1/spans",method="POST",code="4xx"}'] == 1
    assert after['everyspan_http_requests_total{route="/v1/traces/*",method="GET",code="2xx"}'] == 1
    assert after['everyspan_http_requests_total{route="other",method="GET",code="4xx"}'] == 2
    assert after['everyspan_http_refused_requests_total{code="4xx"}'] == 1
    assert after['everyspan_http_request_body_bytes_total{route="/v1/spans"}'] == 2 * len(body) + 1
    assert after['everyspan_http_request_duration_seconds_count{route="/v1/spans",method="POST"}'] == 3
    assert after['everyspan_http_request_duration_seconds_bucket{route="/v1/spans",method="POST",le="+Inf"}'] == 3
    assert after["process_open_fds"] > 3 and after["process_resident_memory_bytes"] > 1 << 20
    assert abs(after["process_start_time_seconds"] - before["process_start_time_seconds"]) < 0.001
    counters = set(re.findall(r"^# TYPE (\S+) counter$", text, re.M))
    for name, value in before.items():
        if name.split("{")[0] in counters or "duration_seconds" in name:
            assert after[name] >= value, name
