"""What is exported imports again as the same spans, in both forms."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scenarios
import workload
from cases import ALL
from client import PROTOBUF
from otlp import comparable
from readback import assert_same_spans, trace_otlp
from server import Server
from terminal import on_terminal

FROM, TO = str(ALL[0]), str(ALL[1])
NOW = 1_790_000_000 * 10**9


def run(server: Server, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [server.executable, *map(str, arguments)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        env={k: v for k, v in os.environ.items() if not k.startswith("EVERYSPAN_")} | {"EVERYSPAN_URL": server.url})


@pytest.fixture(scope="module")
def loaded(executable: Path) -> Iterator[Server]:
    with Server(executable) as server:
        with server.client() as client:
            for body in scenarios.ndjson_in_order(workload.ndjson(6000)):
                client.ingest("/v1/spans", body, scenarios.NDJSON)
        yield server


def answers(server: Server) -> list[Any]:
    """What a copy must answer in the same way."""
    with server.client() as client:
        rows = [client.json("/v1/slices", from_=FROM, to=TO, by=by, unit=unit, limit="all")["rows"]
                for by in ("tenant,locale", "prompt.version", "document", "tool.sequence", "model.revision") for unit in ("trace", "span")]
        for row in (row for slices in rows for row in slices):
            del row["traces"]  # where spans are counted, several may be of one trace, and which three are named is open
        return rows + [spans(client)]


def spans(client: Any, **parameters: object) -> list[dict[str, Any]]:
    got, cursor = [], None
    while True:
        page = client.json("/v1/spans", from_=0, limit=1000, cursor=cursor, **parameters)
        got += page["spans"]
        if (cursor := page["cursor"]) is None:
            return got


@pytest.mark.parametrize("form", ["ndjson", "otlp"])
def test_a_copy_answers_as_the_first(loaded: Server, executable: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"spans.{form}"
    done = run(loaded, "export", "--format", form, "--output", file)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with Server(executable) as copy:
        ended = run(copy, "import", file)
        assert ended.returncode == 0, ended.stderr
        for got, want in zip(answers(copy), answers(loaded), strict=True):
            assert got == want
    assert not Path(f"{file}.part").exists()


def test_a_directory_is_exported_without_a_server(executable: Path, tmp_path: Path) -> None:
    with Server(executable) as server:
        with server.client() as client:
            client.post("/v1/spans", b'{"name":"a","tenant":"acme"}{"name":"b","status":"error"}')
        expected = run(server, "export").stdout
        held = run(server, "export", "--data", server.data)
        assert held.returncode == 3 and "another everyspan" in held.stderr
        server.stop()
        assert run(server, "export", "--data", server.data).stdout == expected
        assert {json.loads(line)["name"] for line in expected.splitlines()} == {"a", "b"}


def sent() -> Any:
    """Everything that a span can carry, in two resources and scopes."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from otlp import add_attributes
    body = ExportTraceServiceRequest()
    for n in (1, 2):
        resource = body.resource_spans.add()
        add_attributes(resource.resource.attributes, {"service.name": f"s{n}", "shared": "resource"})
        scope = resource.scope_spans.add()
        scope.scope.name, scope.scope.version = "library", f"1.{n}"
        add_attributes(scope.scope.attributes, {"only.scope": n})
        for m in (1, 2):
            span = scope.spans.add(
                trace_id=n.to_bytes(16, "big"), span_id=(n * 10 + m).to_bytes(8, "big"), name=f"span {n} {m}", kind=m, flags=257,
                start_time_unix_nano=NOW + m, end_time_unix_nano=NOW + m + 5, trace_state="a=b")
            add_attributes(span.attributes, {
                "text": 'é "quoted"\n', "integer": 2**62 + 1, "double": 1.0, "flag": True, "list": ["a", "b"], "empty": "", "name": "hidden",
                "resource": "an attribute", "end_time": "soon", "raw": b"\x00\xff", "nested": {"deep": [1, {"x": 2.5}]}})
            if m == 2:
                span.parent_span_id = (n * 10 + 1).to_bytes(8, "big")
                add_attributes(span.attributes, {"shared": "span"})
            span.status.code, span.status.message = m, "why"
            event = span.events.add(name="happened", time_unix_nano=NOW + 3)
            add_attributes(event.attributes, {"k": 1})
            link = span.links.add(trace_id=b"\x09" * 16, span_id=b"\x08" * 8)
            add_attributes(link.attributes, {"l": "v"})
    return body


