"""Sends a fleet's requests as its processes would: each on a connection of its own, one after the other, all together
about in the order in which they arrived."""

from __future__ import annotations

import asyncio
import json
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from client import PROTOBUF

UNDER_WAY_AT_MOST = 400  # requests, so that the order is about kept though connections do not wait for each other
PATIENCE = 120.0  # seconds for one answer


@dataclass(frozen=True)
class Request:
    sender: int
    offset: int
    bytes: int
    spans: int


def requests(folder: Path) -> Iterator[Request]:
    with (folder / "index.ndjson").open("rb") as lines:
        for line in lines:
            entry = json.loads(line)
            yield Request(entry["sender"], entry["offset"], entry["bytes"], entry["spans"])


class SendingError(RuntimeError):
    pass


class Connection:
    """One sender: it has one request under way, and tries again what was not taken."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self.host, self.port = host, port
        self.head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {PROTOBUF}\r\nContent-Length: ".encode()
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def send(self, body: bytes) -> None:
        while True:
            status, headers, answer = await asyncio.wait_for(self._exchange(body), PATIENCE)
            if status == 503:
                await asyncio.sleep(float(headers.get("retry-after", "1")))
            elif status != 200 or answer:  # an answer that says something says what was refused
                raise SendingError(f"{status} {answer[:300]!r}")
            else:
                return

    async def _exchange(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader is not None
        self.writer.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)
        await self.writer.drain()
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        answer = await self.reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split(" ")[1]), headers, answer

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def _send(host: str, port: int, folder: Path, path: str) -> None:
    room = asyncio.Semaphore(UNDER_WAY_AT_MOST)
    waiting: dict[int, asyncio.Queue[Request | None]] = {}

    with (folder / "bodies.bin").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bodies:
        async def work(queue: asyncio.Queue[Request | None]) -> None:
            connection = Connection(host, port, path)
            try:
                while (request := await queue.get()) is not None:
                    await connection.send(bodies[request.offset : request.offset + request.bytes])
                    room.release()
            finally:
                connection.close()

        async with asyncio.TaskGroup() as senders:
            for request in requests(folder):
                await room.acquire()
                if request.sender not in waiting:
                    waiting[request.sender] = asyncio.Queue()
                    senders.create_task(work(waiting[request.sender]))
                waiting[request.sender].put_nowait(request)
            for queue in waiting.values():
                queue.put_nowait(None)


def send_fleet(host: str, port: int, folder: Path, path: str = "/v1/traces") -> None:
    """All requests of a folder; the first that fails ends it."""
    asyncio.run(_send(host, port, folder, path))


class Sink(asyncio.Protocol):
    """Answers every request at once and keeps nothing: what it takes is what the sender can send at most."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.head, self.missing = transport, b"", 0

    def data_received(self, data: bytes) -> None:
        if self.missing == 0:
            self.head += data
            head, found, body = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            self.head, self.missing = b"", length - len(body)
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.transport.write(self.ANSWER)


def run_sink(port: int) -> None:
    """Until it is terminated."""
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=1_000)
        await server.serve_forever()

    asyncio.run(serve())
