"""What operators see: each number of /metrics after an event that is known, and what /readyz says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from server.domain.errors import Unavailable
from server.store.database import Database
from server.web.ops import health
from tests.support.app import Running, running
from tests.support.brokers import until
from tests.support.listeners import sse, websocket
from tests.support.ports import free_port
from tests.support.valkey import Valkey

pytestmark = pytest.mark.anyio

DEADLINE = 20.0


class Seen:
    """The numbers of one look at /metrics."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        return self._values.get((f"stoppress_{name}", frozenset(labels.items())), 0.0)


async def look(server: Running) -> Seen:
    answer = await server.anonymous.get("/metrics")
    assert answer.status_code == 200, answer.text
    return Seen(answer.text)


async def seen(server: Running, check: Callable[[Seen], bool]) -> Seen:
    """Look until what is seen passes the check."""
    async with asyncio.timeout(DEADLINE):
        while not check(found := await look(server)):
            await asyncio.sleep(0.02)
        return found


async def test_listeners_are_counted_by_feed_and_transport(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        blog = await server.blog()

        def count(found: Seen, transport: str) -> float:
            return found.of("listeners", blog=blog["id"], feed="public", transport=transport)

        head = (await server.changes())["position"]
        async with (
            sse(server.address, "/live/storm/stream"),
            sse(server.address, "/live/storm/stream"),
            websocket(server.address, "/live/storm/ws"),
        ):
            poll = asyncio.create_task(server.changes(after=head, wait=30))
            found = await seen(server, lambda x: count(x, "poll") == 1)
            assert [count(found, x) for x in ("sse", "ws", "poll")] == [2, 1, 1]
            assert found.of("feeds") == 1
            assert found.of("listeners", blog=blog["id"], feed="newsroom", transport="sse") == 0
            await server.post()
            await poll
        await seen(server, lambda x: all(count(x, t) == 0 for t in ("sse", "ws", "poll")))


async def test_a_post_counts_as_change_delivery_and_latency(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        async with sse(server.address, "/live/storm/stream?view=json") as one:
            before = await look(server)
            entry = await server.post()
            await one.follow(lambda state: entry["id"] in state.things)
        after = await look(server)
        for name in ("changes_total", "deliveries_total", "publish_to_write_seconds_count"):
            assert after.of(name) - before.of(name) == 1, name
        buckets = [s for f in after.families for s in f.samples if s.name.endswith("write_seconds_bucket")]
        counts = [x.value for x in sorted(buckets, key=lambda x: float(x.labels["le"]))]
        assert counts == sorted(counts)
        assert counts[-1] == after.of("publish_to_write_seconds_count")
        assert 0 < after.of("publish_to_write_seconds_sum") < DEADLINE


async def test_resumes_are_counted_by_where_they_came_from(tmp_path: Path) -> None:
    async with running(tmp_path, history_changes=10) as server:
        await server.blog()
        begin = (await server.changes())["position"]
        async with sse(server.address, "/live/storm/stream"):
            for _ in range(14):
                entry = await server.post()
            for position in (entry["position"], begin, "nosuch.3"):
                async with sse(server.address, "/live/storm/stream", last_event_id=position) as one:
                    if position == begin:
                        await one.follow(lambda state: entry["id"] in state.things)

        def sources(found: Seen) -> dict[str, float]:
            return {x: found.of("resumes_total", source=x) for x in ("head", "memory", "store", "reset")}

        found = await seen(server, lambda x: sources(x) == {"head": 2, "memory": 1, "store": 1, "reset": 1})
        assert found.of("store_replays_total") == 1


async def test_a_lost_change_is_filled_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the regular look at the head would find it as well
    monkeypatch.setattr("server.hub.sync.POLL_SECONDS_ALONE", 3600.0)
    async with running(tmp_path) as server:
        await server.blog()
        async with sse(server.address, "/live/storm/stream?view=json") as one:
            before = await look(server)
            assert (before.of("gaps_total"), before.of("catch_ups_total", reason="gap")) == (0, 0)
            with monkeypatch.context() as lost:
                lost.setattr(server.desk.broker, "publish", lambda change: None)
                first = await server.post()
            second = await server.post()
            await one.follow(lambda state: {first["id"], second["id"]} <= set(state.things))
        after = await look(server)
        assert (after.of("gaps_total"), after.of("catch_ups_total", reason="gap")) == (1, 1)


async def test_while_the_broker_is_unverified_the_head_is_looked_at_and_the_lag_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}") as server:
        await server.blog()
        async with sse(server.address, "/live/storm/stream?view=json") as one:
            await until(lambda: bool(server.site.hub.feeds), within=DEADLINE)
            monkeypatch.setattr(server.desk.broker, "publish", lambda change: None)
            entry = await server.post()
            found = await seen(server, lambda x: x.of("head_lag") == 1)
            assert found.of("catch_ups_total", reason="poll") >= 1
            assert found.of("head_poll_age_seconds") < DEADLINE
            await one.follow(lambda state: entry["id"] in state.things)
            await seen(server, lambda x: x.of("head_lag") == 0)
        answer = await server.anonymous.get("/readyz")
        assert answer.status_code == 200
        told = answer.json()
        assert (told["status"], told["broker"]["verified"]) == ("ok", False)
        assert told["broker"]["kind"] == "redis"


@pytest.mark.redis
async def test_the_broker_tells_what_happened_to_it(tmp_path: Path, own_valkey: Valkey) -> None:
    async with running(tmp_path, redis_url=own_valkey.url) as server:
        blog = await server.blog()
        async with sse(server.address, "/live/storm/stream?view=json"):
            found = await seen(server, lambda x: x.of("broker_verified") == 1 and bool(x.of("feeds")))
            assert found.of("broker_probe_age_seconds") < DEADLINE
            connects = found.of("broker_connects_total")
            assert connects - found.of("broker_connection_failures_total") == 1
            sent = found.of("broker_sent_total")
            assert sent >= 1

            async with Redis.from_url(own_valkey.url) as client:
                await client.publish(f"stoppress:feed:{blog['id']}:public", "no change")
                await seen(server, lambda x: x.of("broker_malformed_total") == 1)
                await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            found = await seen(server, lambda x: x.of("broker_connects_total") > connects)
            assert found.of("broker_connection_failures_total") >= connects
            await seen(server, lambda x: x.of("broker_verified") == 1)
            unverified = found.of("broker_unverified_total")
            assert found.of("catch_ups_total", reason="unverified") >= 1

            own_valkey.freeze()
            await server.post()
            await seen(server, lambda x: x.of("broker_unverified_total") > unverified)
            found = await seen(server, lambda x: x.of("broker_send_failures_total") >= 1)
            assert found.of("broker_verified") == 0
            assert found.of("broker_probe_age_seconds") > 1
            # a batch is in the hands of the sender for as long as it tries
            await seen(server, lambda x: x.of("broker_waiting") >= 1)
            assert found.of("throttle_alone") == 0
            await server.site.throttle.attempt(name="ada", address="192.0.2.1")
            await seen(server, lambda x: x.of("throttle_alone") == 1)
            own_valkey.thaw()
            found = await seen(server, lambda x: x.of("broker_waiting") == 0 and x.of("broker_verified") == 1)
            assert found.of("broker_sent_total") > sent
            assert found.of("broker_dropped_total") == found.of("broker_refused_total") == 0


@pytest.mark.redis
async def test_messages_that_redis_refuses_are_counted(tmp_path: Path, own_valkey: Valkey) -> None:
    words = ["ACL", "SETUSER", "press", "on", ">Sesame", "resetchannels", "&stoppress:probe:*", "+@all"]
    assert own_valkey.command(*words) == b"+OK"
    url = f"redis://press:Sesame@127.0.0.1:{own_valkey.port}"
    async with running(tmp_path, redis_url=url) as server:
        await server.blog()
        await seen(server, lambda x: x.of("broker_refused_total") >= 1)


async def test_streams_that_are_too_many_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path, max_listeners=1) as server:
        await server.blog()
        async with sse(server.address, "/live/storm/stream"):
            await seen(server, lambda x: x.of("refused_total") == 0 and x.of("feeds") == 1)
            async with sse(server.address, "/live/storm/stream"):
                await seen(server, lambda x: x.of("refused_total") == 1)


