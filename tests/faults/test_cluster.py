"""The broker on a Redis Cluster with sharded pub/sub, with real processes: a node lost, a slot moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.broker.redis.broker import RedisBroker
from server.broker.redis.channels import channel_of
from server.broker.redis.cluster import slot_of
from server.domain.change import FeedKey
from tests.support.brokers import Member, change, member, until
from tests.support.cluster import Cluster, cluster

pytestmark = [pytest.mark.anyio, pytest.mark.redis, pytest.mark.slow]

RECOVER_SECONDS = 15.0


@pytest.fixture
async def three() -> AsyncIterator[Cluster]:
    async with cluster(masters=3) as everything:
        yield everything


async def works(here: Member, there: Member, feed: FeedKey, seq: int, *, within: float = 5.0) -> None:
    here.broker.publish(change(seq, feed))
    await until(lambda: seq in there.seqs(feed), within=within, what=f"{seq} of {feed}")


async def test_feeds_of_every_node_arrive_in_order(three: Cluster) -> None:
    feeds = [three.feed_on(index) for index in range(3)]
    async with member(three.url) as here, member(three.url, *feeds) as there:
        assert here.broker.state().name == "redis+cluster"
        for seq in range(1, 101):
            for feed in feeds:
                here.broker.publish(change(seq, feed))
        for feed in feeds:
            await until(lambda f=feed: len(there.seqs(f)) == 100)  # type: ignore[misc]
            assert there.seqs(feed) == list(range(1, 101))


async def test_a_lost_node_makes_it_unverified_and_holds_up_only_its_own_feeds(three: Cluster) -> None:
    lost, other = three.feed_on(1), three.feed_on(2)
    async with member(three.url) as here, member(three.url, lost, other) as there:
        three.nodes[1].kill()
        await until(lambda: not here.verified and not there.verified, within=3.0)
        mark = there.mark()
        here.broker.publish(change(1, lost))
        await works(here, there, other, 1)
        assert not there.learns_of(1, lost, since=mark)
        three.nodes[1].start()
        await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
        await until(lambda: there.learns_of(1, lost, since=mark))
        await works(here, there, lost, 2)


async def test_a_frozen_node_holds_up_only_its_own_feeds(three: Cluster) -> None:
    frozen, other = three.feed_on(0), three.feed_on(1)
    async with member(three.url) as here, member(three.url, frozen, other) as there:
        three.nodes[0].freeze()
        here.broker.publish(change(1, frozen))
        await works(here, there, other, 1, within=1.0)
        await until(lambda: not there.verified, within=3.0)
        mark = there.mark()
        three.nodes[0].thaw()
        await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
        await until(lambda: there.learns_of(1, frozen) or there.learns_of(1, frozen, since=mark))
        await works(here, there, frozen, 2)


async def test_a_moved_slot_takes_its_subscriptions_along(three: Cluster) -> None:
    feed, other = three.feed_on(0), three.feed_on(1)
    slot = slot_of(channel_of(feed))
    async with member(three.url) as here, member(three.url, feed, other) as there:
        await works(here, there, feed, 1)
        mark = there.mark()
        await three.move(slot, three.nodes[0], three.nodes[2])
        here.broker.publish(change(2, feed))
        await until(lambda: there.learns_of(2, feed, since=mark), within=RECOVER_SECONDS)
        # those who come when all is settled again hear of it by the message itself
        await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
        await works(here, there, feed, 3, within=RECOVER_SECONDS)
        await works(here, there, other, 1)
        assert there.unverified(other) == 1, "a feed that did not move is not disturbed"


async def test_a_slot_that_moves_to_a_node_that_joined_later_is_followed_there(three: Cluster) -> None:
    feed = three.feed_on(0)
    async with member(three.url) as here, member(three.url, feed) as there:
        await works(here, there, feed, 1)
        joined = await three.join()
        await three.move(slot_of(channel_of(feed)), three.nodes[0], joined)
        await until(lambda: there.unverified(feed) == 2, within=RECOVER_SECONDS)
        await until(lambda: here.verified and there.verified, within=RECOVER_SECONDS)
        await works(here, there, feed, 2, within=RECOVER_SECONDS)


async def test_who_only_listens_is_told_that_a_slot_moved(
    three: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is published that could bounce, and the regular look is far away."""
    monkeypatch.setattr("server.broker.cluster.LOOK_SECONDS", 600.0)
    monkeypatch.setattr("server.broker.cluster.LOOK_SECONDS_UNVERIFIED", 600.0)
    feed = three.feed_on(0)
    async with member(three.url, feed) as there:
        await until(lambda: there.unverified(feed) == 1)
        await three.move(slot_of(channel_of(feed)), three.nodes[0], three.nodes[1])
        await until(lambda: there.unverified(feed) == 2, within=RECOVER_SECONDS)
        await until(lambda: there.verified, within=RECOVER_SECONDS)


async def test_the_slot_of_a_probe_may_move_too(three: Cluster) -> None:
    feed = three.feed_on(0)
    async with member(three.url) as here, member(three.url, feed) as there:
        transport = there.broker
        assert isinstance(transport, RedisBroker)
        nodes = getattr(transport.transport, "_nodes")  # noqa: B009
        node = ("127.0.0.1", three.nodes[0].port)
        lane = nodes[node]
        await three.move(slot_of(lane.probe_channel), three.nodes[0], three.nodes[1])
        await until(
            lambda: nodes.get(node, lane) is not lane and there.verified,
            within=RECOVER_SECONDS,
        )
        await works(here, there, feed, 1, within=RECOVER_SECONDS)


async def test_a_slot_that_moves_during_posts_loses_nothing(three: Cluster) -> None:
    feed = three.feed_on(0)
    slot = slot_of(channel_of(feed))
    async with member(three.url) as here, member(three.url, feed) as there:
        marks: dict[int, int] = {}

        async def post() -> None:
            while True:
                seq = len(marks) + 1
                marks[seq] = there.mark()
                here.broker.publish(change(seq, feed))
                await asyncio.sleep(0.01)

        editor = asyncio.create_task(post())
        await until(lambda: len(there.seqs(feed)) > 20)
        for source, target in ((0, 1), (1, 2), (2, 0)):
            seen = len(there.seqs(feed))
            await three.move(slot, three.nodes[source], three.nodes[target])
            await until(lambda n=seen: len(there.seqs(feed)) > n + 20, within=RECOVER_SECONDS)  # type: ignore[misc]
        editor.cancel()
        await asyncio.gather(editor, return_exceptions=True)
        await until(lambda: max(marks) in there.seqs(feed), what="the last post itself")
        unknown = [s for s, mark in marks.items() if not there.learns_of(s, feed, since=mark)]
        missing = sorted(set(marks) - set(there.seqs(feed)))
        # what nobody heard in the moment of the move shows as a jump to the next one
        assert all(s < max(there.seqs(feed)) for s in unknown), (unknown, missing)


async def test_close_leaves_no_task(three: Cluster) -> None:
    before = asyncio.all_tasks()
    async with member(three.url, three.feed_on(0)) as here:
        here.broker.publish(change(1, three.feed_on(0)))
    await until(lambda: asyncio.all_tasks() <= before)
