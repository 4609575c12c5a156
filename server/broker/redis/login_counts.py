"""Shared log-in counters in the broker's Redis, over separate connections. auth/throttle.py decides who is
throttled and what happens while Redis is unavailable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from limits.aio.storage import RedisClusterStorage, RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode

from server.broker.redis.connect import sentinel_of
from server.broker.redis.url import check_url, client_of, connection_options, parse, scheme_of

KEY_PREFIX = "stoppress"
SECONDS = 1.0
"""Time limit to connect and for a reply. Short, because a user is waiting to log in."""


@dataclass(frozen=True, slots=True)
class LoginCounts:
    """Counters shared by all processes; `close` closes the connections."""

    storage: Storage
    close: Callable[[], Awaitable[None]]


def login_counts_from_url(url: str) -> LoginCounts:
    """Counters in the Redis at this URL; does not connect yet.

    Does not use the URL parser of `limits`, which supports neither TLS for Sentinel and Cluster, nor a database
    after the service name, nor percent signs in passwords.

    Raises:
        ValueError: the URL is invalid; the message says why.
    """
    check_url(url)
    scheme = scheme_of(url)
    options = connection_options("stoppress-throttle", seconds=SECONDS)
    if scheme == "redis+cluster":
        return _in_cluster(url, options)
    if scheme == "redis+sentinel":
        address = parse(url)
        sentinel = sentinel_of(address, options)
        client = sentinel.master_for(address.path[0])

        async def close() -> None:
            await client.aclose()
            await sentinel.aclose()

        return LoginCounts(_of_client(client), close)
    single = client_of(url, options)
    return LoginCounts(_of_client(single), single.aclose)


def _of_client(client: Redis) -> Storage:
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=KEY_PREFIX,
        connection_pool=client.connection_pool,  # type: ignore[arg-type]
    )


def _in_cluster(url: str, options: dict[str, object]) -> LoginCounts:
    address = parse(url)
    storage = RedisClusterStorage(
        "async+redis+cluster://",
        implementation="redispy",
        key_prefix=KEY_PREFIX,
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],  # type: ignore[arg-type]
        # a lost node loses only its own counters
        require_full_coverage=False,
        **options,  # type: ignore[arg-type]
        **address.options,
    )
    assert isinstance(storage.bridge, RedispyBridge)
    client: Any = storage.bridge.get_connection()  # a RedisCluster; the protocol in `limits` has no aclose
    return LoginCounts(storage, client.aclose)
