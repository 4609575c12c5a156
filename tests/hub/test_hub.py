"""Promises 2, 3, 5 and 6 at the hub: whatever the broker does, listeners converge, in order, without a gap."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from server.domain.change import Change, FeedKey
from server.domain.errors import NotFound, Unavailable
from server.domain.position import Position
from server.hub import resume
from server.hub.registry import ReadHeads
from server.hub.resume import Reset
from server.store import feeds
from tests.support import newsroom as support
from tests.support.listeners import until
from tests.support.newsroom import Ear, Newsroom, fresh, newsroom

pytestmark = pytest.mark.anyio


async def test_live_changes_arrive_in_order_without_a_query(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.queries.clear()
        entry = await room.post()
        await until(lambda: ear.seqs == [2])
        await room.edit(entry, "More rain")
        await until(lambda: ear.seqs == [2, 3])
        await room.retract(entry)
        await until(lambda: ear.seqs == [2, 3, 4])
        assert [c["kind"] for c in ear] == ["entry", "entry", "gone"]
        assert room.queries == []


async def test_what_follows_on_a_change_is_gathered_into_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path, gather_seconds=3600) as room:
        ear, writes = Ear(room.hub), []
        await ear.join(room.key, None)
        monkeypatch.setattr(ear, "write", lambda data: (writes.append(data), Ear.write(ear, data)))
        await room.post("Rain")
        await until(lambda: ear.seqs == [2])  # a lone change waits for nothing
        taken_back = await room.post("What a lawyer called about")
        for number in range(20):
            await room.post(f"Number {number}")
        await room.retract(taken_back)
        await until(lambda: room.hub.feeds[room.key].head == 24)
        assert ear.seqs == [2]

        late = Ear(room.hub)  # whoever comes meanwhile gets what is gathered once, like all
        joining = asyncio.create_task(late.join(room.key, Position(room.hub.feeds[room.key].epoch, 2)))
        loop = asyncio.get_running_loop()
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + 3601)
        await until(lambda: ear.seqs == [2, *range(4, 25)])
        await joining
        await until(lambda: late.seqs == [*range(4, 25)])
        assert len(writes) == 2
        assert "lawyer" not in ear.heard.decode() + late.heard.decode()


async def test_a_listener_that_comes_back_gets_each_thing_once_in_its_newest_state(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        at = await room.head()
        first = await room.post("Rain")
        await room.post("Wind")
        await room.edit(first, "Hail")
        ear = Ear(room.hub)
        await ear.join(room.key, at)
        assert ear.seqs == [3, 4]
        assert "Rain" not in ear.heard.decode()


async def test_a_resume_is_served_from_memory_when_the_feed_is_warm(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        await Ear(room.hub).join(room.key, None)
        at = await room.head()
        await room.post()
        await room.hub.feeds[room.key].settled()
        room.queries.clear()
        ear = Ear(room.hub)
        await ear.join(room.key, at)
        assert ear.seqs == [2]
        assert room.queries == []


async def test_ten_thousand_that_come_back_at_one_position_cost_one_query(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        at = await room.head()
        for _ in range(5):
            await room.post()
        ears = [Ear(room.hub) for _ in range(10_000)]
        room.queries.clear()
        await asyncio.gather(*(ear.join(room.key, at) for ear in ears))
        assert len(room.queries) == 1
        assert all(ear.seqs == [2, 3, 4, 5, 6] for ear in ears)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (0, 2, 1), (0, 0, 1, 2, 1), (2,), (0, 2), (1,)])
async def test_repeats_losses_and_disorder_of_the_broker_do_not_show(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.broker.hold = True
        for text in ("one", "two", "three"):
            await room.post(text)
        # newsroom and public changes alternate; only the public ones concern this feed
        room.broker.held = [c for c in room.broker.held if c.feed == room.key]
        room.broker.release(*order)
        await until(lambda: ear.seqs == [2, 3, 4])


async def test_a_silent_broker_only_delays(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.broker.lose = True
        await room.post()
        await until(lambda: ear.seqs == [2], seconds=5)
        assert room.hub.stats.catch_ups["poll"] == 1


async def test_a_gap_is_filled_by_one_query_however_many_listen(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ears = [Ear(room.hub) for _ in range(1200)]
        for ear in ears:
            await ear.join(room.key, None)
        room.broker.lose = True
        await room.post()
        room.broker.lose = False
        room.queries.clear()
        await room.post()
        await until(lambda: all(ear.seqs == [2, 3] for ear in ears))
        assert len([q for q in room.queries if q[0] == room.key]) == 1


async def test_an_unavailable_store_delays_and_loses_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.broker.lose = True
        await room.post()
        room.broker.lose = False
        room.away = True
        await room.post()
        await until(lambda: room.hub.stats.gaps == 1)
        assert ear.seqs == []
        room.away = False
        await until(lambda: ear.seqs == [2, 3])


@pytest.mark.parametrize("anew", [False, True], ids=["same history", "new history"])
async def test_what_is_retracted_behind_a_gap_is_not_replayed_from_memory(tmp_path: Path, anew: bool) -> None:
    """The process was told, and cannot take it yet: what it lacks is in a store that is away."""
    async with newsroom(tmp_path) as room:
        early = await room.head()
        await Ear(room.hub).join(room.key, None)
        entry = await room.post("A name that must go")
        await room.post("Wind")
        await room.hub.feeds[room.key].settled()
        room.broker.lose = True
        last = await room.post("Hail")
        room.broker.lose = False
        if anew:
            async with room.database.write() as connection:
                await feeds.renew_epoch(connection, room.key.blog_id)
        room.away = True
        await room.retract(entry)
        ear = Ear(room.hub)
        if anew:
            with pytest.raises(Unavailable):
                await ear.join(room.key, early)
        else:
            await ear.join(room.key, early)
        assert "A name" not in ear.heard.decode()
        room.away = False
        if not anew:
            now = await fresh(room)
            await until(lambda: ear.state.get(last.id) and ear.state[entry.id] == now[entry.id])
            assert "A name" not in ear.heard.decode()



async def test_a_publish_at_every_step_of_a_join_is_seen_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        at = await room.head()
        await room.post()
        step = 0
        while True:
            # the join passes a number of steps where it waits; post at the one whose turn it is
            room.hub.feeds.clear()
            room.steps, room.post_at = 0, step
            ear = Ear(room.hub)
            await ear.join(room.key, at)
            posted = room.steps > step
            room.post_at = None
            head = (await room.head()).seq
            await until(lambda ear=ear, head=head: ear.seqs and ear.seqs[-1] == head)  # type: ignore[misc]
            assert ear.seqs == list(range(2, head + 1))
            ear.abort()
            if not posted:
                break
            step += 1
        assert step >= 4


async def test_a_position_of_another_epoch_or_the_future_is_refused(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        at = await room.head()
        for wrong in (Position("zzzz", 0), Position(at.epoch, at.seq + 1), Position(at.epoch, 2**62)):
            with pytest.raises(Reset):
                await Ear(room.hub).join(room.key, wrong)


async def test_a_position_newer_than_this_process_knows_is_not_the_future(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        await Ear(room.hub).join(room.key, None)
        room.broker.lose = True
        await room.post()
        ear = Ear(room.hub)
        await ear.join(room.key, await room.head())
        assert ear.seqs == []
        assert room.hub.feeds[room.key].head == 2


async def test_a_new_epoch_resets_everybody(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        async with room.database.write() as connection:
            await feeds.renew_epoch(connection, room.key.blog_id)
        await until(lambda: ear.closed)
        assert [c["kind"] for c in ear] == ["reset"]


async def test_a_database_restored_to_an_earlier_state_resets_all_listeners(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        entry = await room.post()
        await until(lambda: ear.seqs == [2])
        before = await room.head()
        async with room.database.write() as connection:
            await connection.exec_driver_sql(f"DELETE FROM revisions WHERE entry_id = '{entry.id}'")
            await connection.exec_driver_sql(f"DELETE FROM entries WHERE id = '{entry.id}'")
            await connection.exec_driver_sql("UPDATE feeds SET seq = 1 WHERE name = 'public'")
        await until(lambda: ear.closed)
        assert list(ear)[-1]["kind"] == "reset"
        # one that sleeps at 2 must not take the next change, which gets that number again, for the one it has
        await room.post()
        with pytest.raises(Reset):
            await Ear(room.hub).join(room.key, before)


async def test_a_database_restored_and_written_since_resets_all_listeners(tmp_path: Path) -> None:
    """Its head is where it was, so only what was announced and is not there tells."""
    async with newsroom(tmp_path) as room:
        entry = await room.post()
        before = await room.head()
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.broker.hold = True
        await room.edit(entry, "Snow")
        await room.post("Wind")
        wind = room.broker.held[-1]
        async with room.database.write() as connection:
            await connection.exec_driver_sql(f"DELETE FROM revisions WHERE entry_id = '{wind.id}'")
            await connection.exec_driver_sql(f"DELETE FROM entries WHERE id = '{wind.id}'")
        room.broker.hold = False
        room.broker.release(len(room.broker.held) - 1)
        await until(lambda: ear.closed)
        assert list(ear)[-1]["kind"] == "reset"
        with pytest.raises(Reset):
            await Ear(room.hub).join(room.key, before)


async def test_a_replica_that_lags_resets_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        await room.post()
        await until(lambda: ear.seqs == [2])
        behind = True

        async def replica(key: FeedKey, seq: int) -> tuple[Position, list[Change]]:
            at, changes = await room.read_changes(key, seq)
            return (Position(at.epoch, 1), []) if behind else (at, changes)

        monkeypatch.setattr(room.hub.sync, "read_changes", replica)
        refreshed = room.hub.sync.refresh(room.hub.feeds[room.key], "poll")
        behind = len(room.queries) > 1
        await refreshed
        assert not ear.closed
        assert await room.head() == Position(room.hub.feeds[room.key].epoch, 2)


async def test_an_unknown_feed_is_not_found_and_leaves_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        with pytest.raises(NotFound):
            await room.hub.open(FeedKey("nothing", "public"))
        assert room.hub.feeds == {}


async def test_a_slow_listener_gets_no_more_until_it_drains_then_the_newest_state(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        slow, quick = Ear(room.hub), Ear(room.hub)
        await slow.join(room.key, None)
        await quick.join(room.key, None)
        feed = room.hub.feeds[room.key]
        feed.lag(slow)
        entry = await room.post("secret name")
        await room.retract(entry)
        await until(lambda: quick.seqs == [2, 3])
        assert slow.heard == b""
        room.hub.drained(feed, slow)
        assert slow.seqs == [3]
        assert b"secret" not in slow.heard


async def test_a_listener_that_lags_too_long_is_closed(tmp_path: Path) -> None:
    async with newsroom(tmp_path, lag_seconds=1) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        room.hub.feeds[room.key].lag(ear)
        await until(lambda: ear.closed)
        assert room.hub.stats.closed_slow == 1
        assert room.hub.feeds[room.key].size == 0


async def test_a_listener_whose_changes_left_memory_is_closed_and_resumes_from_the_store(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path, history_changes=10) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        feed, at = room.hub.feeds[room.key], await room.head()
        feed.lag(ear)
        for _ in range(15):
            await room.post()
        await feed.settled()
        room.hub.drained(feed, ear)
        assert ear.closed
        again = Ear(room.hub)
        await again.join(room.key, at)
        assert again.state == {k: v for k, v in (await fresh(room)).items() if k != room.key.blog_id}


async def test_a_listener_that_joins_during_a_fan_out_gets_everything_once(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        crowd = [Ear(room.hub) for _ in range(1500)]
        for ear in crowd:
            await ear.join(room.key, None)
        feed = room.hub.feeds[room.key]
        late: list[Ear] = []
        for _ in range(4):
            await room.post()
            while feed.delivered < feed.head or feed._fan_out is not None:
                ear = Ear(room.hub)
                await ear.join(room.key, Position(feed.epoch, 1))
                late.append(ear)
                await asyncio.sleep(0)
        head = (await room.head()).seq
        await until(lambda: all(e.seqs[-1:] == [head] for e in crowd + late))
        assert all(e.seqs == [2, 3, 4, 5] for e in crowd + late)


async def test_a_cursor_is_woken_and_told_to_end(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        with room.hub.cursor(room.key, "json", None) as cursor:
            assert await cursor.read(50) == []
            assert not await cursor.wait(0.01)
            await room.post()
            assert await cursor.wait(1)
            assert [item.change.position.seq for item in await cursor.read(50)] == [2]
            await room.hub.drain(0, 1000)
            assert cursor.ended
        assert room.hub.feeds[room.key].size == 0


async def test_heartbeats_skip_lagging_listeners(tmp_path: Path) -> None:
    async with newsroom(tmp_path, heartbeat_seconds=1) as room:
        ears = [Ear(room.hub) for _ in range(20)]
        for ear in ears:
            await ear.join(room.key, None)
            room.hub.heartbeat.add(ear)
        lagging = ears[0]
        room.hub.feeds[room.key].lag(lagging)
        await until(lambda: all(b"beat" in e.heard for e in ears[1:]))
        assert lagging.heard == b""


async def test_draining_closes_every_listener_with_a_final_frame(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        ears = [Ear(room.hub) for _ in range(100)]
        for ear in ears:
            await ear.join(room.key, None)
        await room.hub.drain(0.1, 1000)
        assert all(e.closed and list(e)[-1]["kind"] == "farewell" for e in ears)
        assert room.hub.feeds[room.key].size == 0


async def test_text_retracted_in_the_middle_of_a_replay_is_not_in_the_rest_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "GROUP", 2)
    async with newsroom(tmp_path) as room:
        at = await room.head()
        for text in ("one", "two", "three"):
            await room.post(text)
        secret = await room.post("secret name")

        class Slow(Ear):
            async def send(self, data: bytes) -> None:
                if not self.heard:
                    await room.retract(secret)
                await super().send(data)

        ear = Slow(room.hub)
        await ear.join(room.key, at)
        await until(lambda: ear.seqs == [2, 3, 4, 6])
        assert b"secret" not in ear.heard


async def test_a_new_epoch_in_the_middle_of_a_replay_is_a_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path) as room:
        at = await room.head()
        await room.post()
        feed = await room.hub.open(room.key)

        async def renewed(key: FeedKey, seq: int) -> tuple[Position, list[Change]]:
            async with room.database.write() as connection:
                await feeds.renew_epoch(connection, key.blog_id)
            feed.restart(await room.head())
            return await room.read_changes(key, seq)

        monkeypatch.setattr(room.hub.replays, "read_changes", renewed)
        ear = Ear(room.hub)
        with pytest.raises(Reset):
            await ear.join(room.key, at)
        assert ear.heard == b""


async def test_a_feed_that_is_forgotten_during_a_replay_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody follows it yet while the only listener still gets what it missed."""
    monkeypatch.setattr(support, "GROUP", 1)
    async with newsroom(tmp_path) as room:
        at = await room.head()
        written = [await room.post(f"Number {n}") for n in range(4)]

        class Slow(Ear):
            pieces = 0

            async def send(self, data: bytes) -> None:
                self.pieces += 1
                await super().send(data)
                if self.pieces == 2:
                    room.hub.registry.drop(room.hub.feeds[room.key])
                    await room.retract(written[-1])

        ear = Slow(room.hub)
        await ear.join(room.key, at)
        assert room.hub.feeds[room.key] is ear.feed
        assert b"Number 3" not in ear.heard
        await room.post("Afterwards")
        await until(lambda: b"Afterwards" in ear.heard)
        assert ear.state == {k: v for k, v in (await fresh(room)).items() if k != room.key.blog_id}


