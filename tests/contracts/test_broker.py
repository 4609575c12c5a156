"""What every broker owes (server/broker/protocol.py), held against each implementation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import pytest

from server.broker.memory import MemoryBroker
from server.domain.change import FeedKey
from tests.support.brokers import FEED, OTHER, Member, change, member, until
from tests.support.calls import calls_of
from tests.support.valkey import Valkey

pytestmark = pytest.mark.anyio

CALLS_OF_A_PUBLISH = 100
"""Encoding the change is most of it."""

MakeMember: TypeAlias = Callable[..., Awaitable[Member]]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def make_member(request: pytest.FixtureRequest) -> AsyncIterator[MakeMember]:
    """Makes processes on one broker. In memory there is one process, so all members are that one."""
    async with contextlib.AsyncExitStack() as stack:
        alone = Member(MemoryBroker())

        async def make(*feeds: FeedKey, topic: str = "") -> Member:
            if request.param == "redis":
                server: Valkey = request.getfixturevalue("valkey_server")
                return await stack.enter_async_context(member(server.url, *feeds, topic=topic))
            if topic:
                alone.broker.on_notice(topic, alone.notices.append)
            await alone.broker.start()
            for feed in feeds:
                await alone.broker.subscribe(feed)
            return alone

        yield make
        await alone.broker.close()


async def test_publish_reaches_every_process_that_subscribed(make_member: MakeMember) -> None:
    here, there = await make_member(FEED), await make_member(FEED)
    here.broker.publish(change(1))
    await until(lambda: here.seqs() == [1] and there.seqs() == [1])


async def test_publish_reaches_the_own_process_before_it_returns(make_member: MakeMember) -> None:
    here = await make_member(FEED)
    here.broker.publish(change(1))
    assert here.seqs() == [1]


async def test_changes_of_a_feed_arrive_in_order(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED)
    for seq in range(1, 501):
        here.broker.publish(change(seq))
    await until(lambda: len(there.seqs()) == 500)
    assert there.seqs() == list(range(1, 501))


async def test_a_change_arrives_as_it_was_sent(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED)
    seen = []
    there.broker.listen(on_change=seen.append, on_unverified=lambda feed: None)
    sent = change(7, text="\u2028 \x00 🗞 „Eil“\r\n")
    here.broker.publish(sent)
    await until(lambda: bool(seen))
    assert seen[0] == sent


async def test_only_subscribed_feeds_arrive(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED)
    here.broker.publish(change(1, OTHER))
    here.broker.publish(change(2))
    await until(lambda: there.seqs() == [2])
    assert there.seqs(OTHER) == []


async def test_unsubscribe_stops_one_feed_and_no_other(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED, OTHER)
    await there.broker.unsubscribe(FEED)
    here.broker.publish(change(1))
    here.broker.publish(change(2, OTHER))
    await until(lambda: there.seqs(OTHER) == [2])
    assert there.seqs() == []


async def test_subscribing_again_after_unsubscribe_works(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED)
    await there.broker.unsubscribe(FEED)
    await there.broker.subscribe(FEED)
    here.broker.publish(change(1))
    await until(lambda: there.seqs() == [1])


async def test_unsubscribing_what_was_never_subscribed_does_nothing(make_member: MakeMember) -> None:
    here = await make_member(FEED)
    await here.broker.unsubscribe(OTHER)
    here.broker.publish(change(1))
    assert here.seqs() == [1]


async def test_a_receiver_that_raises_neither_reaches_the_writer_nor_ends_the_broker(
    make_member: MakeMember,
) -> None:
    here, there = await make_member(FEED), await make_member(FEED)

    def fail(_: object) -> None:
        raise RuntimeError("a mistake in the hub")

    for one in {id(here): here, id(there): there}.values():
        one.broker.listen(on_change=fail, on_unverified=lambda feed: None)
    here.broker.publish(change(1))
    again = Member(there.broker)
    here.broker.publish(change(2))
    await until(lambda: 2 in again.seqs())


async def test_a_change_that_cannot_be_encoded_does_not_reach_the_writer(make_member: MakeMember) -> None:
    here, there = await make_member(), await make_member(FEED)
    here.broker.publish(change(1, text="\ud800"))
    here.broker.publish(change(2))
    await until(lambda: 2 in there.seqs())


async def test_a_working_broker_is_verified(make_member: MakeMember) -> None:
    here = await make_member(FEED)
    state = here.broker.state()
    assert state.verified
    assert state.probe_age <= 2.5


async def test_publish_waits_for_nothing_and_costs_the_same_however_much_waits(
    make_member: MakeMember,
) -> None:
    here = await make_member()
    changes = [change(seq) for seq in range(200)]
    work = [calls_of(lambda one=one: here.broker.publish(one)) for one in changes]  # type: ignore[misc]
    assert [calls.waiting for calls in work if calls.waiting] == []
    assert max(calls.count for calls in work) <= CALLS_OF_A_PUBLISH


async def test_close_leaves_no_task(make_member: MakeMember) -> None:
    before = asyncio.all_tasks()
    here = await make_member(FEED)
    here.broker.publish(change(1))
    await here.broker.close()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_a_notice_reaches_every_process(make_member: MakeMember) -> None:
    here, there = await make_member(FEED), await make_member(FEED, topic="rights")
    if there is not here:
        await until(lambda: None in there.notices)  # confirmed: what came before may have been lost
    here.broker.notify("other", b"user:2")
    here.broker.notify("rights", b"user:1")
    await until(lambda: b"user:1" in there.notices)
    assert b"user:2" not in there.notices


async def test_a_notice_reaches_the_own_process_before_it_returns(make_member: MakeMember) -> None:
    here = await make_member()
    seen: list[bytes | None] = []
    here.broker.on_notice("rights", seen.append)
    here.broker.notify("rights", b"user:1")
    assert seen == [b"user:1"]


async def test_a_receiver_of_notices_that_raises_keeps_nobody_else_from_them(make_member: MakeMember) -> None:
    here = await make_member()
    seen: list[bytes | None] = []

    def fail(_: object) -> None:
        raise RuntimeError("a mistake")

    here.broker.on_notice("rights", fail)
    here.broker.on_notice("rights", seen.append)
    here.broker.notify("rights", b"user:1")
    assert seen == [b"user:1"]
