"""The network below the client: names are resolved once, every address is checked, and the connection goes to
an address that was checked. TLS is above it and verifies the certificate for the name, not the address.

Resolving once is what defeats DNS rebinding: between a check and a second look-up, the answer may change.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import httpcore2

from server.fetch.errors import Blocked, Unreachable, Unusable

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host name (or of an address), for a port. Raises OSError if there are none."""
CONNECT_SECONDS = 2.0
"""For each address; the next one is tried after it."""
MAX_ADDRESSES = 4
_resolving = ThreadPoolExecutor(4, "resolve")
"""Threads of its own: a name server that does not answer must not hold up the disk."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The system's resolver."""
    found = await asyncio.get_running_loop().run_in_executor(
        _resolving, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Allowance:
    """How many bytes may still be read from a connection, head and framing included."""

    def __init__(self, bytes_left: int) -> None:
        self.bytes_left = bytes_left

    def extend(self, more: int) -> None:
        self.bytes_left += more


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to checked addresses only.

    Args:
        resolve: see `Resolve`.
        permitted: whether the server may connect to an IP address.
        allowance: bytes that may be read from the connections it makes.
    """

    def __init__(
        self, *, resolve: Resolve, permitted: Callable[[str], bool], allowance: Allowance
    ) -> None:
        self._resolve, self._permitted, self._allowance = resolve, permitted, allowance
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises Blocked if any of the addresses is not permitted, Unreachable if none answers."""
        for address in await self._checked(host, port):
            try:
                made = await self._network.connect_tcp(address, port, timeout=CONNECT_SECONDS)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
            return _Metered(made, self._allowance)
        raise Unreachable(f"no connection to {host}")

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host} does not resolve") from error
        refused = [a for a in addresses if not self._permitted(a)]
        if refused:
            raise Blocked(f"{host} is not public")
        if not addresses:
            raise Unreachable(f"{host} has no address")
        return addresses[:MAX_ADDRESSES]


class _Metered(httpcore2.AsyncNetworkStream):
    """A connection that is read no further than its allowance."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._allowance.bytes_left <= 0:
            raise Unusable("the answer is too large")
        data = await self._stream.read(min(max_bytes, self._allowance.bytes_left), timeout)
        self._allowance.bytes_left -= len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        above = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Metered(above, self._allowance)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
