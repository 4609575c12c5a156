"""Many connections from one address, in a process of its own: `python -m tests.support.flood FROM PORT COUNT
KIND`. Each line on standard input is answered with what became of them; the end of the input ends it all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import selectors
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

SAID = {
    "silent": b"",
    "half": b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "sse": b"GET /live/storm/stream HTTP/1.1\r\nHost: x\r\n\r\n",
    "ws": b"GET /live/storm/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
}
LATER = b"\x03\xf5"
"""Close code 1013."""
AT_ONCE = 500
"""Connections that are under way together: fewer than any backlog."""
KEPT = 2000
"""Bytes of an answer that are looked at."""


@dataclass
class Outcome:
    """Of `asked` connections: how many are `open`, and how many the server closed, `told` when to come back or
    without a word."""

    asked: int
    open: int
    told: int
    closed: int


@dataclass
class Flood:
    """A flood under way."""

    process: asyncio.subprocess.Process

    async def outcome(self) -> Outcome:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(b"\n")
        async with asyncio.timeout(60):
            return Outcome(**json.loads(await self.process.stdout.readline()))


@contextlib.asynccontextmanager
async def flood(source: str, port: int, count: int, kind: str) -> AsyncIterator[Flood]:
    """Open `count` connections of a kind of `SAID` from an address; close what is left of them in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.flood", source, str(port), str(count), kind,
        cwd=Path(__file__).parent.parent.parent, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Flood(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class _Opened:
    def __init__(self, source: str, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.bind((source, 0))
        self.socket.connect_ex(("127.0.0.1", port))
        self.connected = False
        self.closed = False
        self.answer = b""

    @property
    def told(self) -> bool:
        """Whether it was told to come back later: over SSE `retry:` in a whole answer, else 1013."""
        return self.closed and (
            (b"retry: " in self.answer and b"content-length" in self.answer) or LATER in self.answer
        )


class _Crowd:
    def __init__(self, source: str, port: int, count: int, kind: str) -> None:
        self._source, self._port, self._left, self._said = source, port, count, SAID[kind]
        self._count = count
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._under_way = 0
        self._all: list[_Opened] = []

    def run(self) -> None:
        while True:
            while self._left and self._under_way < AT_ONCE:
                self._open()
            for key, _ in self._selector.select():
                if isinstance(key.data, _Opened):
                    self._look(key.data)
                elif not sys.stdin.readline():
                    return
                else:
                    print(json.dumps(self._outcome()), flush=True)

    def _open(self) -> None:
        one = _Opened(self._source, self._port)
        self._left -= 1
        self._under_way += 1
        self._all.append(one)
        self._selector.register(one.socket, selectors.EVENT_WRITE, one)

    def _look(self, one: _Opened) -> None:
        try:
            if not one.connected:
                one.connected = True
                self._under_way -= 1
                one.socket.send(self._said)
                self._selector.modify(one.socket, selectors.EVENT_READ, one)
                return
            data = one.socket.recv(65_536)
        except OSError:
            data = b""
        one.answer = (one.answer + data)[:KEPT]
        if not data or LATER in data:
            one.closed = True
            self._selector.unregister(one.socket)
            one.socket.close()

    def _outcome(self) -> dict[str, int]:
        told = sum(one.told for one in self._all)
        closed = sum(one.closed for one in self._all) - told
        still = sum(one.connected and not one.closed for one in self._all)
        return {"asked": self._count, "open": still, "told": told, "closed": closed}


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _Crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]).run()
