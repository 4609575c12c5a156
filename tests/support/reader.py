"""Readers of a live blog over all three transports, who go on elsewhere when a server leaves them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.exceptions import ConnectionClosed

from tests.support.listeners import State, sse, websocket
from tests.support.process import Process, history

THE_END = "That was the day"
"""The title of the last entry: whoever has it has read all."""
TRANSPORTS = ("sse", "websocket", "polling")
DEADLINE = 40.0
AGAIN_SECONDS = 0.05
"""How long a reader waits after a connection ended."""


@dataclass
class Reader:
    """Reads from one server, and from the next of `servers` when that one ends its connection."""

    transport: str
    servers: list[Process]
    state: State
    deadline: float = DEADLINE
    farewells: list[Any] = field(default_factory=list)
    """How each connection ended: the retry in ms, or the close code; with the time."""

    def done(self, state: State) -> bool:
        return bool(state.log) and state.log[-1].get("entry", state.log[-1]).get("title") == THE_END

    async def read(self) -> None:
        async with asyncio.timeout(self.deadline):
            while not self.done(self.state):
                with contextlib.suppress(OSError, httpx2.TransportError):
                    await getattr(self, f"_{self.transport}")(self.servers[0])
                self.servers = [*self.servers[1:], self.servers[0]]
                if not self.done(self.state):
                    await asyncio.sleep(AGAIN_SECONDS)

    async def _sse(self, server: Process) -> None:
        async with sse(
            server.address, "/live/storm/stream?view=json", last_event_id=self.state.position
        ) as listener:
            if listener.status != 200:
                return
            listener.state = self.state
            await listener.follow(self.done, seconds=self.deadline)
            if listener.ended:
                last = listener.raw.rstrip().rpartition(b"\n\n")[2]
                self.farewells.append((last.decode(), time.monotonic()))

    async def _websocket(self, server: Process) -> None:
        path = f"/live/storm/ws?view=json&after={self.state.position}"
        try:
            async with websocket(server.address, path) as socket:
                socket.state = self.state
                await socket.follow(self.done, seconds=self.deadline)
        except ConnectionClosed as error:
            self.farewells.append((error.rcvd.code if error.rcvd else None, time.monotonic()))

    async def _polling(self, server: Process) -> None:
        async with server.client(timeout=30) as client:
            while not self.done(self.state):
                asked = {"after": self.state.position or "", "view": "json", "wait": "5"}
                answer = await client.get("/live/storm/changes", params=asked)
                if answer.status_code != 200:
                    return
                body = answer.json()
                assert not body["reset"]
                for change in body["changes"]:
                    self.state.apply(change)
                self.state.position = body["position"]


def readers(servers: Sequence[Process], begin: str) -> list[Reader]:
    """One for each transport."""
    return [Reader(transport, list(servers), State(begin)) for transport in TRANSPORTS]


async def compare(everybody: Sequence[Reader], server: Process) -> list[dict[str, Any]]:
    """Every reader has what somebody sees who comes now: these changes."""
    async with server.client() as client:
        told = await history(client)
    fresh = {change["id"]: change for change in told}
    for reader in everybody:
        assert reader.state.resets == 0
        assert reader.state.position == told[-1]["position"], reader.transport
        assert reader.state.things == fresh, reader.transport
    return told
