"""Whether posts can be taken: a small write at an interval, before an editor finds out."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy.exc import ProgrammingError

from server.domain.errors import Unavailable, UnavailableReason
from server.domain.position import new_id
from server.newsroom.desk import Desk
from server.store import database_errors, write_probe

log = structlog.get_logger()

PROBE_SECONDS = 5.0
"""From one probe to the next, while all is well and no write failed."""
LEAST_SECONDS = 1.0
"""From one probe to the next, whatever happens."""
LATE_SECONDS = 6.0
"""A write waits 5 seconds for others. One that takes longer than this does not come back."""
DAMAGE_SECONDS = 60.0
"""How long a write that met a damaged page counts: the probe writes elsewhere in the file."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether posts can be taken. `age`: seconds since the probe that says so ended."""

    state: Literal["ok", "unknown"] | UnavailableReason
    detail: str
    age: float

    @property
    def fine(self) -> bool:
        return self.state in ("ok", "unknown")


class WriteProbe:
    """Writes one small row again and again, and remembers how that went."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process = new_id()
        self._failed: Unavailable | None = None
        self._began: float | None = None
        self._ended: float | None = None
        self._wake = asyncio.Event()
        desk.database.failed_writes.on_failure = self._wake.set

    async def run(self) -> None:
        """Probe for ever. A post that failed brings the next probe forward."""
        while True:
            self._wake.clear()
            await self.look()
            await asyncio.sleep(LEAST_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAST_SECONDS if self._failed else PROBE_SECONDS - LEAST_SECONDS):
                    await self._wake.wait()

    async def look(self) -> Readiness:
        """Probe once."""
        before, self._began = self._failed, time.monotonic()
        try:
            self._failed = await self._write()
        finally:
            self._began, self._ended = None, time.monotonic()
        if before is not None and self._failed is None:
            log.info("database.writable", after=before.reason)
        return self.readiness()

    def readiness(self) -> Readiness:
        """How the last probe went, or that the one under way takes too long."""
        now = time.monotonic()
        age = now - (self._ended or self._began or now)
        if self._began is not None and now - self._began > LATE_SECONDS:
            return Readiness("unreachable", f"A write has taken {now - self._began:.0f} seconds so far.", age)
        if self._failed is not None:
            return Readiness(self._failed.reason, self._failed.detail, age)
        if self._desk.database.failed_writes.within("corrupt", DAMAGE_SECONDS):
            return Readiness("corrupt", database_errors.DETAILS["corrupt"], age)
        return Readiness("ok" if self._ended is not None else "unknown", "", age)

    async def _write(self) -> Unavailable | None:
        try:
            async with self._desk.database.write() as connection:
                await write_probe.write(connection, self._process, self._desk.now())
        except Unavailable as error:
            return error
        except ProgrammingError as error:
            # anywhere else a table that is missing is a mistake of ours
            missing = database_errors.of_missing_table(error)
            if missing is None:
                raise
            self._desk.database.failed_writes.note(missing)
            return missing
        return None
