"""Where attempts to log in are counted when several processes count together: the Redis of the broker, over
connections of their own. Who is throttled, and what holds while Redis is away, auth/throttle.py decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from limits.aio.storage import RedisClusterStorage, RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode

from server.broker.redis.connect import sentinel_of
from server.broker.redis.url import check_url, client_of, connection_options, parse

KEY_PREFIX = "stoppress"
SECONDS = 1.0
"""To connect, and for an answer: a person waits who wants to log in."""


@dataclass(frozen=True, slots=True)
class LoginCounts:
    """Counts that processes share; `close` frees the connections."""

    storage: Storage
    close: Callable[[], Awaitable[None]]


def login_counts_from_url(url: str) -> LoginCounts:
    """The counts in the Redis that a URL names; nothing is connected yet.

    Not limits' own reading of a URL: it knows no TLS for Sentinel and Cluster, no database behind the service,
    and no percent signs in a password.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    check_url(url)
    scheme = urlsplit(url).scheme
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
        # a node that is lost costs the counts that it had, not all
        require_full_coverage=False,
        **options,  # type: ignore[arg-type]
        **address.options,
    )
    assert isinstance(storage.bridge, RedispyBridge)
    client: Any = storage.bridge.get_connection()  # a RedisCluster; limits' protocol for it names no aclose
    return LoginCounts(storage, client.aclose)
