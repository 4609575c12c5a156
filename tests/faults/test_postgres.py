"""PostgreSQL that restarts, dies or freezes under a server that is read and written: readers stay connected,
every post is answered in time and ends up once, and everything goes on without a restart of the server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.domain.errors import Unavailable
from server.store import postgres
from server.store.database import Database
from tests.support.listeners import until
from tests.support.postgres import Postgres
from tests.support.process import Process, new_token, serving
from tests.support.reader import THE_END, compare, readers

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.postgres]

REQUEST_SECONDS = 6
LONGEST_ANSWER_SECONDS = REQUEST_SECONDS + 4.0
"""The time-out, and what a loaded machine adds."""
DEADLINE = 60.0
WRITERS = 12
"""More than the pool has connections."""


@dataclass
class Writer:
    """Posts one text after the other, each until it is answered with 201, always with the same key."""

    name: str
    server: Process
    token: str
    answered: dict[str, str] = field(default_factory=dict)
    """Text and id."""
    refused: int = 0
    longest: float = 0.0
    stopping: bool = False

    async def work(self) -> None:
        async with self.server.client(self.token, timeout=DEADLINE) as client:
            while not self.stopping:
                words = f"{self.name} reports for the {len(self.answered) + 1}. time"
                self.answered[words] = await self._post(client, words)

    async def _post(self, client: Any, words: str) -> str:
        while True:
            begun = time.monotonic()
            answer = await client.post(
                "/api/v1/blogs/storm/entries", json={"body": words}, headers={"Idempotency-Key": words}
            )
            self.longest = max(self.longest, time.monotonic() - begun)
            if answer.status_code == 201:
                entry_id: str = answer.json()["id"]
                return entry_id
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            self.refused += 1
            await asyncio.sleep(0.05)


def words_of(entry: dict[str, Any]) -> str:
    words: str = entry["blocks"][0]["html"]
    return words.removeprefix("<p>").removesuffix("</p>")


async def status(client: Any, path: str) -> int:
    begun = time.monotonic()
    code: int = (await client.get(path)).status_code
    assert time.monotonic() - begun < LONGEST_ANSWER_SECONDS, path
    return code


async def until_status(client: Any, path: str, wanted: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while await status(client, path) != wanted:
            await asyncio.sleep(0.05)


async def until_each_wrote(writers: list[Writer], more: int) -> None:
    before = [len(writer.answered) for writer in writers]
    await until(
        lambda: all(len(w.answered) >= had + more for w, had in zip(writers, before, strict=True)),
        seconds=DEADLINE,
    )


def connections(postgres: Postgres) -> int:
    statement = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stoppress'"
    return int(str(postgres.execute(statement)[0][0]))


FAULTS = {
    "pg_ctl restart -m fast": ("stop", "start"),
    "pg_ctl restart -m immediate": ("kill", "start"),
    "kill -9": ("kill_all", "start"),
    "freeze": ("freeze", "thaw"),
}


async def go_through(fault: str, postgres: Postgres, writers: list[Writer], client: Any) -> None:
    """PostgreSQL goes until everybody has felt it, and comes back until everybody has written."""
    print(fault)
    leave, come_back = (getattr(postgres, name) for name in FAULTS[fault])
    refused = [writer.refused for writer in writers]
    await asyncio.to_thread(leave)
    await until_status(client, "/readyz", 503)
    assert await status(client, "/healthz") == 200
    await until(
        lambda: all(w.refused > before for w, before in zip(writers, refused, strict=True)), seconds=DEADLINE
    )
    await asyncio.to_thread(come_back)
    await until_status(client, "/readyz", 200)
    await until_each_wrote(writers, 2)


async def test_postgres_away_delays_and_loses_nothing(tmp_path: Path, own_postgres: Postgres) -> None:
    settings = {"database_url": own_postgres.url(own_postgres.create()), "request_timeout": REQUEST_SECONDS}
    token = await new_token(data_dir=tmp_path, **settings)
    async with serving(tmp_path, **settings) as server, server.client(token, timeout=DEADLINE) as client:
        made = await client.post(
            "/api/v1/blogs", json={"slug": "storm", "headline": "Storm at the coast", "status": "live"}
        )
        assert made.status_code == 201, made.text
        begin = (await client.get("/live/storm/changes")).json()["position"].partition(".")[0] + ".0"
        everybody = [*readers([server], begin), *readers([server], begin)]
        writers = [Writer(f"Reporter {number}", server, token) for number in range(WRITERS)]
        async with asyncio.TaskGroup() as group:
            for reader in everybody:
                reader.deadline = 4 * DEADLINE
                group.create_task(reader.read())
            writing = [group.create_task(writer.work()) for writer in writers]
            await until_each_wrote(writers, 2)
            for fault in FAULTS:
                await go_through(fault, own_postgres, writers, client)
            for writer in writers:
                writer.stopping = True
            await asyncio.gather(*writing)
            await client.post("/api/v1/blogs/storm/entries", json={"title": THE_END, "body": "Good night"})

        assert max(writer.longest for writer in writers) < LONGEST_ANSWER_SECONDS
        assert [r.farewells for r in everybody] == [[]] * len(everybody), "a stream ended"
        told = await compare(everybody, server)
        entries = [change for change in told if change["kind"] == "entry"]
        posted = {words: entry_id for writer in writers for words, entry_id in writer.answered.items()}
        assert Counter(change["id"] for change in entries[:-1]) == Counter(posted.values())
        assert Counter(words_of(change["entry"]) for change in entries[:-1]) == Counter(list(posted))
        assert await asyncio.to_thread(connections, own_postgres) <= 10


READY_SECONDS = 2.0
POST_SECONDS = 10.0
"""What docs/operations.md promises while PostgreSQL is frozen, with the settings as they come."""


@pytest.mark.parametrize("who", ["backends", "everything"])
async def test_a_frozen_postgres_is_told_in_time(tmp_path: Path, own_postgres: Postgres, who: str) -> None:
    chosen = {"database_url": own_postgres.url(own_postgres.create())}
    token = await new_token(data_dir=tmp_path, **chosen)
    async with serving(tmp_path, **chosen) as server, server.client(token, timeout=DEADLINE) as client:
        made = await client.post(
            "/api/v1/blogs", json={"slug": "storm", "headline": "Storm at the coast", "status": "live"}
        )
        assert made.status_code == 201, made.text

        async def timed(method: str, path: str, **body: Any) -> tuple[int, float]:
            begun = time.monotonic()
            answer = await client.request(method, path, **body)
            return answer.status_code, time.monotonic() - begun

        def post(number: int) -> Any:
            return timed("POST", "/api/v1/blogs/storm/entries", json={"body": f"Update {number}"})

        await asyncio.gather(*(post(n) for n in range(12)))  # the pool is full of connections
        own_postgres.freeze(first=who == "everything")
        posts = [asyncio.create_task(post(n)) for n in range(12)]
        ready = [await timed("GET", "/readyz") for _ in range(4)]
        done = await asyncio.gather(*posts)
        print(ready, done)
        assert max(seconds for _, seconds in ready) < READY_SECONDS
        assert max(seconds for _, seconds in done) < POST_SECONDS
        if who == "everything":
            assert {code for code, _ in ready} == {503}
        assert {code for code, _ in done} <= ({503} if who == "everything" else {201, 503})
        own_postgres.thaw()
        await until_status(client, "/readyz", 200)
        assert (await post(99))[0] == 201


# -- one connection at a time

DATABASE_SECONDS = 2.0


@pytest.fixture
async def database(own_postgres: Postgres) -> AsyncIterator[Database]:
    opened = Database(own_postgres.url("postgres"), pool=3, timeout=DATABASE_SECONDS)
    yield opened
    await opened.close()


@pytest.fixture
def frozen(own_postgres: Postgres) -> Iterator[Callable[[], None]]:
    """Freezes PostgreSQL when called."""
    yield own_postgres.freeze
    own_postgres.thaw()


async def look(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))


async def test_frozen_postgres_does_not_exhaust_the_pool(
    database: Database, own_postgres: Postgres, frozen: Callable[[], None]
) -> None:
    with pytest.raises(Unavailable, match="nothing was written"):
        async with asyncio.timeout(4 * DATABASE_SECONDS), database.write() as connection:
            await connection.execute(text("CREATE TABLE never (x int)"))
            frozen()
            await connection.execute(text("INSERT INTO never VALUES (1)"))
    # more than the pool has: the open ones do not answer, and new ones cannot be made
    async with asyncio.timeout(8 * DATABASE_SECONDS):
        felt = await asyncio.gather(*(look(database) for _ in range(7)), return_exceptions=True)
    assert [type(error) for error in felt] == [Unavailable] * 7
    own_postgres.thaw()
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*(look(database) for _ in range(7)))
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT to_regclass('never')"))).scalar() is None


async def test_frozen_postgres_does_not_block_cancelled_requests(
    database: Database, own_postgres: Postgres, frozen: Callable[[], None]
) -> None:
    async def wait_long() -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))

    task = asyncio.create_task(wait_long())
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    await until(lambda: own_postgres.execute(sleeping))
    frozen()
    begun = time.monotonic()
    task.cancel()
    with pytest.raises((asyncio.CancelledError, Unavailable)):
        await task
    assert time.monotonic() - begun < 2 * postgres.CANCEL_SECONDS + DATABASE_SECONDS
