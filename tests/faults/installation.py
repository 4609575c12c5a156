"""Server processes on one database and one Redis, of which one may take the place of another."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from server.cli.local_database import open_desk
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.settings import Settings
from tests.faults import observed
from tests.support.process import Process

REQUEST_SECONDS = 5.0
"""After that a client gives a server up; a frozen one does not answer sooner."""
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process holds: open streams, file descriptors, bytes of memory, tasks by name."""

    listeners: int
    handles: int
    memory: int
    tasks: dict[str, int]


@dataclass(slots=True)
class Member:
    """One server process, from its start to its end. `at_rest` is what it held before anybody came."""

    number: int
    process: Process
    editor: httpx2.AsyncClient
    reader: httpx2.AsyncClient
    at_rest: Reading | None = field(default=None)

    @property
    def address(self) -> tuple[str, int]:
        return self.process.address

    async def reading(self) -> Reading:
        said = self.process.log.count(observed.PREFIX)
        self.process.signal(signal.SIGUSR2)
        async with asyncio.timeout(REQUEST_SECONDS):
            while self.process.log.count(observed.PREFIX) == said:
                await asyncio.sleep(0.02)
        line = self.process.log.rpartition(observed.PREFIX)[2].partition("\n")[0]
        values = await self.metrics()
        return Reading(
            int(values["stoppress_listeners"]), int(values["process_open_fds"]),
            int(values["process_resident_memory_bytes"]), json.loads(line),
        )

    async def metrics(self) -> Counter[str]:
        """By name, summed over labels."""
        values: Counter[str] = Counter()
        for line in (await self.reader.get("/metrics")).text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name.partition("{")[0]] += float(value)  # type: ignore[assignment]
        return values

    async def close(self) -> None:
        await self.editor.aclose()
        await self.reader.aclose()
        await self.process.remove()


class Installation:
    """Args:
        module: what is started in place of `stoppress`.
        settings: of every server, with `redis_url` and perhaps `database_url`.
    """

    def __init__(self, folder: Path, *, module: str, **settings: Any) -> None:
        self._folder, self._module = folder, module
        self._settings = {"data_dir": folder / "data"} | settings
        self._token = ""
        self._numbers = itertools.count()
        self.members: list[Member] = []
        self.ended: list[Member] = []

    async def start(self, count: int) -> None:
        async with open_desk(Settings(**self._settings)) as desk:
            _, self._token = await people.create_token(desk, SYSTEM, name="scenario", role="admin")
        self.members += await asyncio.gather(*(self.begin() for _ in range(count)))

    async def begin(self) -> Member:
        """Start one more, on a port of its own."""
        number, process = await self._started()
        member = Member(
            number, process, process.client(self._token, timeout=REQUEST_SECONDS),
            process.client(timeout=REQUEST_SECONDS * 2),
        )
        for _ in range(3):
            await member.reader.get("/readyz")
        member.at_rest = await member.reading()
        return member

    async def _started(self) -> tuple[int, Process]:
        """As whoever supervises servers does it: once more, when the database is away just now."""
        limit = time.monotonic() + START_SECONDS
        while True:
            number = next(self._numbers)
            process = Process(self._folder / f"server-{number}", module=self._module, **self._settings)
            try:
                await process.start()
            except AssertionError:
                await process.remove()
                if time.monotonic() > limit:
                    raise
            else:
                return number, process

    def exchange(self, old: Member, new: Member) -> None:
        """From now on readers and editors come to the new one."""
        self.members[self.members.index(old)] = new
        self.ended.append(old)

    async def close(self) -> None:
        for member in (*self.members, *self.ended):
            await member.close()

    def complaints(self, *, database_went: bool = False) -> list[str]:
        """Mistakes that servers wrote to their logs.

        Where the database was taken away (`database_went`), a report that it cannot be reached is none.
        """
        return [
            f"server {member.number}: {line}"
            for member in (*self.members, *self.ended)
            for line in member.process.log.splitlines()
            if ("Traceback" in line or "[error" in line or "[critical" in line)
            and not (database_went and "The database cannot be reached" in line)
        ]
