"""What the Redis broker owes when the server or the way to it fails. Each test has a server of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from pathlib import Path

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from server.broker.redis import outbox
from server.broker.redis.broker import RedisBroker
from server.broker.redis.connect import broker_from_url
from server.broker.redis.login_counts import login_counts_from_url
from tests.support.brokers import FEED, OTHER, Member, change, member, until
from tests.support.calls import calls_of
from tests.support.ports import free_port
from tests.support.proxy import proxy_to
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.redis]

UNPROVEN_SECONDS = 3.0
FROZEN_SECONDS = 30.0
"""For what must not wait for a server that is frozen: it would wait for ever."""
RECOVER_SECONDS = 8.0
"""A wait for a connection (2 s) that just began, the longest back-off (2 s), a probe, a slow machine."""


def redis_of(one: Member) -> RedisBroker:
    assert isinstance(one.broker, RedisBroker)
    return one.broker


async def recovered(*members: Member) -> None:
    await until(lambda: all(x.verified for x in members), within=RECOVER_SECONDS, what="verified again")


async def works(here: Member, there: Member, seq: int) -> None:
    """A change that is published now arrives as itself, not by a doubt."""
    here.broker.publish(change(seq))
    await until(lambda: seq in there.seqs())


async def test_a_confirmed_subscription_is_reported_as_unverified(own_valkey: Valkey) -> None:
    async with member(own_valkey.url, FEED) as here:
        assert here.unverified() == 1
        assert here.unverified(OTHER) == 0


async def test_malformed_messages_are_counted_and_ignored(own_valkey: Valkey) -> None:
    async with member(own_valkey.url) as here, member(own_valkey.url, FEED) as there:
        channel = f"stoppress:feed:{FEED.blog_id}:{FEED.name}"
        misdirected = change(1, OTHER).to_bytes()
        deep = b"[" * 100_000
        async with Redis.from_url(own_valkey.url) as client:
            for data in (b"", b"\xff\x00", b"{}", b"[1,2]", b"null", deep, misdirected):
                await client.publish(channel, data)
        await works(here, there, 5)
        assert there.seqs() == [5]
        assert redis_of(there).malformed == 7


async def test_a_forged_probe_proves_nothing_and_breaks_nothing(own_valkey: Valkey) -> None:
    async with member(own_valkey.url, FEED) as here:
        transport = redis_of(here).transport
        async with Redis.from_url(own_valkey.url) as client:
            for data in (b"nan", b"inf", b"1e999", b"later", b"\xff"):
                await client.publish(getattr(transport, "probe_channel"), data)  # noqa: B009
        await works(here, here, 1)
        own_valkey.kill()
        await until(lambda: not here.verified, within=UNPROVEN_SECONDS)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_after_a_server_restart_every_feed_is_unverified(
    own_valkey: Valkey, how: str
) -> None:
    async with member(own_valkey.url, FEED) as here, member(own_valkey.url, FEED, OTHER) as there:
        mark = there.mark()
        getattr(own_valkey, how)()
        await until(lambda: not there.verified, within=UNPROVEN_SECONDS)
        here.broker.publish(change(1))
        own_valkey.start()
        await recovered(here, there)
        await until(lambda: there.learns_of(1, since=mark))
        assert there.learns_of(1, OTHER, since=mark)
        await works(here, there, 2)


async def test_a_frozen_server_is_detected_and_recovers(own_valkey: Valkey) -> None:
    async with member(own_valkey.url, FEED) as here, member(own_valkey.url, FEED) as there:
        own_valkey.freeze()
        assert calls_of(lambda: here.broker.publish(change(1))).waiting == []
        await until(lambda: not here.verified and not there.verified, within=UNPROVEN_SECONDS)
        mark = there.mark()
        own_valkey.thaw()
        await recovered(here, there)
        await until(lambda: there.learns_of(1) or there.learns_of(1, since=mark))
        await works(here, there, 2)


async def test_publish_neither_blocks_nor_raises_without_a_server() -> None:
    async with member(f"redis://127.0.0.1:{free_port()}", verified=False) as here:
        await here.broker.subscribe(FEED)
        for seq in range(1, 101):
            assert calls_of(lambda seq=seq: here.broker.publish(change(seq))).waiting == []  # type: ignore[misc]
        assert here.seqs() == list(range(1, 101))
        assert not here.verified


async def test_a_broker_that_starts_before_its_server_finds_it_later(own_valkey: Valkey) -> None:
    own_valkey.stop()
    async with member(own_valkey.url, FEED, verified=False) as here:
        here.broker.publish(change(1))
        own_valkey.start()
        await recovered(here)
        assert here.unverified() == 1


async def test_subscribe_returns_soon_when_the_server_is_frozen(own_valkey: Valkey) -> None:
    async with member(own_valkey.url) as here:
        own_valkey.freeze()
        async with asyncio.timeout(FROZEN_SECONDS):
            await here.broker.subscribe(FEED)
        own_valkey.thaw()
        await until(lambda: here.unverified() == 1, within=RECOVER_SECONDS)


async def test_a_killed_subscription_is_unverified_and_reopened(own_valkey: Valkey) -> None:
    async with member(own_valkey.url, FEED) as here, member(own_valkey.url, FEED) as there:
        async with Redis.from_url(own_valkey.url) as client:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: there.unverified() == 2, within=RECOVER_SECONDS)
        await recovered(here, there)
        await works(here, there, 1)


async def test_a_killed_command_connection_loses_nothing(own_valkey: Valkey) -> None:
    async with member(own_valkey.url) as here, member(own_valkey.url, FEED) as there:
        async with Redis.from_url(own_valkey.url) as client:
            for seq in range(1, 51):
                here.broker.publish(change(seq))
                if seq % 10 == 0:
                    await client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await until(lambda: there.seqs() == list(range(1, 51)))


async def test_a_subscription_closed_as_too_slow_is_unverified_and_recovers(
    own_valkey: Valkey,
) -> None:
    async with member(own_valkey.url) as here, member(own_valkey.url, FEED) as there:
        async with Redis.from_url(own_valkey.url) as client:
            await client.config_set("client-output-buffer-limit", "pubsub 100000 0 0")
        # published without a turn of this loop, so that nobody reads: more than the socket's buffers hold
        with BlockingRedis.from_url(own_valkey.url) as client:
            for seq in range(1, 301):
                client.publish(f"stoppress:feed:{FEED.blog_id}:{FEED.name}",
                               change(seq, text="x" * 100_000).to_bytes())
        await until(lambda: there.unverified() == 2, within=RECOVER_SECONDS)
        await recovered(there)
        await works(here, there, 1_000)


@pytest.mark.parametrize("answers_only", [True, False])
async def test_a_healthy_but_silent_connection_is_unverified_and_closed(
    own_valkey: Valkey, answers_only: bool
) -> None:
    async with (
        proxy_to(own_valkey.port) as proxy,
        member(own_valkey.url) as here,
        member(proxy.url, FEED) as there,
    ):
        transport = redis_of(there).transport
        mark, connects = there.mark(), transport.tally().connects
        proxy.swallow_answers = True
        proxy.swallow_requests = not answers_only
        await until(lambda: not there.verified, within=UNPROVEN_SECONDS)
        assert there.broker.state().probe_age > 1.0
        here.broker.publish(change(1))
        assert there.seqs() == []
        # not connections at the proxy: those of commands end and come by themselves
        await until(lambda: transport.tally().unverified > 0, within=RECOVER_SECONDS, what="thrown away")
        proxy.black_hole(False)
        await recovered(there)
        assert transport.tally().connects > connects
        assert there.learns_of(1, since=mark)
        await works(here, there, 2)


async def test_without_the_probe_a_silent_connection_stays_for_ever(own_valkey: Valkey) -> None:
    """The negative control: it is the probe that finds it, nothing else."""
    async with (
        proxy_to(own_valkey.port) as proxy,
        member(own_valkey.url) as here,
        member(proxy.url, FEED, probing=False) as there,
    ):
        await works(here, there, 1)
        mark, accepted = there.mark(), proxy.accepted
        proxy.black_hole()
        here.broker.publish(change(2))
        await asyncio.sleep(4)  # longer than the probe takes
        assert proxy.accepted == accepted
        assert not there.learns_of(2, since=mark)


async def test_connections_that_are_cut_again_and_again_lose_nothing(own_valkey: Valkey) -> None:
    async with (
        proxy_to(own_valkey.port) as proxy,
        member(proxy.url) as here,
        member(proxy.url, FEED) as there,
    ):
        for seq in range(1, 11):
            mark = there.mark()
            here.broker.publish(change(seq))
            proxy.cut()
            await until(lambda s=seq, m=mark: there.learns_of(s, since=m), within=RECOVER_SECONDS)  # type: ignore[misc]
        await recovered(here, there)
        await works(here, there, 11)


async def test_a_full_outbox_drops_the_oldest_and_counts(
    own_valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox.Outbox.__init__, "__kwdefaults__", {"max_messages": 10, "max_bytes": 10**6})
    async with member(own_valkey.url) as here, member(own_valkey.url, FEED) as there:
        # no turn of the loop in between, so nothing is sent meanwhile
        for seq in range(1, 31):
            here.broker.publish(change(seq))
        await until(lambda: 30 in there.seqs())
        assert there.seqs() == list(range(21, 31))
        assert redis_of(here).transport.tally().dropped == 20


async def test_close_sends_what_is_queued(own_valkey: Valkey) -> None:
    async with member(own_valkey.url, FEED) as there:
        async with member(own_valkey.url) as here:
            for seq in range(1, 301):
                here.broker.publish(change(seq))
        await until(lambda: there.seqs() == list(range(1, 301)))


@pytest.mark.parametrize("state", ["up", "frozen", "down"])
async def test_close_leaves_no_task_and_no_connection(own_valkey: Valkey, state: str) -> None:
    before = asyncio.all_tasks()
    async with member(own_valkey.url, FEED) as here:
        if state == "frozen":
            own_valkey.freeze()
        if state == "down":
            own_valkey.kill()
        here.broker.publish(change(1))
        async with asyncio.timeout(FROZEN_SECONDS):
            await here.broker.close()
    await until(lambda: asyncio.all_tasks() <= before)
    if state == "frozen":
        own_valkey.thaw()
    if state != "down":
        async with Redis.from_url(own_valkey.url) as client:

            async def names() -> list[str]:
                return [str(x["name"]) for x in await client.client_list()]

            deadline = time.monotonic() + 5
            while any(name.startswith("stoppress-") for name in await names()):
                assert time.monotonic() < deadline, await names()
                await asyncio.sleep(0.02)


async def test_a_started_broker_can_be_closed_at_once(own_valkey: Valkey) -> None:
    before = asyncio.all_tasks()
    broker = broker_from_url(own_valkey.url)
    await broker.start()
    await broker.close()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_closing_releases_callers_that_wait_for_a_subscription(own_valkey: Valkey) -> None:
    async with member(own_valkey.url) as here:
        own_valkey.freeze()
        waiting = asyncio.create_task(here.broker.subscribe(FEED))
        await asyncio.sleep(0)
        await here.broker.close()
        async with asyncio.timeout(2):
            await waiting
        own_valkey.thaw()


async def test_a_unix_socket_carries_too() -> None:
    server = Valkey()
    path = server.folder / "socket"
    server._arguments = ("--unixsocket", str(path))
    try:
        server.start()
        url = f"unix://{path}?db=0"
        async with member(url) as here, member(url, FEED) as there:
            await works(here, there, 1)
    finally:
        server.remove()


async def test_a_password_is_used_and_a_wrong_one_is_unverified() -> None:
    server = Valkey()
    try:
        server.start()
        assert server.command("CONFIG", "SET", "requirepass", "Sesame") == b"+OK"
        right = f"redis://:Sesame@127.0.0.1:{server.port}/0"
        wrong = f"redis://:Barley@127.0.0.1:{server.port}/0"
        async with member(right, FEED) as here, member(wrong, FEED, verified=False) as outside:
            await works(here, here, 1)
            await until(lambda: redis_of(outside).transport.tally().connection_failures > 0)
            assert not outside.verified
    finally:
        with contextlib.suppress(Exception):
            server.remove()


@pytest.mark.parametrize(
    "url",
    ["http://localhost", "redis+sentinel://localhost", "redis+sentinel://localhost/news/x",
     "redis+sentinel://a:b/news", "redis+cluster://localhost/1", "redis+cluster://,", ""],
)
def test_a_url_that_cannot_be_used_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        broker_from_url(url)


async def test_the_rights_that_the_documentation_asks_for_are_enough(own_valkey: Valkey) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "broker.md").read_text()
    rights = re.search(r"An ACL needs `([^`]+)`", documented)
    assert rights is not None
    words = ["ACL", "SETUSER", "press", "on", ">Sesame", "resetchannels", "&stoppress:*", "-@all"]
    assert own_valkey.command(*words, *rights[1].split()) == b"+OK"
    url = f"redis://press:Sesame@127.0.0.1:{own_valkey.port}/1"
    async with member(url) as here, member(url, FEED) as there:
        await works(here, there, 1)
        await there.broker.unsubscribe(FEED)
        assert redis_of(there).transport.tally().connection_failures == 0
    counters = login_counts_from_url(url)
    limiter = MovingWindowRateLimiter(counters.storage)
    once = RateLimitItemPerMinute(1)
    assert [await limiter.hit(once, "login", "ada") for _ in range(2)] == [True, False]
    assert (await limiter.get_window_stats(once, "login", "ada")).remaining == 0
    await counters.close()
