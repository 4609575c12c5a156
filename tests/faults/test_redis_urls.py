"""Two whole servers on each kind of Redis that a URL may name: what is posted at one reaches the readers of the
other, and attempts to log in are counted together. While Redis is away each server counts alone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from redis.asyncio import Redis

from server.auth.throttle import SHARED_SECONDS, Throttle
from server.broker.redis.broker import RedisBroker
from server.settings import SettingsError, load
from tests.support.app import Running, running
from tests.support.brokers import until
from tests.support.certificates import make_certificates
from tests.support.cluster import cluster
from tests.support.listeners import sse
from tests.support.proxy import proxy_to
from tests.support.sentinel import watched
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.redis, pytest.mark.slow]

PROVEN_SECONDS = 20.0
ARRIVE_SECONDS = 15.0
A_MINUTE = 10
"""Attempts on one name from one address."""


@contextlib.asynccontextmanager
async def unix(server: Valkey, folder: Path) -> AsyncIterator[str]:
    of_its_own = Valkey()
    path = of_its_own.folder / "socket"
    of_its_own._arguments = ("--unixsocket", str(path), "--requirepass", "S/same")
    # it answers PING with an error then, which shows that it runs
    of_its_own.answers = lambda: of_its_own.command("PING") is not None  # type: ignore[method-assign]
    try:
        of_its_own.start()
        yield f"unix://:S%2Fsame@{path}?db=3"
    finally:
        of_its_own.remove()


@contextlib.asynccontextmanager
async def rediss(server: Valkey, folder: Path) -> AsyncIterator[str]:
    certificates = make_certificates(folder)
    async with proxy_to(server.port, tls=certificates.server) as proxy:
        yield f"rediss://127.0.0.1:{proxy.port}/2?ssl_ca_certs={certificates.authority}"


@contextlib.asynccontextmanager
async def sentinel(server: Valkey, folder: Path) -> AsyncIterator[str]:
    async with watched() as everything:
        yield everything.url.removesuffix("/0") + "/4"


@contextlib.asynccontextmanager
async def in_cluster(server: Valkey, folder: Path) -> AsyncIterator[str]:
    async with cluster(masters=3) as everything:
        yield everything.url


@contextlib.asynccontextmanager
async def plain(server: Valkey, folder: Path) -> AsyncIterator[str]:
    yield server.url


KINDS = {"plain": plain, "unix": unix, "rediss": rediss, "sentinel": sentinel, "cluster": in_cluster}


@contextlib.asynccontextmanager
async def two(folder: Path, sqlite_url: str, redis_url: str) -> AsyncIterator[tuple[Running, Running]]:
    async with (
        running(folder, database_url=sqlite_url, redis_url=redis_url) as here,
        running(folder, database_url=sqlite_url, redis_url=redis_url) as there,
    ):
        yield here, there


async def verified(*servers: Running) -> None:
    await until(lambda: all(x.desk.broker.state().verified for x in servers), within=PROVEN_SECONDS)


def several_kinds_share_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """All come from 127.0.0.1 within a minute, to one Redis; names are what these tests count."""
    monkeypatch.setitem(Throttle.__init__.__kwdefaults__, "by_address", 1000)


async def log_in(server: Running, name: str) -> httpx2.Response:
    body = {"username": name, "password": "a wrong one"}
    return await server.anonymous.post("/api/v1/session", json=body)


async def attempt(servers: tuple[Running, Running], name: str, *, times: int) -> None:
    """Attempts at one server and the other in turn; not over HTTP, where each costs the hash of a password."""
    for number in range(times):
        await servers[number % 2].site.throttle.attempt(name=name, address="127.0.0.1")


@pytest.mark.parametrize("kind", KINDS)
async def test_servers_on_it_share_posts_and_attempts(
    tmp_path: Path, sqlite_url: str, valkey_server: Valkey, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_kinds_share_an_address(monkeypatch)
    # a machine that is slow for a second must not look like a Redis that is away
    for name in (
        "auth.throttle.SHARED_SECONDS", "broker.redis.login_counts.SECONDS",
        "broker.redis.connect.SENTINEL_SECONDS",
    ):
        monkeypatch.setattr(f"server.{name}", 10.0)
    async with KINDS[kind](valkey_server, tmp_path) as url, two(tmp_path, sqlite_url, url) as both:
        here, there = both
        await here.blog()
        await verified(*both)
        async with sse(there.address, "/live/storm/stream?view=json") as reader:
            await until(lambda: bool(there.site.hub.feeds))
            began = there.site.hub.stats.changes
            entry = await here.post()
            await reader.follow(lambda state: entry["id"] in state.things, seconds=ARRIVE_SECONDS)
            assert there.site.hub.stats.changes > began
        name = f"ada-{kind}"
        await attempt(both, name, times=A_MINUTE - 1)
        assert (await log_in(there, name)).status_code == 401
        for server in both:
            answer = await log_in(server, name)
            assert answer.status_code == 429
            assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_a_server_whose_certificate_is_not_trusted_is_not_used(
    tmp_path: Path, sqlite_url: str, valkey_server: Valkey
) -> None:
    certificates = make_certificates(tmp_path)
    async with proxy_to(valkey_server.port, tls=certificates.server) as proxy:
        url = f"rediss://127.0.0.1:{proxy.port}/0"
        async with running(tmp_path, database_url=sqlite_url, redis_url=url) as server:
            broker = server.desk.broker
            assert isinstance(broker, RedisBroker)
            await until(lambda: broker.transport.tally().connection_failures > 1, within=PROVEN_SECONDS)
            assert broker.transport.tally().connects == 0
            assert not broker.state().verified
            assert (await log_in(server, "olga")).status_code == 401


@pytest.mark.parametrize("kind", ["kill", "freeze"])
async def test_while_redis_is_away_each_counts_alone_and_nobody_waits(
    tmp_path: Path, sqlite_url: str, own_valkey: Valkey, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_kinds_share_an_address(monkeypatch)
    monkeypatch.setattr("server.auth.throttle.AGAIN_SECONDS", 2.0)
    async with two(tmp_path, sqlite_url, own_valkey.url) as both:
        await verified(*both)
        await attempt(both, "cem", times=4)
        getattr(own_valkey, kind)()
        began = time.monotonic()
        await attempt(both, "cem", times=2 * A_MINUTE - 2)
        # each server finds out once
        assert time.monotonic() - began < 2 * SHARED_SECONDS + 3
        assert [(await log_in(server, "cem")).status_code for server in both] == [401, 401]
        assert [(await log_in(server, "cem")).status_code for server in both] == [429, 429]
        own_valkey.thaw() if kind == "freeze" else own_valkey.start()
        async with asyncio.timeout(PROVEN_SECONDS), Redis.from_url(own_valkey.url) as client:
            for name, server in zip(("olga", "dora"), both, strict=True):
                for number in itertools.count():
                    await server.site.throttle.attempt(name=f"{name}{number}", address=f"{name}{number}")
                    if await client.keys(f"stoppress*{name}*"):
                        break
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:6379/0?socket_timout=3", "socket_timout"),
        ("rediss://127.0.0.1:6379/0?ssl_ca_certs=/nowhere.pem", "no such file: /nowhere.pem"),
        ("redis+cluster://127.0.0.1:6379?ssl=true&ssl_ca_certs=/nowhere.pem", "no such file: /nowhere.pem"),
        ("redis+cluster://127.0.0.1:6379?ssl_cert_reqs=none", "ssl=true"),
        ("redis+sentinel://127.0.0.1/news?tls=true", "'tls'"),
    ],
    ids=["option", "missing-file", "missing-file-cluster", "without-tls", "unknown"],
)
def test_an_invalid_option_is_rejected_at_start(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match="STOPPRESS_REDIS_URL") as refused_by:
        load(redis_url=url)
    assert said in str(refused_by.value)
