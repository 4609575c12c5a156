"""From a URL to a broker: one server, Sentinel, or a cluster.

    redis://host:port/db   rediss://…   unix:///path
    redis+sentinel://host:port,host:port/SERVICE/DB
    redis+cluster://host:port,host:port

User and password stand before the hosts; `?ssl=true` asks for TLS in the last two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from server.broker.channels import probe_channel
from server.broker.cluster import ClusterCarrier
from server.broker.lane import Lane
from server.broker.protocol import Broker
from server.broker.receiver import Receiver
from server.broker.redis import RedisBroker
from server.domain.position import new_id

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")
DEFAULT_PORTS = {"redis+sentinel": 26379, "redis+cluster": 6379}
SOCKET_SECONDS = 2.0
SENTINEL_SECONDS = 0.5
"""Sentinels are asked one after the other before each probe; one that is away must not hold it up."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL with several hosts says. `options` are for the servers; user and password are theirs."""

    hosts: list[tuple[str, int]]
    path: list[str]
    options: dict[str, Any]


def broker_from_url(url: str, *, probing: bool = True) -> Broker:
    """The broker that a URL names; not started.

    Args:
        probing: off only in tests that show what the probe is for.

    Raises:
        ValueError: the URL cannot be used; the message says why.
    """
    check_url(url)
    scheme = urlsplit(url).scheme
    process = new_id()
    if scheme == "redis+sentinel":
        return _sentinel_broker(url, process, probing=probing)
    if scheme == "redis+cluster":
        return _cluster_broker(url, process, probing=probing)
    options = _options(process)
    if scheme == "unix":
        del options["socket_keepalive"]
    client = Redis.from_url(url, **options)

    def carry(receiver: Receiver) -> Lane:
        return Lane(client, receiver, probe_channel=probe_channel(process), probing=probing)

    return RedisBroker("redis", carry)


def check_url(url: str) -> None:
    """Raises ValueError for a URL that broker_from_url does not take."""
    scheme = urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise ValueError("must start with " + ", ".join(f"{x}://" for x in SCHEMES))
    if scheme in DEFAULT_PORTS:
        address = _address(url)
        if scheme == "redis+sentinel" and not 1 <= len(address.path) <= 2:
            raise ValueError("redis+sentinel:// needs the name of the service: …host:port/SERVICE")
        if scheme == "redis+cluster" and address.path:
            raise ValueError("redis+cluster:// takes no path: a cluster has no numbered databases")
        if len(address.path) == 2 and not address.path[1].isdecimal():
            raise ValueError("redis+sentinel://…/SERVICE/DB: DB is a number")


def _options(process: str) -> dict[str, Any]:
    """For every connection. What fails is repeated by the broker itself, which has to know of it."""
    return {
        "protocol": 2,
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        "client_name": f"stoppress-{process}",
    }


def _address(url: str) -> Address:
    # not urlsplit's hostname and port: there may be several
    parts = urlsplit(url)
    login, _, places = parts.netloc.rpartition("@")
    hosts = []
    for place in places.split(","):
        host, _, port = place.rpartition(":") if ":" in place and not place.endswith("]") else (place, "", "")
        if not host or (port and not port.isdecimal()):
            raise ValueError(f"not host:port: {place!r}")
        hosts.append((host.strip("[]"), int(port) if port else DEFAULT_PORTS[parts.scheme]))
    options: dict[str, Any] = {}
    if login:
        user, _, password = login.partition(":")
        options = {"username": unquote(user) or None, "password": unquote(password) or None}
    if parse_qs(parts.query).get("ssl", ["false"])[-1].lower() in ("1", "true", "yes"):
        options["ssl"] = True
    return Address(hosts, [unquote(x) for x in parts.path.split("/") if x], options)


def _sentinel_broker(url: str, process: str, *, probing: bool) -> RedisBroker:
    address = _address(url)
    service, *database = address.path
    # a password is the servers'; sentinels are asked without one unless they share it
    sentinels = _options(process) | {
        "socket_timeout": SENTINEL_SECONDS,
        "socket_connect_timeout": SENTINEL_SECONDS,
    }
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        sentinel_kwargs=sentinels,
        **_options(process),
        **address.options,
        db=int(database[0]) if database else 0,
    )
    client = sentinel.master_for(service)
    pool = client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    seen: list[Any] = []

    async def locate() -> None:
        # the pool itself drops only idle connections: one in use at that moment would stay with the old master
        address = await pool.get_master_address()  # type: ignore[no-untyped-call]
        if seen and seen[-1] != address:
            await pool.disconnect(inuse_connections=True)
        seen[:] = [address]

    def carry(receiver: Receiver) -> Lane:
        return Lane(
            client,
            receiver,
            probe_channel=probe_channel(process),
            locate=locate,
            also_close=sentinel.aclose,
            probing=probing,
        )

    return RedisBroker("redis+sentinel", carry)


def _cluster_broker(url: str, process: str, *, probing: bool) -> RedisBroker:
    address = _address(url)
    options = _options(process) | address.options

    def client_of(host: str, port: int) -> Redis:
        return Redis(host=host, port=port, **options)

    def carry(receiver: Receiver) -> ClusterCarrier:
        return ClusterCarrier(address.hosts, client_of, receiver, process=process, probing=probing)

    return RedisBroker("redis+cluster", carry)
