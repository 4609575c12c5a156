"""Cache of rendered pages: a burst of readers renders a page only once."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.encoding import gzipped, takes_gzip
from server.web.conditional import client_has, last_modified

CAPACITY = 128
"""Most rendered pages in memory, up to 60 to 80 KB each."""
CAPACITY_BYTES = 33_554_432
"""Most bytes of them: a sitemap has megabytes."""
HOSTS_CAPACITY = 32
"""Most pages kept with the address of one host in them, where the server was not told its own."""
ANY_HOST = f"{secrets.token_hex(16)}.invalid"
"""Stands in a rendered page for the site's host, which is known with the request only (RFC 2606). Nobody can
guess it, so no text of an entry holds it."""
GZIP_LEVEL = 6
# Shared caches may serve a page for one second only, so that retracted text disappears.
SHORT = "public, max-age=0, s-maxage=1, must-revalidate"


@dataclass(frozen=True, slots=True)
class Kept:
    """A rendered page. The ETag is weak because it applies to the compressed and the plain form. `modified`:
    when readers last saw a change of it, where a client may ask by that (feeds)."""

    body: bytes
    gzipped: bytes
    etag: str
    media_type: str
    modified: datetime | None = None

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.body) + len(self.gzipped)

    @classmethod
    def of(
        cls, text: str, *, etag: str, media_type: str, modified: datetime | None = None
    ) -> Kept:
        body = text.encode("utf-8", "replace")
        return cls(body, gzip.compress(body, GZIP_LEVEL, mtime=0), f'W/"{etag}"', media_type, modified)

    @classmethod
    def known(cls, etag: str, *, media_type: str) -> Kept:
        """A page that is not rendered, because the client has it."""
        return cls(b"", b"", f'W/"{etag}"', media_type)

    @classmethod
    def of_bytes(cls, body: bytes, *, etag: str, media_type: str) -> Kept:
        """A picture, which is compressed already."""
        return cls(body, b"", f'"{etag}"', media_type)

    async def at(self, base: str) -> Kept:
        """The page with the host of this address where `ANY_HOST` stands."""
        body = self.body.replace(ANY_HOST.encode(), base.partition("://")[2].encode())
        return replace(self, body=body, gzipped=await gzipped(body))


class RenderedOnce:
    """LRU cache bounded by count and bytes. Concurrent requests for one key share one rendering."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Kept]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> Kept:
        """The page stored under `key`, made with `make` if missing."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.ensure_future(make())
            task.add_done_callback(lambda done: self._made(key, done))
        # a request that is cancelled must not cancel the rendering for others
        return await asyncio.shield(task)

    def _made(self, key: Hashable, task: asyncio.Task[Kept]) -> None:
        del self._making[key]
        if task.cancelled() or task.exception() is not None:
            return
        self._kept[key] = made = task.result()
        self._bytes += made.size
        while len(self._kept) > self._capacity or self._bytes > CAPACITY_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


class KeptPages:
    """The rendered pages of this process. Keys contain the feed's position, so stale pages are never requested
    again and are evicted.

    Args:
        public_url: the site's address without a trailing slash. Empty when it is the one of the request: pages
            are then rendered without a host, which is put in afterwards, so that whoever invents Host headers
            has nothing rendered and pushes no page out.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._pages = RenderedOnce(CAPACITY)
        self._hosts = RenderedOnce(HOSTS_CAPACITY)

    def __len__(self) -> int:
        return len(self._pages) + len(self._hosts)

    async def get(self, key: Hashable, make: Callable[[str], Awaitable[Kept]], *, base: str) -> Kept:
        """The page stored under `key`, with `base` as the site's address. If missing, `make` renders it, with
        the address that it is given."""
        if base == self._public_url:
            return await self._pages.get(key, lambda: make(base))
        anywhere = f"{base.partition('://')[0]}://{ANY_HOST}"  # what a `//link` means hangs on the scheme
        page = await self._pages.get((key, anywhere), lambda: make(anywhere))
        return await self._hosts.get((key, base), lambda: page.at(base))


def digest(text: str) -> str:
    """Short digest of everything that a page depends on but its host, for its ETag."""
    return hashlib.sha256(text.replace(ANY_HOST, "").encode()).hexdigest()[:20]


def answer(request: Request, kept: Kept, *, status: int = 200) -> Response:
    """Response with the page: 304, compressed or plain, depending on the request."""
    headers = {"ETag": kept.etag, "Cache-Control": SHORT, "Vary": "Accept-Encoding"}
    modified = last_modified(kept.modified)
    if modified:
        headers["Last-Modified"] = modified
    if status == 200 and client_has(request, kept.etag, modified):
        return Response(status_code=304, headers=headers)
    body = kept.body
    if kept.gzipped and takes_gzip(*request.headers.getlist("accept-encoding")):
        body, headers["Content-Encoding"] = kept.gzipped, "gzip"
    return Response(body, status_code=status, media_type=kept.media_type, headers=headers)