async def test_every_metric_is_documented_and_none_that_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        names = set()
        for family in (await look(server)).families:
            if family.name.startswith("stoppress_"):
                names.add(family.name + ("_total" if family.type == "counter" else ""))
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(stoppress_\w+)", text, re.MULTILINE))
    assert documented == names


async def test_metrics_require_their_token(tmp_path: Path) -> None:
    async with running(tmp_path, metrics_token="Sesame") as server:
        assert (await server.anonymous.get("/metrics")).status_code == 401
        for given, status in (("Sesame", 200), ("Barley", 401)):
            headers = {"Authorization": f"Bearer {given}"}
            assert (await server.anonymous.get("/metrics", headers=headers)).status_code == status


async def test_a_database_that_is_slow_and_answers_others_takes_posts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, forever = asyncio.Event(), asyncio.Event()

    async def waits(database: Database) -> str:
        asked.set()
        await forever.wait()
        return "ok"

    async with running(tmp_path) as server:
        monkeypatch.setattr(health, "_query", waits)
        asking = asyncio.create_task(server.anonymous.get("/readyz"))
        await asked.wait()
        async with server.site.database.read():
            pass
        answer = await asking
        assert (answer.status_code, answer.json()["database"]) == (200, "slow")
        forever.set()


async def test_a_server_without_its_database_is_not_ready_and_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as server:
        answer = await server.anonymous.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")

        def away() -> None:
            raise Unavailable("It does not answer.")

        monkeypatch.setattr(server.site.database, "read", away)
        answer = await server.anonymous.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        assert answer.json()["database"] == "It does not answer."
        assert (await server.anonymous.get("/healthz")).status_code == 200
