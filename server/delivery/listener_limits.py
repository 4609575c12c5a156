"""How many listeners there may be: in total, and from one client address."""

from __future__ import annotations

import functools
import ipaddress
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.delivery.deadlines import Deadlines
from server.delivery.private_streams import PrivateStreams
from server.domain.change import FeedKey
from server.hub.hub import Hub

CLOSE_SECONDS = 5.0
"""How long a peer may take to finish a close before the connection is cut."""

MAX_HOST = 64
"""Longer than any address with a zone. A trusted proxy may pass on what its client wrote."""


def counted_address(host: str) -> str:
    """An address as limits count it: of IPv6 the /64, because one client has all of it. What is too long for an
    address is unknown."""
    return _counted(host) if len(host) <= MAX_HOST else "unknown"


@functools.lru_cache(maxsize=65_536)
def _counted(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


class StreamGate:
    """Admits listeners of this process, and holds what all streams have in common.

    Args:
        retry_ms: the wait that listeners are told, in milliseconds.
        buffer_bytes: what may wait for one connection before it lags.
        compress: whether streams are compressed for clients that accept it.
        max_listeners, max_per_address: open streams, in total and from one client address.
        trusted_proxies: addresses or networks whose X-Forwarded-For and -Proto are believed.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        retry_ms: int,
        buffer_bytes: int,
        compress: bool,
        max_listeners: int,
        max_per_address: int,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self.hub = hub
        self.retry_ms = retry_ms
        self.buffer_bytes = buffer_bytes
        self.compress = compress
        self.max_listeners, self.max_per_address = max_listeners, max_per_address
        proxies = ProxyHeadersMiddleware(cast(Any, None), trusted_hosts=list(trusted_proxies))
        self._proxies = proxies.trusted_hosts
        self.count = 0
        self.refused = 0
        self.by_address: Counter[str] = Counter()
        self.public: dict[str, FeedKey] = {}
        """The feeds of blogs that are known to be public, by slug. A blog that was public stays so."""
        self.slugs: dict[str, tuple[str, str]] = {}
        """The slug that a public blog has in an epoch, by its id."""
        self.closing = Deadlines(CLOSE_SECONDS)
        self.private = PrivateStreams()

    def trusts(self, peer: str) -> bool:
        """Whether forwarding headers of this peer are believed."""
        return peer in self._proxies

    def address_of(self, peer: str, forwarded: bytes | None) -> str:
        """The client's address as limits count it; a trusted proxy's word is taken for it."""
        if forwarded is not None and peer in self._proxies:
            peer = self._proxies.get_trusted_client_address(forwarded.decode("latin-1"))[0]
        return counted_address(peer)

    def has_room(self, address: str) -> bool:
        """Whether one more stream from this address may be opened."""
        return (
            self.count < self.max_listeners
            and self.by_address.get(address, 0) < self.max_per_address
            and not self.hub.draining
        )

    def admit(self, address: str) -> bool:
        """Count one more stream, unless there are too many or the process is about to end."""
        if not self.has_room(address):
            self.refused += 1
            return False
        self.count += 1
        self.by_address[address] += 1
        return True

    def release(self, address: str) -> None:
        """A stream that was admitted has ended."""
        self.count -= 1
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]
