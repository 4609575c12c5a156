"""The broker on Redis Sentinel, with real processes: fail-over during posts, and a master that was cut off from
the others while every connection to it stays healthy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.support.brokers import FEED, Member, change, member, until
from tests.support.sentinel import SERVICE, Watched, watched

pytestmark = [pytest.mark.anyio, pytest.mark.redis, pytest.mark.slow]

RECOVER_SECONDS = 15.0
"""The fail-over itself takes Sentinel up to a few seconds."""


@pytest.fixture
async def three() -> AsyncIterator[Watched]:
    async with watched(sentinels=3) as everything:
        yield everything


@pytest.fixture
async def one() -> AsyncIterator[Watched]:
    async with watched() as everything:
        yield everything


class Editor:
    """Posts every 20 ms, and remembers how far the reader's log was at each post."""

    def __init__(self, here: Member, there: Member) -> None:
        self._here, self._there = here, there
        self.marks: dict[int, int] = {}
        self._task = asyncio.create_task(self._post())

    async def _post(self) -> None:
        while True:
            seq = len(self.marks) + 1
            self.marks[seq] = self._there.mark()
            self._here.broker.publish(change(seq))
            await asyncio.sleep(0.02)

    async def heard_again(self) -> None:
        """Wait until the reader hears a post that was made from now on: the writer has found the new master."""
        now = len(self.marks)
        await until(
            lambda: any(now < seq <= len(self.marks) for seq in self._there.seqs()), within=RECOVER_SECONDS
        )

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def unknown(self, *, gaps: bool = False) -> list[int]:
        """Posts that the reader's process would never look for; with `gaps`, a later one tells of them too."""
        newest = max((x for x in self._there.seqs() if x in self.marks), default=0) if gaps else 0
        return [
            seq
            for seq, mark in self.marks.items()
            if seq > newest and not self._there.learns_of(seq, since=mark)
        ]


async def detach(master: int) -> Redis:
    """Cut the master off from its Sentinels and from newcomers; those who are connected notice nothing.

    They cannot log in any more, and only their connections are ended. Returns the client that did it.
    """
    admin = Redis(host="127.0.0.1", port=master, single_connection_client=True)
    await admin.config_set("requirepass", "nobody knows it")
    for found in await admin.client_list():
        if found["name"].startswith("sentinel-"):
            await admin.client_kill_filter(_id=found["id"])
    return admin


async def test_a_failover_during_posts_loses_nothing(three: Watched) -> None:
    async with member(three.url) as here, member(three.url, FEED) as there:
        assert here.broker.state().name == "redis+sentinel"
        editor = Editor(here, there)
        await until(lambda: len(there.seqs()) > 20)
        three.first.kill()
        await three.failed_over()
        await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
        await editor.heard_again()
        await editor.stop()
        await until(lambda: not editor.unknown(gaps=True), what="every post")
        here.broker.publish(change(10_000))
        await until(lambda: 10_000 in there.seqs())


async def test_a_master_that_is_demoted_in_order_is_left(one: Watched) -> None:
    async with member(one.url) as here, member(one.url, FEED) as there:
        editor = Editor(here, there)
        await until(lambda: len(there.seqs()) > 20)
        async with Redis(host="127.0.0.1", port=one.sentinels[0].port) as client:
            await client.execute_command("SENTINEL", "FAILOVER", SERVICE)
        await one.failed_over()
        async with Redis(host="127.0.0.1", port=one.second.port) as client:

            async def both_are_here() -> bool:
                found = await client.client_list()
                return sum(x["name"].startswith("stoppress-") and x["sub"] != "0" for x in found) == 2

            async with asyncio.timeout(RECOVER_SECONDS):
                while not (await both_are_here() and here.verified and there.verified):
                    await asyncio.sleep(0.05)
        await editor.heard_again()
        await editor.stop()
        await until(lambda: not editor.unknown(gaps=True), what="every post")


async def test_a_detached_master_is_abandoned_although_its_connections_are_healthy(one: Watched) -> None:
    async with member(one.url) as here, member(one.url, FEED) as there:
        editor = Editor(here, there)
        admin = await detach(one.first.port)
        async with admin:
            await one.failed_over()
            async with member(one.url) as newcomer:
                mark = there.mark()
                newcomer.broker.publish(change(10_000))
                await until(lambda: there.learns_of(10_000, since=mark), within=RECOVER_SECONDS)
                await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
                newcomer.broker.publish(change(10_001))
                await until(lambda: 10_001 in there.seqs())
            # a writer may leave the old master later than a reader: what it said there in between nobody hears,
            # and the jump to its next change tells
            await editor.heard_again()
            await editor.stop()
            await until(lambda: not editor.unknown(gaps=True), what="every post")


async def test_without_the_probe_a_detached_master_is_never_left(one: Watched) -> None:
    """The negative control of the test above."""
    async with member(one.url, FEED, probing=False) as there:
        admin = await detach(one.first.port)
        async with admin:
            await one.failed_over()
            async with member(one.url) as newcomer:
                mark = there.mark()
                newcomer.broker.publish(change(10_000))
                await asyncio.sleep(6)  # twice what the probe takes
                assert not there.learns_of(10_000, since=mark)


async def test_sentinels_that_are_away_do_not_disturb_what_works(three: Watched) -> None:
    async with member(three.url) as here, member(three.url, FEED) as there:
        for sentinel in three.sentinels:
            sentinel.kill()
        for seq in range(1, 11):
            here.broker.publish(change(seq))
            await until(lambda s=seq: s in there.seqs())  # type: ignore[misc]
            await asyncio.sleep(0.4)  # longer in all than an unverified broker may pass for verified
            assert here.verified
            assert there.verified


async def test_sentinels_with_a_password_of_their_own_are_told_it(one: Watched) -> None:
    async with Redis(host="127.0.0.1", port=one.sentinels[0].port) as client:
        await client.execute_command("ACL SETUSER", "default", "resetpass", ">Barley")
    async with (
        member(f"{one.url}?sentinel_password=Barley", FEED) as here,
        member(one.url, verified=False) as outside,
    ):
        here.broker.publish(change(1))
        await until(lambda: 1 in here.seqs())
        await until(lambda: outside.broker.counts().connection_failures > 0, within=RECOVER_SECONDS)
        assert not outside.verified
