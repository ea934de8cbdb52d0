"""Requests written byte for byte, for what HTTP libraries do not send."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterable

from client import Response
from server import Server


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def head(method: str, path: str, *fields: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: everyspan", *fields, "", ""]).encode()


def exchange(server: Server, parts: Iterable[bytes], methods: Iterable[str] = ("POST",)) -> list[Response]:
    """Sends the parts on one connection and reads an answer for each method."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        answers = connection.makefile("rb")
        return [read_answer(answers, method) for method in methods]


class _Kept:
    """http.client reads from a socket's file; here several answers come from the same one."""

    def __init__(self, file: object) -> None:
        self.file = file

    def makefile(self, mode: str) -> object:
        return self.file


def read_answer(file: object, method: str) -> Response:
    answer = http.client.HTTPResponse(_Kept(file), method=method)  # type: ignore[arg-type]
    answer._close_conn = lambda: None  # type: ignore[method-assign]  # the next answer comes from the same file
    answer.begin()
    return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
