"""The command itself: starting and stopping, its settings, the lock, importing files, retention."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from client import PROTOBUF
from otlp import request
from raw import head, read_answer
from server import Server, free_port
from terminal import on_terminal

NOW = time.time_ns()
DAY = 86_400 * 10**9


def run(executable: Path, *arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")}
    return subprocess.run(
        [executable, *map(str, arguments)], capture_output=True, text=True, timeout=60, env=inherited | (environment or {}))


def a_span(number: int, start: int = NOW) -> dict[str, Any]:
    return {"trace_id": f"{number:032x}", "span_id": f"{number:016x}", "name": "chat", "kind": "INTERNAL", "tenant": "acme",
            "start_time_unix_nano": start, "end_time_unix_nano": start + 10**6}


def total(server: Server) -> int:
    with server.client() as client:
        return client.json("/v1/slices", unit="span", from_=0)["total"]["count"]


# MARK: starting


def test_version(executable: Path) -> None:
    assert run(executable, "version").stdout.startswith("everyspan ")


@pytest.mark.parametrize("arguments,says", [
    (["serve"], "--data"), (["serve", "--data", "{d}", "--listen", "nowhere"], "HOST:PORT"),
    (["serve", "--data", "{d}", "--retain", "soon"], "30d"), (["serve", "--data", "{d}", "--body-bytes-max", "0"], "from 1 on"),
    (["serve", "--data", "{d}", "--merging", "maybe"], "on or off"), (["serve", "--data", "{d}", "--config", "{d}/none"], "cannot read"),
    (["serve", "--data", "/proc/none"], "/proc/none"), (["serve", "--data", "{d}", "--listen", "192.0.2.1:4318"], "192.0.2.1"),
    (["frobnicate"], "frobnicate"),
])
def test_a_setting_that_is_wrong_is_named(executable: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    ended = run(executable, *[a.replace("{d}", str(tmp_path)) for a in arguments])
    assert ended.returncode != 0
    assert says in ended.stderr


def test_a_configuration_file_and_the_environment(executable: Path, tmp_path: Path) -> None:
    """A flag goes before the environment, which goes before the file."""
    config = tmp_path / "everyspan.conf"
    config.write_text(f"# ours\ndata = {tmp_path}/from-file\nbody-bytes-max = 100 # bytes\n\ncors-origins = https://a.example\n")
    environment = {"EVERYSPAN_CONFIG": str(config), "EVERYSPAN_BODY_BYTES_MAX": "200", "EVERYSPAN_DATA": str(tmp_path / "unused")}
    with Server(executable, environment=environment) as server:
        with server.client() as client:
            assert client.post("/v1/spans", b'{"name":"' + b"a" * 150 + b'"}').status == 200
            refused = client.post("/v1/spans", b'{"name":"' + b"a" * 250 + b'"}', Origin="https://a.example")
            assert (refused.status, refused.headers["access-control-allow-origin"]) == (413, "https://a.example")
    assert not (tmp_path / "unused").exists() and not (tmp_path / "from-file").exists()


def test_a_line_of_the_file_that_is_wrong_is_named(executable: Path, tmp_path: Path) -> None:
    config = tmp_path / "everyspan.conf"
    config.write_text("data = here\nretian = 30d\n")
    ended = run(executable, "serve", "--config", config)
    assert ended.returncode != 0 and "line 2" in ended.stderr and "retain" in ended.stderr


def test_one_line_says_what_listens_where(executable: Path) -> None:
    with Server(executable) as server:
        server.stop()
        starts = [line for line in server.log_tail().splitlines() if "listens" in line]
        assert len(starts) == 1
        assert server.url in starts[0] and str(server.data) in starts[0]


def test_it_listens_on_loopback_unless_told_otherwise(executable: Path) -> None:
    with Server(executable) as server:
        own = socket.gethostbyname(socket.gethostname())
        if own.startswith("127."):
            return  # this host has no other address to try
        with pytest.raises(OSError), socket.create_connection((own, server.port), timeout=2):
            pass


# MARK: the lock


def test_a_second_server_is_refused(executable: Path) -> None:
    with Server(executable) as server:
        second = run(executable, "serve", "--data", server.data, "--listen", f"127.0.0.1:{free_port()}")
        assert second.returncode != 0
        assert server.process is not None
        assert f"another everyspan (process {server.process.pid}) uses {server.data}" in second.stderr
        assert total(server) == 0
        server.kill()
        server.start()  # the lock went with the process


def test_a_port_in_use_is_named_and_the_data_let_go(executable: Path, tmp_path: Path) -> None:
    with Server(executable) as server:
        ended = run(executable, "serve", "--data", tmp_path, "--listen", f"127.0.0.1:{server.port}")
        assert ended.returncode != 0 and "in use" in ended.stderr
        with Server(executable, data=tmp_path):
            pass


# MARK: stopping


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_finished(executable: Path, sent: signal.Signals) -> None:
    """A request of which half has come when the signal does is answered; nothing new is taken."""
    with Server(executable) as server:
        body = request(a_span(n) for n in range(1, 200)).SerializeToString()
        assert server.process is not None
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(head("POST", "/v1/traces", f"Content-Type: {PROTOBUF}", f"Content-Length: {len(body)}"))
            connection.sendall(body[:1000])
            time.sleep(0.2)
            server.process.send_signal(sent)
            time.sleep(0.3)
            with pytest.raises(OSError):
                server.client(timeout=2).get("/healthz")
            connection.sendall(body[1000:])
            answer = read_answer(connection.makefile("rb"), "POST")
            assert (answer.status, answer.headers["connection"].lower()) == (200, "close")
        assert server.process.wait(30) == 0
        server.start()
        assert total(server) == 199


def test_it_stops_though_clients_keep_their_connections(executable: Path) -> None:
    with Server(executable) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 10
        for connection in idle:
            connection.close()


def test_every_answered_request_is_there_after_a_stop(executable: Path) -> None:
    """SIGTERM under load: what got 200 is there, whatever got none may be."""
    with Server(executable) as server:
        taken: list[int] = []

        def send(first: int) -> None:
            with server.client(timeout=10) as client:
                for number in range(first, first + 10_000):
                    try:
                        if client.post("/v1/spans", json.dumps(a_span(number)).encode()).status == 200:
                            taken.append(number)
                    except OSError:
                        return

        threads = [threading.Thread(target=send, args=(1 + 10_000 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert server.stop() == 0
        for thread in threads:
            thread.join()
        server.start()
        with server.client() as client:
            rows = client.json("/v1/slices", by="trace_id", from_=0, limit="all", format="rows")
        assert taken and {f"{n:032x}" for n in taken} <= {row["trace_id"] for row in rows}


# MARK: importing


@pytest.fixture
def files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    spans = [a_span(n) for n in range(1, 2501)]
    made = {name: tmp_path / name for name in ("native.ndjson", "native.json", "otlp.pb", "otlp.jsonl", "bad.ndjson")}
    made["native.ndjson"].write_text("".join(json.dumps(s) + "\n" for s in spans))
    made["native.json"].write_text(json.dumps(spans))
    made["otlp.pb"].write_bytes(request(spans).SerializeToString())
    otlp = [{"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": s["trace_id"], "spanId": s["span_id"], "kind": 1, "name": s["name"], "startTimeUnixNano": str(s["start_time_unix_nano"]),
         "endTimeUnixNano": str(s["end_time_unix_nano"])} for s in spans[n:n + 500]]}]}]} for n in range(0, 2500, 500)]
    made["otlp.jsonl"].write_text("".join(json.dumps(o) + "\n" for o in otlp))
    made["bad.ndjson"].write_text(json.dumps(a_span(9001)) + "\nno json\n" + json.dumps(a_span(9002)) + "\n")
    yield made


@pytest.mark.parametrize("name", ["native.ndjson", "native.json", "otlp.pb", "otlp.jsonl"])
def test_files_are_imported_and_again_change_nothing(executable: Path, files: dict[str, Path], name: str) -> None:
    with Server(executable) as server:
        for _ in range(2):
            ended = run(executable, "import", files[name], "--url", server.url)
            assert ended.returncode == 0, ended.stderr
            assert total(server) == 2500
        with server.client() as client:
            assert client.json("/v1/status")["ledger"]["span.duplicate"] == 2500


def test_several_files_with_a_bar_on_a_terminal(executable: Path, files: dict[str, Path]) -> None:
    with Server(executable) as server:
        shown = on_terminal([executable, "import", files["native.ndjson"], files["otlp.pb"], "--url", server.url, "--batch", "10"])
        assert "█" in shown and "100 %" in shown
        assert total(server) == 2500


def test_a_bad_line_costs_only_itself(executable: Path, files: dict[str, Path]) -> None:
    with Server(executable) as server:
        ended = run(executable, "import", files["bad.ndjson"], "--url", server.url)
        assert ended.returncode != 0
        assert "1 refused" in ended.stdout
        assert total(server) == 2


def test_a_request_without_an_answer_is_sent_again_under_its_key(executable: Path, tmp_path: Path) -> None:
    """So that the server knows spans without ids again."""
    spans = tmp_path / "spans.ndjson"
    spans.write_text('{"name":"a"}\n{"name":"b"}\n')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with subprocess.Popen([executable, "import", spans, "--url", url, "--batch", "1"], stdout=subprocess.DEVNULL) as process:
            keys = []
            for answered in (False, True, True):
                if len(keys) != 2:
                    connection, _ = listener.accept()
                    stream = connection.makefile("rb")
                length = 0
                while (line := stream.readline()) != b"\r\n":
                    name, _, value = line.decode().partition(":")
                    if name.lower() == "idempotency-key":
                        keys.append(value.strip())
                    length = int(value) if name.lower() == "content-length" else length
                stream.read(length)
                if answered:
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"accepted":1}')
                else:
                    stream.close()
                    connection.close()
            assert process.wait(20) == 0
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("target", ["http://127.0.0.1:1", "nonsense", "ftp://127.0.0.1"])
def test_no_server_is_said_clearly(executable: Path, files: dict[str, Path], target: str) -> None:
    ended = run(executable, "import", files["native.json"], "--url", target)
    assert ended.returncode != 0 and ended.stderr.strip()


def test_a_missing_file_is_named(executable: Path) -> None:
    ended = run(executable, "import", "/none/such.ndjson")
    assert ended.returncode != 0 and "/none/such.ndjson" in ended.stderr


# MARK: retention


def test_old_partitions_are_removed_and_nothing_else(executable: Path) -> None:
    with Server(executable) as server:
        spans = [a_span(n, NOW - age * DAY) for n, age in enumerate((0, 1, 2, 3, 5, 40, 400), 1)]
        with server.client() as client:
            client.post("/v1/spans", json.dumps(spans).encode())
        assert total(server) == 7
        server.restart()
        assert total(server) == 7  # by default everything is kept
        server.options = ("--retain", "3d")
        server.restart()
        deadline = time.monotonic() + 20
        while (count := total(server)) > 4 and time.monotonic() < deadline:
            time.sleep(0.1)
        # Partitions are whole days, so that of three days ago still has spans that are young enough.
        assert count == 4
        with server.client() as client:
            native = client.post("/v1/spans", json.dumps([a_span(11, NOW - 4 * DAY), a_span(12, NOW - 3 * DAY)]).encode()).json()
            assert (native["accepted"], native["rejected"]) == (1, [{"index": 0, "reason": "the span is older than what is retained"}])
            otlp = client.post("/v1/traces", request([a_span(13, NOW - 4 * DAY), a_span(14)]).SerializeToString(), PROTOBUF)
            assert ExportTraceServiceResponse.FromString(otlp.body).partial_success.rejected_spans == 1
            assert client.json("/v1/status")["ledger"]["span.older_than_retention"] == 2
        assert total(server) == 6
        left = sorted(f.stem for f in (server.data / "partitions").glob("*.sqlite"))
        assert left == [time.strftime("%Y-%m-%d", time.gmtime((NOW - age * DAY) / 1e9)) for age in (3, 2, 1, 0)]