def test_otlp_loses_nothing(executable: Path, tmp_path: Path) -> None:
    with Server(executable) as server, Server(executable) as copy:
        with server.client() as client:
            assert client.post("/v1/traces", sent().SerializeToString(), PROTOBUF).status == 200
        assert run(server, "export", "--format", "otlp", "-o", tmp_path / "all.jsonl").returncode == 0
        assert run(copy, "import", tmp_path / "all.jsonl").returncode == 0
        with copy.client() as client:
            assert_same_spans(client, sent())


def test_native_keeps_what_native_spans_can_say(executable: Path, tmp_path: Path) -> None:
    """Every key reads as before, wherever it was; the help says what is left out."""
    with Server(executable) as server, Server(executable) as copy:
        with server.client() as client:
            client.post("/v1/traces", sent().SerializeToString(), PROTOBUF)
        assert run(server, "export", "-o", tmp_path / "all.ndjson").returncode == 0
        assert run(copy, "import", tmp_path / "all.ndjson").returncode == 0
        fields = ("trace_id,span_id,parent_span_id,name,kind,status,status_message,start_time,duration,service,text,integer,double,flag,list,"
                  'shared,only.scope,attr("resource"),attr("empty")')
        with server.client() as client, copy.client() as other:
            want = spans(client, fields=fields)
            assert spans(other, fields=fields) == want
            assert [span["shared"] for span in want] == ["span", "span", "resource", "resource"]
            for which in (1, 2):
                before, after = (comparable(trace_otlp(c, f"{which:032x}")) for c in (client, other))
                assert before.keys() == after.keys()
                for key, span in before.items():
                    assert (span["events"], span["links"]) == (after[key]["events"], after[key]["links"])


def test_a_filter_and_a_range_choose(loaded: Server) -> None:
    with loaded.client() as client:
        want = client.json("/v1/slices", from_=FROM, to=TO, where="operation = chat", unit="span")["total"]["count"]
        failed = client.json("/v1/slices", from_=FROM, to=TO, where="failed")["total"]["count"]
    native = run(loaded, "export", "--where", "operation = chat", "--from", FROM, "--to", TO).stdout.splitlines()
    assert len(native) == want > 1000  # more than a page
    assert len({(s["trace_id"], s["span_id"]) for s in map(json.loads, native)}) == want
    traces = run(loaded, "export", "--format", "otlp", "--where", "failed", "--from", FROM, "--to", TO).stdout.splitlines()
    ids = {span["traceId"] for line in traces for r in json.loads(line)["resourceSpans"] for s in r["scopeSpans"] for span in s["spans"]}
    assert len(ids) == failed


@pytest.mark.parametrize(("arguments", "code", "says"), [
    (["--where", "tenant ="], 1, "value"), (["--output", "/none/such"], 64, "/none/such"), (["--format", "xml"], 64, "otlp"),
    (["--url", "http://127.0.0.1:9"], 3, "nothing listens"), (["--output", "/dev/full/x"], 64, "/dev/full"),
], ids=str)
def test_what_goes_wrong_is_said_in_a_sentence(loaded: Server, arguments: list[str], code: int, says: str) -> None:
    done = run(loaded, "export", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_nothing_is_an_empty_file(fresh_server: Server, tmp_path: Path) -> None:
    for form in ("ndjson", "otlp"):
        assert run(fresh_server, "export", "--format", form, "-o", tmp_path / form).returncode == 0
        assert (tmp_path / form).read_bytes() == b""


def test_a_bar_on_a_terminal(loaded: Server, tmp_path: Path) -> None:
    shown = on_terminal([loaded.executable, "export", "--url", loaded.url, "--output", tmp_path / "all"])
    assert "█" in shown and "100 %" in shown
