"""A TCP proxy in the test's own process that can cut its connections, or keep them healthy and silent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator


class Proxy:
    """Forwards bytes to one port of this machine until it is told to swallow them."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.swallow_answers = False
        self.swallow_requests = False
        self.accepted = 0

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def black_hole(self, on: bool = True) -> None:
        """TCP stays as healthy as can be, and nothing arrives on either side."""
        self.swallow_answers = self.swallow_requests = on

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers |= {writer, back}
            ways = [
                asyncio.create_task(self._pass(reader, back, "swallow_requests")),
                asyncio.create_task(self._pass(there, writer, "swallow_answers")),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                for end in (writer, back):
                    self._writers.discard(end)
                    end.transport.abort()
        except OSError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallow: str) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not getattr(self, swallow):
                    writer.write(data)
                    await writer.drain()


@contextlib.asynccontextmanager
async def proxy_to(port: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """A proxy in front of a port, closed at the end. With `tls` it speaks TLS to whoever comes."""
    proxy = Proxy(port)
    proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield proxy
    finally:
        proxy._server.close()
        for task in list(proxy._tasks):
            task.cancel()
        await asyncio.gather(*proxy._tasks, return_exceptions=True)
