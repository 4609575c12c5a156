"""A stream that says how often its heartbeats come, and then is silent, as one whose connection died."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Silent:
    """`asked` holds the first line of each request."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def silent_stream(*, heartbeat_seconds: float) -> AsyncIterator[Silent]:
    """Every path is the stream."""
    data = json.dumps({"position": "k3f9.1", "heartbeat_seconds": heartbeat_seconds})
    hello = f"id: k3f9.1\nevent: hello\ndata: {data}\n\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.asked.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n")
        writer.write(f"retry: 100\n{hello}".encode())
        await reader.read(-1)  # until the other side gives up
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    found = Silent(f"http://{host}:{port}")
    try:
        yield found
    finally:
        server.close()
