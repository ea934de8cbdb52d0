"""A small HTTP client: one kept-alive connection, and posting many bodies on several of them."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass
class Response:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class HTTPError(RuntimeError):
    def __init__(self, response: Response, what: str) -> None:
        super().__init__(f"{what}: {response.status} {response.body[:600].decode(errors='replace')}")
        self.response = response


class Client:
    def __init__(self, host: str, port: int, timeout: float = 60) -> None:
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.connection.close()

    def request(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Response:
        try:
            self.connection.request(method, target, body, headers or {})
            answer = self.connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()  # the next request opens a new one
            raise ConnectionError(f"{method} {target}: {error!r}") from error

    def get(self, path: str, headers: dict[str, str] | None = None, **parameters: object) -> Response:
        return self.request("GET", path + query(parameters), headers=headers)

    def post(self, path: str, body: bytes, content_type: str | None = None, **headers: str) -> Response:
        """Other headers as keywords, with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type is not None:
            named["Content-Type"] = content_type
        return self.request("POST", path, body, named)

    def json(self, path: str, **parameters: object) -> Any:
        response = self.get(path, **parameters)
        if response.status != 200:
            raise HTTPError(response, path + query(parameters))
        return response.json()

    def ingest(self, path: str, body: bytes, content_type: str) -> Response:
        """Posts until taken: 503 means try again, as every exporter does."""
        while (response := self.post(path, body, content_type)).status == 503:
            time.sleep(float(response.headers.get("retry-after", "1")))
        if response.status != 200:
            raise HTTPError(response, f"POST {path}")
        return response


def query(parameters: dict[str, object]) -> str:
    given = {name.rstrip("_"): str(value) for name, value in parameters.items() if value is not None}
    return "?" + urlencode(given, quote_via=quote) if given else ""


def post_all(
    host: str, port: int, path: str, bodies: Iterable[bytes], content_type: str, connections: int = 4,
) -> list[Response]:
    """Posts every body on one of several connections; the first failure is raised after all have stopped."""
    waiting: queue.Queue[bytes | None] = queue.Queue(maxsize=2 * connections)  # bodies may be made on the way
    answers: list[Response] = []
    failures: list[BaseException] = []

    def send() -> None:
        with Client(host, port, timeout=120) as client:
            while (body := waiting.get()) is not None:
                try:
                    if not failures:
                        answers.append(client.ingest(path, body, content_type))
                except Exception as error:
                    failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for body in until(bodies, failures):
        waiting.put(body)
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers


def until(bodies: Iterable[bytes], failures: list[BaseException]) -> Iterator[bytes]:
    for body in bodies:
        if failures:
            return
        yield body
