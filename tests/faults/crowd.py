"""Readers who come over every transport, sleep, go slow, send garbage, vanish and come back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.faults.installation import Installation, Member
from tests.faults.ledger import Ledger, Notes
from tests.support.listeners import State, sse, websocket

TRANSPORTS = ("sse", "sse.gzip", "websocket", "websocket.deflate", "polling")
CONVERGE_SECONDS = 45.0
GIVE_UP_SECONDS = 6.0
"""After that a reader leaves a server that does not answer."""
SMALL_WINDOW = 4096
AWAY = (OSError, TimeoutError, httpx2.TransportError, WebSocketException, asyncio.IncompleteReadError)


class Ending:
    """The last position, once the editors are done; until then a reader goes on."""

    def __init__(self) -> None:
        self.position: str | None = None

    @property
    def near(self) -> bool:
        return self.position is not None

    async def rest(self, seconds: float) -> None:
        """Do nothing for so long; everybody is woken for the end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.near:
            await asyncio.sleep(0.1)

    def reached(self, state: State) -> bool:
        return self.near and state.position == self.position


class Reader:
    def __init__(self, name: str, place: Installation, ledger: Ledger, ending: Ending, begin: str) -> None:
        self.name, self._place, self._ledger, self._ending, self._begin = name, place, ledger, ending, begin
        self._chance = random.Random(f"{name} reads")
        self.notes = Notes(ledger, begin)
        self._old: tuple[str, dict[str, Any]] = (begin, {})
        """What was once on the screen of a page that is still open somewhere."""

    async def read(self) -> None:
        limit: float | None = None
        while not self._ending.reached(self.notes):
            if self._ending.near:
                limit = limit or time.monotonic() + CONVERGE_SECONDS
                assert time.monotonic() < limit, f"{self.name} stays behind at {self.notes.position}"
            else:
                await self._wander()
            member, transport = self._chance.choice(self._place.members), self._chance.choice(TRANSPORTS)
            self._ledger.counts[transport] += 1
            with contextlib.suppress(*AWAY):
                await self._follow(member, transport, self._chance.uniform(0.2, 4))
            await asyncio.sleep(self._chance.uniform(0, 0.5))

    async def _wander(self) -> None:
        """What readers do between two connections."""
        does = self._chance.choice(("garbage", "sleep", "old", "keep", "new", *[""] * 15))
        self._ledger.counts[does or "nothing"] += 1
        if does == "garbage":
            with contextlib.suppress(*AWAY):
                await self._garbage(self._chance.choice(self._place.members))
        elif does == "sleep":
            await self._ending.rest(self._chance.uniform(2, 15))
        elif does == "keep":
            self._old = (str(self.notes.position), dict(self.notes.things))
        elif does == "old":
            self.notes.begin_again(self._old[0])
            self.notes.things = dict(self._old[1])
        elif does == "new":
            self.notes.begin_again(self._begin)

    async def _follow(self, member: Member, transport: str, seconds: float) -> None:
        """Follow for so long, then vanish. A slow one takes nothing at first, and little at a time."""
        slow = self._chance.random() < 0.2 and not self._ending.near and transport != "polling"
        self._ledger.counts["slow"] += slow
        pause = seconds * 2 + 2 if slow else 0.0
        self.notes.came_to(member.number)
        async with asyncio.timeout(GIVE_UP_SECONDS + pause + seconds):
            if transport == "polling":
                await self._poll(member, seconds)
            elif transport.startswith("sse"):
                await self._sse(member, pause, seconds, gzip="gzip" in transport)
            else:
                await self._websocket(
                    member, pause, seconds, compression="deflate" if "deflate" in transport else None
                )

    async def _poll(self, member: Member, seconds: float) -> None:
        asked = {"view": "json", "after": str(self.notes.position), "wait": f"{seconds:.1f}"}
        answer = await member.reader.get("/live/storm/changes", params=asked)
        if answer.status_code == 200:
            body = answer.json()
            assert not body["reset"]
            for change in body["changes"]:
                self.notes.apply(change)
            self.notes.position = body["position"]

    async def _sse(self, member: Member, pause: float, seconds: float, *, gzip: bool) -> None:
        path = f"/live/storm/stream?view=json&after={self.notes.position}"
        window = SMALL_WINDOW if pause else None
        async with sse(member.address, path, gzip=gzip, receive_buffer=window) as stream:
            if stream.status == 200:
                stream.state = self.notes
                await self._ending.rest(pause)
                with contextlib.suppress(TimeoutError):
                    await stream.follow(self._ending.reached, seconds=seconds)
            if self._chance.random() < 0.3:
                stream.writer.transport.abort()

    async def _websocket(
        self, member: Member, pause: float, seconds: float, *, compression: str | None
    ) -> None:
        path = f"/live/storm/ws?view=json&after={self.notes.position}"
        window = SMALL_WINDOW if pause else None
        async with websocket(
            member.address, path, compression=compression, receive_buffer=window, close_timeout=1,
            open_timeout=GIVE_UP_SECONDS,
        ) as socket:
            socket.state = self.notes
            await self._ending.rest(pause)
            with contextlib.suppress(TimeoutError):
                await socket.follow(self._ending.reached, seconds=seconds)
            if self._chance.random() < 0.3:
                socket.connection.transport.abort()

    async def _garbage(self, member: Member) -> None:
        _, writer = await asyncio.open_connection(*member.address)
        writer.write(
            self._chance.choice((b"", b"GET /live/storm/ws HTTP/1.1\r\n")) + self._chance.randbytes(300)
        )
        writer.transport.abort()