async def test_nobody_is_subscribed_to_a_dropped_feed(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        feed = await room.hub.open(room.key)
        room.hub.registry.drop(feed)
        assert not resume.subscribe(feed, Ear(room.hub), feed.delivered)


async def test_a_catch_up_that_has_ended_does_not_swallow_the_next(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        feed = await room.hub.open(room.key)
        ended = room.hub.sync.refresh(feed, "poll")
        await asyncio.wait([ended])
        room.hub.sync.running[feed] = ended  # as in the turn in which it ended
        assert room.hub.sync.refresh(feed, "unverified") is not ended
        await until(lambda: feed not in room.hub.sync.running)


async def test_a_doubt_while_a_feed_opens_is_looked_into(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        room.hub.registry.read_heads = _then_unverified(room)
        feed = await room.hub.open(room.key)
        await until(lambda: feed.delivered == 2)


def _then_unverified(room: Newsroom) -> ReadHeads:
    async def read(keys: list[FeedKey]) -> dict[FeedKey, Position]:
        heads = await room.read_heads(keys)
        room.broker.lose = True
        await room.post("Committed after the head was read")
        room.broker.lose = False
        room.hub._on_unverified(room.key)
        return heads

    return read


async def test_a_heartbeat_over_a_lost_connection_does_not_end_the_others(tmp_path: Path) -> None:
    async with newsroom(tmp_path, heartbeat_seconds=1) as room:
        lost = [Lost(room.hub) for _ in range(3)]
        ears = [Ear(room.hub) for _ in range(3)]
        for ear in (*lost, *ears):
            await ear.join(room.key, None)
            room.hub.heartbeat.add(ear)
        await until(lambda: all(ear.heard.count(b"beat") == 2 for ear in ears))


class Lost(Ear):
    """Its peer is gone, which it finds out when it writes."""

    def write(self, data: bytes) -> None:
        self.abort()


async def test_a_change_that_cannot_be_encoded_closes_its_listeners_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path) as room:
        ear = Ear(room.hub)
        await ear.join(room.key, None)
        feed = room.hub.feeds[room.key]
        encode, feed._encode = feed._encode, lambda item, variant: json.loads("{")
        await room.post("Cannot be shown")
        await until(lambda: ear.closed)
        await feed.settled()
        feed._encode = encode
        again = Ear(room.hub)
        await again.join(room.key, Position(feed.epoch, 1))
        assert b"Cannot be shown" in again.heard


async def test_memory_is_bounded_by_bytes_and_the_rest_comes_from_the_store(tmp_path: Path) -> None:
    async with newsroom(tmp_path, history_bytes=200_000) as room:
        await Ear(room.hub).join(room.key, None)
        at = await room.head()
        for number in range(12):
            await room.post(f"Number {number} " + "x" * 40_000)
        feed = room.hub.feeds[room.key]
        await feed.settled()
        assert len(feed.history) < 6
        assert feed.history.size <= 200_000
        ear = Ear(room.hub)
        await ear.join(room.key, at)
        assert ear.seqs == list(range(2, 14))
