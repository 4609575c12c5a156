"""A server of another site on a real socket: it answers each path with the bytes that a test gives it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

Respond: TypeAlias = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
END = "Connection: close\r\n\r\n"


@dataclass
class OtherSite:
    """`answers` by path: raw bytes of an answer, or a function that writes it. `heads`: the requests so far."""

    port: int = 0
    answers: dict[str, bytes | Respond] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def paths(self) -> list[str]:
        return [head.split()[1] for head in self.heads]

    async def resolve(self, host: str, port: int) -> list[str]:
        """Every name leads here."""
        return ["127.0.0.1"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client has what it wanted
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        path = head.split()[1].partition("?")[0]
        given = self.answers.get(path, answer(b"gone", status="404 Not Found"))
        if isinstance(given, bytes):
            writer.write(given)
            await writer.drain()
        else:
            await given(head, writer)


def answer(
    body: bytes = b"", *headers: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK"
) -> bytes:
    """A whole answer with this body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n" + END).encode("latin-1") + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", f"Location: {location}", status=status)


@contextlib.asynccontextmanager
async def other_site(tls: ssl.SSLContext | None = None) -> AsyncIterator[OtherSite]:
    """Serve on a free port of 127.0.0.1 until the end."""
    site = OtherSite()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        left = list(site.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
