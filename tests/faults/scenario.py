"""Real server processes on one Redis and one database, readers of every kind, editors, and faults: decided by a
seed, which repeats the decisions of each actor, not the timing of the machine.

    python -m tests.faults.scenario --seed 7 --seconds 600 --listeners 200 --servers 3 --database postgres
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Container
from pathlib import Path
from typing import Any

import httpx2

from tests.faults import trouble
from tests.faults.crowd import Ending, Reader
from tests.faults.editors import ENTRIES, Editor
from tests.faults.installation import Installation, Member
from tests.faults.ledger import Ledger, Notes, digested
from tests.support.listeners import seq_of
from tests.support.postgres import Postgres
from tests.support.valkey import Valkey

EDITORS = 3
QUIET_SECONDS = 30.0
"""How long servers may take until nothing is left of who listened."""
SPARE_HANDLES = 30
"""Connections to the database and to Redis that come with work, and idle ones of clients."""
SPARE_MEMORY = 120_000_000
PAGES = ("", "/feed.rss", "/feed.atom", "/feed.json")


class Scenario:
    """Args:
        postgres: the database; SQLite without it.
        troubles: what fails.
        module: what runs in place of `stoppress`, to see that a defect is found.
    """

    def __init__(
        self,
        folder: Path,
        redis: Valkey,
        postgres: Postgres | None,
        *,
        seed: int,
        listeners: int = 40,
        servers: int = 2,
        troubles: Container[str] = ("redis", "server", "database"),
        module: str = "tests.faults.observed",
    ) -> None:
        self._redis, self._postgres, self._seed = redis, postgres, seed
        self._listeners, self._servers, self._troubles = listeners, servers, troubles
        settings: dict[str, Any] = {
            "redis_url": redis.url, "drain_seconds": 1, "retry_ms": 100, "heartbeat_seconds": 2,
            # small, so that a short run reaches them: back-pressure, ends of slow ones, replays from the store
            "listener_buffer_bytes": 4096, "listener_lag_seconds": 3, "history_changes": 40,
        }
        if postgres is not None:
            settings["database_url"] = postgres.url(postgres.create())
        self.place = Installation(folder, module=module, **settings)
        self.ledger = Ledger()
        self.ending = Ending()

    @property
    def command(self) -> str:
        """Repeats this run."""
        return (
            f"python -m tests.faults.scenario --seed {self._seed} --listeners {self._listeners} "
            f"--servers {self._servers} --database {'postgres' if self._postgres else 'sqlite'}"
        )

    async def run(self, seconds: float) -> Counter[str]:
        """Raises an exception whose notes say how to repeat the run."""
        try:
            await self.place.start(self._servers)
            begin = await self._begin()
            await self._play(begin, time.monotonic() + seconds)
            for member in self.place.members:
                await self._at_rest(member)
            self.ledger.counts["ended for slowness"] = sum(self.ledger.slow_ends.values())
            complaints = self.place.complaints(database_went=self._postgres is not None)
            assert not complaints, "\n".join(complaints)
        except BaseException as error:
            error.add_note(f"To repeat: {self.command} --seconds {seconds:.0f}")
            raise
        finally:
            await self.place.close()
        return self.ledger.counts

    async def _begin(self) -> str:
        """Make the blog; the position before everything."""
        member = self.place.members[0]
        made = await member.editor.post(
            "/api/v1/blogs", json={"slug": "storm", "headline": "Storm reaches the coast", "status": "live"}
        )
        assert made.status_code == 201, made.text
        self._blog_id: str = made.json()["id"]
        here: str = (await member.reader.get("/live/storm/changes")).json()["position"]
        return here.partition(".")[0] + ".0"

    async def _play(self, begin: str, stop: float) -> None:
        readers = [
            Reader(f"{self._seed} {number}", self.place, self.ledger, self.ending, begin)
            for number in range(self._listeners)
        ]
        editors = [Editor(f"{self._seed} {number}", self.place, self.ledger) for number in range(EDITORS + 1)]
        *busy, last = editors
        troubles: list[Any] = [
            trouble.RedisTrouble(self._redis, self._blog_id, self._seed),
            trouble.ServerTrouble(self.place, last, self._seed),
        ]
        if self._postgres is not None:
            troubles.append(trouble.DatabaseTrouble(self._postgres, self._seed))
        troubles = [each for each in troubles if each.name in self._troubles]
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.read())
            async with asyncio.TaskGroup() as work:
                enough = asyncio.Event()
                for editor in busy:
                    work.create_task(editor.work(enough))
                watching = work.create_task(self._watch())
                await asyncio.gather(*(trouble.go_on(each, self.ledger, stop) for each in troubles))
                enough.set()
                watching.cancel()
            await last.post()
            told = await self._told(self.place.members[0], begin)
            self.ending.position = told[-1]["position"]
        self._compare([reader.notes for reader in readers], told)
        for member in self.place.members:
            assert await self._told(member, begin) == told, f"server {member.number} tells something else"
            await self._compare_with_pages(member, told)

    async def _watch(self) -> None:
        """Whether listeners were so slow that servers had to notice."""
        while True:
            for member in self.place.members:
                with contextlib.suppress(httpx2.TransportError):
                    found = await member.metrics()
                    self.ledger.counts["lagging"] += int(found["stoppress_lagging"])
                    self.ledger.slow_ends[member.number] = int(found["stoppress_closed_slow_total"])
            await asyncio.sleep(0.5)

    async def _told(self, member: Member, begin: str) -> list[dict[str, Any]]:
        """What somebody is told who begins at the beginning."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["position"] if found else begin
            answer = await member.reader.get(
                "/live/storm/changes", params={"after": after, "view": "json", "wait": "0.01"}
            )
            assert answer.status_code == 200, answer.text
            if not answer.json()["changes"]:
                return found
            found += answer.json()["changes"]

    # what was promised

    def _compare(self, readers: list[Notes], told: list[dict[str, Any]]) -> None:
        """Promises 1, 2, 4 and 7."""
        now = {change["id"]: digested(change) for change in told}
        for number, notes in enumerate(readers):
            assert notes.resets == 0
            differ = [key for key in {*notes.things, *now} if notes.things.get(key) != now.get(key)]
            assert not differ, (
                f"reader {number} knows something else: "
                f"{[(notes.things.get(key), now.get(key)) for key in differ]}"
            )
        entries = {change["id"] for change in told if change["kind"] != "blog"}
        missing = self.ledger.accepted.keys() - entries
        assert not missing, f"accepted, and not there: {missing}"
        assert entries == self.ledger.accepted.keys(), "a post that was repeated is there twice"
        numbers = sorted(change["number"] for change in told if change["kind"] != "blog")
        assert numbers == list(range(1, len(entries) + 1)), "a number was given twice or lost"
        for change in told:
            if change["kind"] == "gone":
                for mark in self.ledger.marks.get(change["id"], ()):
                    self.ledger.counts["withdrawn"] += 1
                    assert self.ledger.latest.get(mark, 0) < seq_of(change["position"]), f"{mark} was retracted"

    async def _compare_with_pages(self, member: Member, told: list[dict[str, Any]]) -> None:
        """What the store says, and what pages and feeds no longer show."""
        listed: dict[str, int] = {}
        before: str | None = None
        while True:
            query = {"limit": "100"} | ({"before": before} if before else {})
            page = (await member.reader.get(ENTRIES, params=query)).json()
            listed |= {entry["id"]: entry["revision"] for entry in page["entries"]}
            if not (before := page["next"]):
                break
        assert listed == {c["id"]: c["revision"] for c in told if c["kind"] == "entry"}
        gone = {c["id"] for c in told if c["kind"] == "gone"}
        for path in PAGES:
            text = (await member.reader.get(f"/live/storm{path}")).text
            for entry in gone:
                assert not any(mark in text for mark in self.ledger.marks.get(entry, ())), path

    async def _at_rest(self, member: Member) -> None:
        """Nothing is left of those who listened."""
        before, limit = member.at_rest, time.monotonic() + QUIET_SECONDS
        assert before is not None
        while True:
            reading = await member.reading()
            more = {
                name: count for name, count in reading.tasks.items() if count > before.tasks.get(name, 0)
            }
            if not reading.listeners and not more and reading.handles <= before.handles + SPARE_HANDLES:
                break
            assert time.monotonic() < limit, f"server {member.number} holds {reading}, before {before}"
            await asyncio.sleep(0.2)
        assert reading.memory <= before.memory + SPARE_MEMORY, f"server {member.number}: {reading.memory} bytes"
        self.ledger.counts["memory grown"] = max(
            self.ledger.counts["memory grown"], reading.memory - before.memory
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Run servers, readers, editors and faults against each other.")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    chosen = parser.parse_args()
    redis = Valkey()
    postgres = Postgres() if chosen.database == "postgres" else None
    try:
        redis.start()
        if postgres is not None:
            postgres.start()
        with tempfile.TemporaryDirectory() as folder:
            scenario = Scenario(
                Path(folder), redis, postgres, seed=chosen.seed, listeners=min(chosen.listeners, 900),
                servers=min(chosen.servers, 8),
            )
            print(scenario.command, flush=True)
            counts = asyncio.run(scenario.run(min(chosen.seconds, 3600.0)))
    finally:
        redis.remove()
        if postgres is not None:
            postgres.remove()
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
