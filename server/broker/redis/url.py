"""Parses Redis URLs. No I/O.

    redis://host:port/db   rediss://…   unix:///path
    redis+sentinel://host:port,host:port/SERVICE/DB
    redis+cluster://host:port,host:port

User name and password precede the hosts. TLS: `rediss://`, or `?ssl=true` in the last two; `TLS_OPTIONS` such
as `ssl_ca_certs` set the certificates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")
DEFAULT_PORTS = {"redis+sentinel": 26379, "redis+cluster": 6379}
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
TLS_OPTIONS = (*TLS_FILES, "ssl_cert_reqs", "ssl_check_hostname")
SOCKET_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL with several hosts. `options` are for the servers, including user name and password;
    `sentinels` are for the Sentinels: `?sentinel_username`, `?sentinel_password`, `?sentinel_ssl=true`."""

    hosts: list[tuple[str, int]]
    path: list[str]
    options: dict[str, Any]
    sentinels: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> int:
        """Database number, from the path after the service name."""
        return int(self.path[1]) if len(self.path) > 1 else 0


def scheme_of(url: str) -> str:
    """What precedes `://`."""
    return url.partition("://")[0].lower()


def check_url(url: str) -> None:
    """Raises ValueError for an invalid URL; the message says why and contains no password."""
    scheme = scheme_of(url)
    if scheme not in SCHEMES:
        raise ValueError("must start with " + ", ".join(f"{x}://" for x in SCHEMES))
    _, path = _split(url)
    query = dict(parse_qsl(path.query))
    for name in TLS_FILES:
        if name in query and not Path(query[name]).is_file():
            raise ValueError(f"{name}: no such file: {query[name]}")
    if scheme in DEFAULT_PORTS:
        _check_several(scheme, parse(url))
        return
    try:
        Redis.from_url(url).connection_pool.make_connection()  # type: ignore[no-untyped-call]
    except TypeError as error:
        # redis-py passes all options on and checks them only when it connects, which is too late
        raise ValueError(f"{scheme}://: {str(error).rpartition(') ')[2]}") from error


def hosts(url: str) -> list[str]:
    """The hosts that a URL names; none for a Unix socket, or where redis-py's own stands in."""
    if scheme_of(url) in DEFAULT_PORTS:
        return [host for host, _ in parse(url).hosts]
    parts = urlsplit(url)
    return [parts.hostname] if parts.scheme != "unix" and parts.hostname else []


def _check_several(scheme: str, address: Address) -> None:
    if scheme == "redis+sentinel" and not 1 <= len(address.path) <= 2:
        raise ValueError("redis+sentinel:// needs a service name: …host:port/SERVICE")
    if scheme == "redis+cluster" and address.path:
        raise ValueError("redis+cluster:// must have no path: a cluster has no numbered databases")
    if len(address.path) == 2 and not address.path[1].isdecimal():
        raise ValueError("redis+sentinel://…/SERVICE/DB: DB must be a number")


def connection_options(name: str, *, seconds: float = SOCKET_SECONDS) -> dict[str, Any]:
    """Options for every connection. redis-py's own retries are off: callers retry, because they must know of
    failures.

    Args:
        name: the client name shown by `CLIENT LIST`.
        seconds: time limit to connect and for each reply.
    """
    return {
        "protocol": 2,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        "client_name": name,
    }


def client_of(url: str, options: dict[str, Any]) -> Redis:
    """A client for a single-server URL."""
    if scheme_of(url) == "unix":
        options = {name: value for name, value in options.items() if name != "socket_keepalive"}
    return Redis.from_url(url, **options)


def parse(url: str) -> Address:
    """Parse a URL with several hosts. Raises ValueError."""
    authority, parts = _split(url)
    login, _, places = authority.rpartition("@")
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
    servers, sentinels = _query(parts.query, with_sentinels=parts.scheme == "redis+sentinel")
    path = [unquote(x) for x in parts.path.split("/") if x]
    return Address(hosts, path, options | servers, sentinels)


def _split(url: str) -> tuple[str, SplitResult]:
    """The part with the hosts, and what urlsplit says of the rest: it knows one host only, and some versions
    refuse an IPv6 address after another host."""
    scheme, _, rest = url.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    return authority, urlsplit(f"{scheme}://{rest[len(authority):]}")


def _query(text: str, *, with_sentinels: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options for the servers, and those for the Sentinels."""
    servers: dict[str, Any] = {}
    sentinels: dict[str, Any] = {}
    tls: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name == "ssl":
            servers["ssl"] = _is_true(value)
        elif name in TLS_OPTIONS:
            tls[name] = _is_true(value) if name == "ssl_check_hostname" else value
        elif name == "sentinel_ssl" and with_sentinels:
            sentinels["ssl"] = _is_true(value)
        elif name in ("sentinel_username", "sentinel_password") and with_sentinels:
            sentinels[name.removeprefix("sentinel_")] = value
        else:
            raise ValueError(f"unknown option: {name!r}")
    if tls and not (servers.get("ssl") or sentinels.get("ssl")):
        raise ValueError(f"{next(iter(tls))} needs ssl=true")
    return (
        servers | (tls if servers.get("ssl") else {}),
        sentinels | (tls if sentinels.get("ssl") else {}),
    )


def _is_true(value: str) -> bool:
    return value.lower() in ("1", "true", "yes")
