"""Two servers on one Redis and one database, while Redis fails: readers of either stay connected, posting goes
on, and everything arrives within the bound, without a restart and without anything done by a client."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import Running, running
from tests.support.listeners import Sse, State, sse
from tests.support.proxy import Proxy, proxy_to
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.redis, pytest.mark.slow]

LOOK_BOUND_SECONDS = 6.5
"""What turning unverified takes (3 s), the wait until the next look (2 s), and a slow machine."""
PROVEN_BOUND_SECONDS = 12.0
"""The longest wait between two looks of a hub whose broker is verified (10 s), and a slow machine."""
HEALTHY_SECONDS = 2.0
RECOVER_SECONDS = 10.0


@dataclass(slots=True)
class Pair:
    """Two servers. `there` reaches Redis through the proxy."""

    here: Running
    there: Running
    redis: Valkey
    proxy: Proxy

    async def verified(self, wanted: bool, *, within: float) -> None:
        """Wait until both say so at /readyz, which stays 200."""
        began = time.monotonic()
        while [await self._says(x) for x in (self.here, self.there)] != [wanted, wanted]:
            assert time.monotonic() - began < within, f"verified={wanted} not within {within} s"
            await asyncio.sleep(0.05)

    async def _says(self, server: Running) -> bool:
        answer = await server.anonymous.get("/readyz")
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["broker"]["verified"])


@pytest.fixture
async def pair(tmp_path: Path, database_url: str, own_valkey: Valkey) -> AsyncIterator[Pair]:
    async with (
        proxy_to(own_valkey.port) as proxy,
        running(tmp_path, database_url=database_url, redis_url=own_valkey.url) as here,
        running(tmp_path, database_url=database_url, redis_url=proxy.url) as there,
    ):
        both = Pair(here, there, own_valkey, proxy)
        await here.blog()
        await both.verified(True, within=RECOVER_SECONDS)
        yield both


@contextlib.asynccontextmanager
async def readers(pair: Pair) -> AsyncIterator[tuple[Sse, Sse]]:
    """A stream on each server."""
    async with (
        sse(pair.here.address, "/live/storm/stream?view=json") as here,
        sse(pair.there.address, "/live/storm/stream?view=json") as there,
    ):
        yield here, there


def has(entry: dict[str, Any]) -> Any:
    def check(state: State) -> bool:
        return entry["id"] in state.things

    return check


async def arrives(entry: dict[str, Any], *listeners: Sse, within: float) -> None:
    """The entry reaches every listener on the stream it already had."""
    await asyncio.gather(*(x.follow(has(entry), seconds=within) for x in listeners))
    assert not any(x.ended or x.state.resets for x in listeners)


async def test_posts_that_alternate_reach_the_readers_of_both(pair: Pair) -> None:
    async with readers(pair) as (here, there):
        for number in range(20):
            server = pair.here if number % 2 else pair.there
            last = await server.post()
        await arrives(last, here, there, within=HEALTHY_SECONDS)
        assert here.state.things == there.state.things
        assert len(here.state.things) >= 20


async def test_a_waiting_poll_on_one_gets_what_is_posted_on_the_other(pair: Pair) -> None:
    head = (await pair.there.changes())["position"]
    poll = asyncio.create_task(pair.there.changes(after=head, wait=10))
    await asyncio.sleep(0.1)
    entry = await pair.here.post()
    async with asyncio.timeout(HEALTHY_SECONDS):
        answer = await poll
    assert [x["id"] for x in answer["changes"]] == [entry["id"]]


@pytest.mark.parametrize("fault", ["kill", "freeze"])
async def test_with_redis_gone_posts_are_taken_at_once_and_arrive_within_the_bound(
    pair: Pair, fault: str
) -> None:
    async with readers(pair) as (here, there):
        await arrives(await pair.here.post(), here, there, within=HEALTHY_SECONDS)
        getattr(pair.redis, fault)()
        began = time.monotonic()
        first = await pair.here.post()
        assert time.monotonic() - began < 1.5, "posting waits for Redis"
        await arrives(first, here, within=HEALTHY_SECONDS)
        await arrives(first, there, within=LOOK_BOUND_SECONDS)
        await pair.verified(False, within=3.0)
        for server in (pair.there, pair.here):
            await arrives(await server.post(), here, there, within=LOOK_BOUND_SECONDS)
        if fault == "kill":
            pair.redis.start()
        else:
            pair.redis.thaw()
        await pair.verified(True, within=RECOVER_SECONDS)
        for server in (pair.here, pair.there):
            await arrives(await server.post(), here, there, within=HEALTHY_SECONDS)
        assert here.state.things == there.state.things


async def test_a_server_isolated_silently_still_gets_everything(pair: Pair) -> None:
    async with readers(pair) as (here, there):
        await arrives(await pair.here.post(), here, there, within=HEALTHY_SECONDS)
        pair.proxy.black_hole()
        outside = await pair.here.post()
        inside = await pair.there.post()
        await arrives(outside, there, within=LOOK_BOUND_SECONDS)
        # this side has no reason to doubt: the gap at the next change, or the regular look, tells it
        await arrives(inside, here, within=PROVEN_BOUND_SECONDS)
        pair.proxy.black_hole(False)
        await pair.verified(True, within=RECOVER_SECONDS)
        await arrives(await pair.there.post(), here, there, within=HEALTHY_SECONDS)
        assert here.state.things == there.state.things


async def test_redis_that_restarts_again_and_again_during_posts_loses_nothing(pair: Pair) -> None:
    async with readers(pair) as (here, there):
        for _ in range(3):
            for server in (pair.here, pair.there, pair.here):
                last = await server.post()
            pair.redis.kill()
            last = await pair.there.post()
            pair.redis.start()
        await arrives(last, here, there, within=LOOK_BOUND_SECONDS)
        assert here.state.things == there.state.things
        fresh = await pair.here.changes(after=f"{here.state.position.partition('.')[0]}.0", view="json")  # type: ignore[union-attr]
        entries = {x["id"]: x["revision"] for x in fresh["changes"] if x["kind"] == "entry"}
        seen = {x["id"]: x["revision"] for x in here.state.things.values() if x["kind"] == "entry"}
        assert entries == seen
