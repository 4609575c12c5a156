"""Cache of rendered pages: a burst of readers renders a page only once."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.encoding import takes_gzip
from server.web.conditional import client_has

CAPACITY = 128
"""Most rendered pages in memory, up to 60 to 80 KB each."""
GZIP_LEVEL = 6
# Shared caches may serve a page for one second only, so that retracted text disappears.
SHORT = "public, max-age=0, s-maxage=1, must-revalidate"


@dataclass(frozen=True, slots=True)
class Kept:
    """A rendered page. The ETag is weak because it applies to the compressed and the plain form."""

    body: bytes
    gzipped: bytes
    etag: str
    media_type: str

    @classmethod
    def of(cls, text: str, *, etag: str, media_type: str) -> Kept:
        body = text.encode("utf-8", "replace")
        return cls(body, gzip.compress(body, GZIP_LEVEL, mtime=0), f'W/"{etag}"', media_type)


class KeptPages:
    """LRU cache of rendered pages. Keys contain the feed's position, so stale pages are never requested again
    and are evicted."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Kept]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> Kept:
        """The page stored under `key`, rendered with `make` if missing; concurrent requests share one
        rendering."""
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
        self._kept[key] = task.result()
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


def digest(text: str) -> str:
    """Short digest of everything that a page depends on, for its ETag."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def answer(request: Request, kept: Kept, *, status: int = 200) -> Response:
    """Response with the page: 304, compressed or plain, depending on the request."""
    headers = {"ETag": kept.etag, "Cache-Control": SHORT, "Vary": "Accept-Encoding"}
    if status == 200 and client_has(request, kept.etag):
        return Response(status_code=304, headers=headers)
    body = kept.body
    if takes_gzip(*request.headers.getlist("accept-encoding")):
        body, headers["Content-Encoding"] = kept.gzipped, "gzip"
    return Response(body, status_code=status, media_type=kept.media_type, headers=headers)
