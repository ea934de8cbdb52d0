"""The standing watch: what breaks shows up within a window without anybody asking, what is chronic is reported once, and whoever is to be
told is told. Windows are seconds here; everything else is as ever."""

from __future__ import annotations

import http.server
import json
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from planted import spans
from server import Server, wait_for

WINDOW = 8
OPTIONS = ("--watch-window", f"{WINDOW}s", "--watch-every", "1s")
RATE = 400  # requests a second
CHRONIC = 't5"\u0301'  # a quote that is one character with the accent upon it: nothing may end there
TENANTS = [f"t{number}" for number in range(19)] + [CHRONIC]
Trace = dict[str, Any]


class Traffic:
    """Requests of right now, until it is stopped. One tenant is chronic; `break_` makes a prompt version of 3 % of them fail in one locale."""

    def __init__(self, server: Server, seed: int = 1) -> None:
        self.server, self.rng = server, random.Random(seed)
        self.is_broken = self.is_gone = False
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> Traffic:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()

    def trace(self) -> Trace:
        rng = self.rng
        prompt = "broken@v2" if rng.random() < 0.06 and not self.is_gone else f"p{rng.randrange(10)}@v{rng.randrange(3)}"
        trace = {"start": time.time_ns(), "tenant": rng.choice(TENANTS), "model": f"m{rng.randrange(4)}",
                 "locale": rng.choice(["de", "en"]), "prompt.version": prompt}
        rate = 0.02
        if trace["tenant"] == CHRONIC:
            rate = 0.3
        if self.is_broken and prompt == "broken@v2" and trace["locale"] == "de":
            rate = 0.7
        return trace | {"failed": rng.random() < rate}

    def run(self) -> None:
        while not self.stopped.is_set():
            begin = time.monotonic()
            lines = [json.dumps(span) for _ in range(RATE // 5) for span in spans(self.trace(), self.rng)]
            try:
                with self.server.client() as client:
                    client.ingest("/v1/spans", "\n".join(lines).encode(), "application/x-ndjson")
            except ConnectionError:
                pass  # it restarts
            self.stopped.wait(max(0.0, 0.2 - (time.monotonic() - begin)))


class Receiver:
    """An address that takes events: `answers` are its first statuses, then 200."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.taken: list[tuple[dict[str, str], Any]] = []
        self.ids: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                outer.ids.append(self.headers["Idempotency-Key"])
                if status == 200:
                    outer.taken.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook?key=s%20ecret[1]{{2}}"

    def of(self, id_: str) -> list[str]:
        """The events of a finding, in the order in which they came."""
        return [body["event"] for _, body in self.taken if body["finding"]["id"] == id_]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiver(*answers: int) -> Iterator[Receiver]:
    hook = Receiver(*answers)
    try:
        yield hook
    finally:
        hook.close()


def findings(server: Server, **parameters: object) -> Any:
    with server.client() as client:
        return client.json("/v1/findings", **parameters)


def of(server: Server, **slice_: str) -> Any:
    found = [f for f in findings(server, limit="all")["findings"] if f["slice"] == {k.replace("_", "."): v for k, v in slice_.items()}]
    assert len(found) <= 1
    return found[0] if found else None


def called(server: Server, id_: str) -> Any:
    return next(f for f in findings(server, limit="all")["findings"] if f["id"] == id_)


def until(server: Server, condition: Callable[[], bool], seconds: float) -> None:
    try:
        wait_for(condition, seconds)
    except AssertionError:
        raise AssertionError(json.dumps([(f["slice"], f["state"], f["question"]) for f in findings(server)["findings"]])) from None


def nanoseconds(text: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(text[:26] + "+00:00").timestamp() * 1e6) * 1000


def test_what_breaks_shows_within_a_window_and_what_is_chronic_once(executable: Path) -> None:
    with receiver(503, 500) as hook, Server(executable, options=(*OPTIONS, "--watch-webhook", hook.url)) as server, \
            Traffic(server) as traffic:
        until(server, lambda: of(server, tenant=CHRONIC) is not None, 6 * WINDOW)
        time.sleep(WINDOW)
        traffic.is_broken = True
        broken_at = time.time_ns()
        broken = {"prompt_version": "broken@v2", "locale": "de"}
        until(server, lambda: of(server, **broken) is not None, 6 * WINDOW)
        found = of(server, **broken)
        assert found["state"] == "open" and found["target_rate"] > 0.2
        # A look may be late on a busy machine, but the window that shows it ends within one of the break.
        assert nanoseconds(found["opened"]) <= broken_at + WINDOW * 10**9 + 10**9, found["opened"]

        # A restart changes nothing about what is known.
        server.restart()
        time.sleep(2 * WINDOW)
        again = of(server, **broken)
        assert again["id"] == found["id"] and [c["change"] for c in again["changes"]] == ["opened"]
        assert len(again["history"]) > len(found["history"])

        # The window of a finding, asked of slices, gives its counts.
        with server.client() as client:
            latest = again["history"][-1]
            row = client.json("/v1/slices", where=again["where"], **latest["window"], calc="count,failures")["rows"][0]
            assert (row["count"], row["failures"]) == (latest["target"] + latest["baseline"], latest["target"])
            text = client.get("/metrics").body.decode()
            assert f'everyspan_finding_excess{{id="{found["id"]}",slice="{again["where"]}"}}'.replace('\\', '') in text
            assert 'everyspan_watch_looks_total{result="failed"} 0' in text
            promtool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
            assert promtool.returncode == 0 and 't5' in text, promtool.stderr
            assert client.get("/v1/findings", check=1).status == 409
            assert client.get("/v1/findings", check=1, state="resolved").status == 200

        traffic.is_broken, traffic.is_gone = False, True
        # By its id: while it fades, another slice may tell it better.
        until(server, lambda: called(server, found["id"])["state"] == "resolved", 8 * WINDOW)
        chronic = of(server, tenant=CHRONIC)
        assert chronic["state"] == "open" and [c["change"] for c in chronic["changes"]] == ["opened"]

        until(server, lambda: hook.of(found["id"])[-1:] == ["resolved"], 20)
        assert hook.of(found["id"]) == [change["change"] for change in called(server, found["id"])["changes"]]
        assert hook.of(chronic["id"]) == ["opened"]
        headers, body = hook.taken[0]
        assert headers["content-type"] == "application/json" and headers["idempotency-key"] == body["id"]
        assert body["text"].startswith("opened: ") and body["finding"]["where"] and "history" not in body["finding"]
        keys = [headers["idempotency-key"] for headers, _ in hook.taken]
        assert len(keys) == len(set(keys))
        assert len(hook.ids) == len(hook.taken) + 2  # the two that were answered 503 and 500

        # A terminal, a pipe, and a directory without its server.
        done = subprocess.run([executable, "findings", "--url", server.url, "--format", "text"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "resolved" in done.stdout and "prompt.version = broken@v2" in done.stdout and "tenant = " in done.stdout
        done = subprocess.run([executable, "findings", "--url", server.url, "--check"], capture_output=True, text=True)
        assert done.returncode == 4 and json.loads(done.stdout)["open"] >= 1
        traffic.stopped.set()
        traffic.thread.join()
        assert server.stop() == 0
        done = subprocess.run([executable, "findings", "--data", server.data, "--state", "resolved", "--format", "rows"],
                              capture_output=True, text=True)
        rows = json.loads(done.stdout)
        assert done.returncode == 0 and {row["state"] for row in rows} == {"resolved"} and found["id"] in [row["id"] for row in rows]


def test_a_rise_of_everything_is_one_finding(executable: Path) -> None:
    with Server(executable, options=(*OPTIONS, "--watch-having", "q_value <= 0.001 and excess >= 5 and target_rate > 0.05")) as server:
        rng = random.Random(3)

        def send(count: int, rate: float, ago: float) -> None:
            begin = time.time_ns() - int(ago * 1e9)
            lines = [json.dumps(span) for n in range(count) for span in spans(
                {"start": begin + n * WINDOW * 10**9 // count // 2, "tenant": f"t{rng.randrange(30)}", "failed": rng.random() < rate}, rng)]
            with server.client() as client:
                client.ingest("/v1/spans", "\n".join(lines).encode(), "application/x-ndjson")

        send(2000, 0.02, 1.5 * WINDOW)
        send(2000, 0.2, WINDOW / 2)
        until(server, lambda: any(f["slice"] == {} for f in findings(server)["findings"]), 4 * WINDOW)
        found = findings(server)["findings"]
        assert [(f["slice"], f["where"], f["question"]) for f in found] == [({}, "", "worse")]
        assert found[0]["text"].startswith("everything fails ")


def test_without_anything_to_find(executable: Path) -> None:
    with Server(executable, options=OPTIONS) as server:
        wait_for(lambda: (findings(server)["watch"]["last"] or {}).get("error", "none yet") is None)
        answer = findings(server)
        assert answer["findings"] == [] and answer["open"] == 0 and answer["coverage"]["matched"] == 0
        assert answer["watch"]["window_s"] == WINDOW and answer["watch"]["failed_runs"] == 0
        with server.client() as client:
            assert client.get("/v1/findings", check=1).status == 200
            assert client.get("/v1/findings", format="csv").body.startswith(b"id,state,opened,")
            assert client.get("/v1/findings", format="text").body.decode().count("\n") == 2
            for wrong in ({"state": "both"}, {"since": "1h"}, {"tz": "Nowhere/At_all"}, {"limit": "0"}):
                assert client.get("/v1/findings", **wrong).status == 400, wrong


def test_only_what_looks_is_less_urgent(executable: Path) -> None:
    """On Linux a thread hands down how urgent it is to those that it starts, workers that answer others too."""
    seen: set[str] = set()
    with Server(executable, options=("--watch-window", "60s", "--watch-every", "1s")) as server:
        with Traffic(server):
            seen |= idle_threads(server, 4)
        # Workers that have nothing to do end after some seconds, and others take their place.
        seen |= idle_threads(server, 14)
        with Traffic(server):
            seen |= idle_threads(server, 3)
        assert looks(server) > 10
    assert seen == {"everyspan.idle"}


def looks(server: Server) -> int:
    with server.client() as client:
        return client.json("/v1/findings")["watch"]["runs"]


def idle_threads(server: Server, seconds: float) -> set[str]:
    """The names of those that run under SCHED_IDLE."""
    assert server.process is not None
    names, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        for task in Path(f"/proc/{server.process.pid}/task").iterdir():
            try:
                name, _, fields = (task / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if int(fields.split()[38]) == os.SCHED_IDLE:  # proc(5), from the third field on
                names.add(name)
        time.sleep(0.002)
    return names


def test_switched_off(executable: Path) -> None:
    with Server(executable, options=("--watch", "off")) as server:
        assert findings(server)["watch"] is None
        with server.client() as client:
            assert "everyspan_watch" not in client.get("/metrics").body.decode()


def test_a_receiver_that_refuses(executable: Path) -> None:
    """What is refused is not sent again."""
    with receiver(400) as hook, Server(executable, options=(*OPTIONS, "--watch-webhook", hook.url)) as server, Traffic(server):
        wait_for(lambda: hook.ids, 8 * WINDOW)
        time.sleep(2)
        assert of(server, tenant=CHRONIC)["state"] == "open"
        assert hook.ids.count(hook.ids[0]) == 1
        assert "is not told: status 400" in server.log_tail() and "ecret" not in server.log_tail()


def test_without_curl(executable: Path) -> None:
    """It says so and goes on."""
    with Server(executable, options=(*OPTIONS, "--watch-webhook", "http://127.0.0.1:9/"), environment={"PATH": "/nowhere"}) as server, \
            Traffic(server):
        wait_for(lambda: "trying again" in server.log_tail(), 8 * WINDOW)
        assert "curl" in server.log_tail() and "No such file or directory" in server.log_tail()
        assert of(server, tenant=CHRONIC)["state"] == "open"


def test_a_receiver_that_never_answers_does_not_hold_up_the_end(executable: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with Server(executable, options=(*OPTIONS, "--watch-webhook", address)) as server, Traffic(server) as traffic:
            silent.settimeout(8 * WINDOW)
            silent.accept()
            traffic.stopped.set()
            traffic.thread.join()
            asked = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - asked < 9, "an attempt may take 10 s, and was not ended"


@pytest.mark.parametrize("options, complaint", [
    (("--watch", "maybe"), "watch is maybe"),
    (("--watch-window", "soon"), "is no duration"),
    (("--watch-window", "31d"), "at most 30d"),
    (("--watch-window", "10s", "--watch-every", "11s"), "windows are left out"),
    (("--watch-having", "q_value <"), "watch-having, at 9"),
    (("--watch-having", "count > 3"), "watch-having, at 0"),
    (("--watch-failure", "failed"), "watch-failure, at 0"),
    (("--watch", "off", "--watch-webhook", "http://127.0.0.1:9/"), "nothing is told"),
    (("--watch-webhook", "hooks.example.com/T1"), "watch-webhook is no address"),
    (("--watch-webhook", "http://a b/"), "watch-webhook is no address"),
])
def test_settings_that_are_none(executable: Path, tmp_path: Path, options: tuple[str, ...], complaint: str) -> None:
    done = subprocess.run([executable, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *options],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 64 and complaint in done.stderr, done.stderr
