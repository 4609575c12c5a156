"""Creates a broker from a Redis URL: single server, Sentinel or Cluster."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

from server.broker.protocol import Broker
from server.broker.redis.broker import RedisBroker
from server.broker.redis.channels import probe_channel
from server.broker.redis.cluster import ClusterTransport
from server.broker.redis.node import Node
from server.broker.redis.transport import Receiver
from server.broker.redis.url import (
    Address,
    check_url,
    client_of,
    connection_options,
    parse,
    scheme_of,
)
from server.domain.position import new_id

SENTINEL_SECONDS = 0.5
"""Time limit for one Sentinel: they are queried one after another before each probe, and a dead one must not
delay it."""


def broker_from_url(url: str, *, probing: bool = True) -> Broker:
    """Create a broker from a URL, without starting it.

    Args:
        probing: false only in tests that show what goes wrong without probes.

    Raises:
        ValueError: the URL is invalid; the message says why.
    """
    check_url(url)
    scheme = scheme_of(url)
    process = new_id()
    options = connection_options(f"stoppress-{process}")
    if scheme == "redis+sentinel":
        return _sentinel_broker(parse(url), options, process, probing=probing)
    if scheme == "redis+cluster":
        return _cluster_broker(parse(url), options, process, probing=probing)
    client = client_of(url, options)

    def carry(receiver: Receiver) -> Node:
        return Node(client, receiver, probe_channel=probe_channel(process), probing=probing)

    return RedisBroker("redis", carry)


def sentinel_of(address: Address, options: dict[str, Any]) -> Sentinel:
    """Sentinel client for an address; `options` are for connections to the servers.

    A password before the hosts is for the servers; Sentinels use only `sentinel_password`.
    """
    return Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        sentinel_kwargs=options
        | {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
        | address.sentinels,
        **options,
        **address.options,
        db=address.database,
    )


def _sentinel_broker(
    address: Address, options: dict[str, Any], process: str, *, probing: bool
) -> RedisBroker:
    sentinel = sentinel_of(address, options)
    client = sentinel.master_for(address.path[0])
    pool = client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    seen: list[Any] = []

    async def locate() -> None:
        # The pool drops only idle connections; one in use right now would stay with the old master.
        found = await pool.get_master_address()  # type: ignore[no-untyped-call]
        if seen and seen[-1] != found:
            await pool.disconnect(inuse_connections=True)
        seen[:] = [found]

    def carry(receiver: Receiver) -> Node:
        return Node(
            client,
            receiver,
            probe_channel=probe_channel(process),
            locate=locate,
            also_close=sentinel.aclose,
            probing=probing,
        )

    return RedisBroker("redis+sentinel", carry)


def _cluster_broker(
    address: Address, options: dict[str, Any], process: str, *, probing: bool
) -> RedisBroker:
    def client_of_node(host: str, port: int) -> Redis:
        return Redis(host=host, port=port, **options, **address.options)

    def carry(receiver: Receiver) -> ClusterTransport:
        return ClusterTransport(address.hosts, client_of_node, receiver, process=process, probing=probing)

    return RedisBroker("redis+cluster", carry)
