"""The guarded HTTP client: fetches what somebody pasted a link to, and cannot be used to reach what is private.

Only `http` and `https` on their own ports, to public addresses (addresses.py, pinned.py), without cookies and
credentials; each redirect is checked again; time and bytes are bounded, also after decompression. It does not
keep connections, and one fetch never shares state with another.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

import httpcore2
import httpx2

from server.fetch.addresses import is_public
from server.fetch.errors import Blocked, FetchError, Refused, Unreachable, Unusable
from server.fetch.pinned_network import Allowance, PinnedBackend, Resolve, resolve

USER_AGENT = "StopPress/0.1 (link preview)"
PORTS = {"http": 80, "https": 443}
SECONDS = 4.0
"""For one fetch: resolving, connecting and all redirects together."""
HEAD_BYTES = 32_768
BODY_BYTES = 1_048_576
MAX_REDIRECTS = 5
MAX_URL = 2_048
MAX_CHUNKS = 4_000
"""Parts that a body comes in. Chunks of one byte cost a thousand times what their bytes would."""
AT_ONCE = 8
"""Fetches of this process at the same time; others wait, and their time runs."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with status 200. `url` is the last one, after redirects; `content_type` has no parameters and
    is in lower case; `charset` may be empty."""

    url: str
    content_type: str
    charset: str
    body: bytes


class FetchClient:
    """Fetches with GET.

    Args:
        resolve, permitted, ports, tls: for tests; the defaults are the system's resolver, public addresses, the
            usual port of each scheme, and the system's certificates.
        seconds: for one fetch.
    """

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        permitted: Callable[[str], bool] = is_public,
        ports: Callable[[str, int], bool] = lambda scheme, port: PORTS[scheme] == port,
        tls: Callable[[], ssl.SSLContext] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._resolve, self._permitted, self._ports = resolve, permitted, ports
        self._tls = tls or _system_tls
        self._seconds = seconds
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def get(
        self, url: str, *, types: Collection[str], body_bytes: int = BODY_BYTES, cut: bool = False
    ) -> Fetched:
        """Fetch a URL.

        Args:
            types: content types that may come, without parameters.
            body_bytes: most bytes of the body, before and after decompression.
            cut: take the first `body_bytes` of a longer body instead of failing.

        Raises:
            Blocked: the URL, or one that it redirects to, must not be fetched.
            Unreachable: no answer in time.
            Refused: another status than 200, or more than 5 redirects.
            Unusable: another content type, too large or broken.
        """
        try:
            async with asyncio.timeout(self._seconds), self._turn:
                return await self._follow(url, types, body_bytes, cut)
        except TimeoutError as error:
            raise Unreachable("time was up") from error

    async def _follow(self, url: str, types: Collection[str], body_bytes: int, cut: bool) -> Fetched:
        target = self._checked(url)
        for _ in range(MAX_REDIRECTS + 1):
            found = await self._once(target, types, body_bytes, cut)
            if isinstance(found, Fetched):
                return found
            target = self._checked(_joined(target, found))
        raise Refused(310)

    def _checked(self, url: str | httpx2.URL) -> httpx2.URL:
        """The URL, if it may be asked for. Raises Blocked."""
        if len(str(url)) > MAX_URL:
            raise Blocked("the URL is too long")
        try:
            target = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise Blocked("no URL") from error
        if target.scheme not in PORTS or not target.raw_host:
            raise Blocked("only http and https")
        if target.userinfo:
            raise Blocked("a URL with credentials")
        if b"%" in target.raw_host:
            raise Blocked("not the name of a host")
        port = PORTS[target.scheme] if target.port is None else target.port
        if not self._ports(target.scheme, port):
            raise Blocked(f"port {port}")
        return target

    async def _once(
        self, url: httpx2.URL, types: Collection[str], body_bytes: int, cut: bool
    ) -> Fetched | str:
        """The answer, or the `Location` that it redirects to."""
        allowance = Allowance(HEAD_BYTES)
        network = PinnedBackend(resolve=self._resolve, permitted=self._permitted, allowance=allowance)
        tls = self._tls() if url.scheme == "https" else None
        wire = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        try:
            async with (
                httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=network) as pool,
                pool.stream("GET", wire, headers=_headers(url, types)) as answer,
            ):
                head = _Head.of(answer)
                if head.location and answer.status in _REDIRECTS:
                    return head.location
                head.check(answer.status, types)
                allowance.extend(2 * body_bytes)  # of a compressed body, and of the framing of a chunked one
                body = await _read(answer, head.gzipped, body_bytes, cut)
        except FetchError:
            raise
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
            raise Unreachable(f"{url.host}: {str(error)[:200]}") from error
        except (httpcore2.ProtocolError, zlib.error) as error:
            raise Unusable(f"{url.host}: {str(error)[:200]}") from error
        return Fetched(str(url), head.content_type, head.charset, body)


@dataclass(frozen=True, slots=True)
class _Head:
    """What is used of an answer's head."""

    location: str
    content_type: str
    charset: str
    encoding: str

    @classmethod
    def of(cls, answer: httpcore2.Response) -> _Head:
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        kind, _, parameters = found.get("content-type", "").partition(";")
        _, _, charset = parameters.lower().partition("charset=")
        return cls(
            found.get("location", ""), kind.strip().lower(), charset.partition(";")[0].strip(" \"'")[:40],
            found.get("content-encoding", "").strip().lower(),
        )

    @property
    def gzipped(self) -> bool:
        return self.encoding in ("gzip", "x-gzip")

    def check(self, status: int, types: Collection[str]) -> None:
        if status != _OK:
            raise Refused(status)
        if self.content_type not in types:
            raise Unusable(f"content type {self.content_type[:100]!r}")
        if self.encoding not in ("", "identity", "gzip", "x-gzip"):
            raise Unusable(f"content encoding {self.encoding[:100]!r}")


def _headers(url: httpx2.URL, types: Collection[str]) -> list[tuple[bytes, bytes]]:
    return [
        (b"Host", url.netloc), (b"User-Agent", USER_AGENT.encode()),
        (b"Accept", ", ".join(sorted(types)).encode()), (b"Accept-Encoding", b"gzip"),
        (b"Connection", b"close"),
    ]


def _joined(base: httpx2.URL, location: str) -> httpx2.URL:
    """Where a redirect leads; a fragment is nothing that a server is told."""
    try:
        return base.join(location.encode("latin-1").decode("utf-8", "replace")).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Blocked("redirected to no URL") from error


async def _read(answer: httpcore2.Response, gzipped: bool, limit: int, cut: bool) -> bytes:
    """The body, decompressed. It is never larger than `limit`, whatever a few bytes expand to."""
    inflate = zlib.decompressobj(31) if gzipped else None
    body, parts = bytearray(), 0
    async for part in answer.aiter_stream():
        parts += 1
        if parts > MAX_CHUNKS:
            raise Unusable("the body comes in too many chunks")
        body += part if inflate is None else inflate.decompress(part, limit + 1 - len(body))
        if len(body) > limit:
            if not cut:
                raise Unusable("the body is too large")
            return bytes(body[:limit])
        if inflate is not None and inflate.eof:
            break
    if inflate is not None and not inflate.eof:
        raise Unusable("the body is not complete")
    return bytes(body)


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    """Reading the certificates takes tens of milliseconds: once."""
    return httpx2.create_ssl_context()
