"""`GET /`: every command that it prints is run as it stands."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from server import Server

NEEDS = {"why", "rose", "found", "who", "when", "slow", "cost", "by", "show", "open", "live", "send", "score", "otel", "where", "more"}


def lines(server: Server) -> dict[str, str]:
    with server.client() as client:
        answer = client.get("/", headers={"Accept": "text/html"})
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
    first, empty, *rest = answer.body.decode().splitlines()
    assert first.startswith("everyspan ") and empty == ""
    return {line[:7].strip(): line[7:] for line in rest}


def test_before_anything_was_sent(fresh_server: Server) -> None:
    with fresh_server.client() as client:
        assert "no data yet" in client.get("/").body.decode()
    assert "open" not in lines(fresh_server)


def test_every_command_works(fresh_server: Server) -> None:
    now = time.time_ns()
    spans = [{"name": "chat", "tenant": "acme", "status": status, "start_time_unix_nano": now, "end_time_unix_nano": now} for status in ["ok", "error", "ok"]]
    with fresh_server.client() as client:
        client.post("/v1/spans", json.dumps(spans).encode())
        assert "3 traces in the last hour, 33.3 % failing · newest span 0 s ago" in client.get("/").body.decode()
    commands = lines(fresh_server)
    assert set(commands) == NEEDS
    for need, command in commands.items():
        assert fresh_server.url in command
        if need in {"otel", "live"}:
            continue
        done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -f ", 1)], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and done.stdout, (command, done.stdout, done.stderr)
        if "format=text" not in command:
            assert json.loads(done.stdout)
    follow = subprocess.Popen(["bash", "-c", f"timeout 5 {commands['live']}"], stdout=subprocess.PIPE, text=True)
    assert follow.stdout is not None and follow.stdout.readline().startswith(":")
    with fresh_server.client() as client:
        client.post("/v1/spans", b'{"name":"failed now","status":"error"}')
    assert "failed now" in "".join(follow.stdout)
    follow.wait()


@pytest.mark.parametrize("host,shown", [
    ("spans.example.com", "http://spans.example.com/"), ("[::1]:4318", "http://[::1]:4318/"), ("x';reboot'", "http://127.0.0.1:4318/"), ("a$(b)", "http://127.0.0.1:4318/"),
])
def test_the_host_is_the_one_that_was_asked(fresh_server: Server, host: str, shown: str) -> None:
    with fresh_server.client() as client:
        assert shown + "v1/slices" in client.get("/", headers={"Host": host}).body.decode()
        secure = client.get("/", headers={"Host": host, "X-Forwarded-Proto": "https"}).body.decode()
        assert shown.replace("http", "https") in secure
