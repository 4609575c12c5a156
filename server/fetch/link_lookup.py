"""Looks up links: oEmbed data of providers (oembed.com) and what other pages say about themselves."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import structlog

from server.domain.providers import Providers, plays_in_place
from server.fetch import page_head
from server.fetch.client import FetchClient
from server.fetch.errors import FetchError, Refused
from server.fetch.preview import Preview

log = structlog.get_logger()

SECONDS = 5.0
"""For the data and the picture together; data without a picture is better than none."""
JSON = frozenset({"application/json", "application/json+oembed", "text/json", "text/javascript"})
PAGES = frozenset({"text/html", "application/xhtml+xml"})
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/jpg"})
DATA_BYTES = 131_072
PAGE_BYTES = 524_288
PICTURE_BYTES = 6_291_456
WORDS = 4_000
"""Characters of a title, a name or a description that are looked at."""
HTML = 20_000
_GONE = frozenset({401, 403, 404, 410})
"""oEmbed §2.3.4: private, or not there. Of a page only 404 and 410 say so."""
_reading = ThreadPoolExecutor(1, "page-head")


class Lookup:
    """Previews of links, by the table of providers.

    Args:
        client: what fetches.
        providers: see domain/providers.py.
        seconds: for one link.
    """

    def __init__(self, client: FetchClient, providers: Providers, *, seconds: float = SECONDS) -> None:
        self._client, self._providers, self._seconds = client, providers, seconds

    async def of(self, url: str) -> Preview | None:
        """See `PreviewSource`."""
        if plays_in_place(url):
            return None
        deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(deadline):
                found, picture = await self._words(url)
        except (FetchError, TimeoutError) as error:
            log.info("preview.failed", host=_host(url), reason=str(error)[:200] or "time was up")
            return None
        if found is None or not picture:
            return found
        try:
            async with asyncio.timeout_at(deadline):
                fetched = await self._client.get(picture, types=PICTURES, body_bytes=PICTURE_BYTES)
        except (FetchError, TimeoutError) as error:
            log.info("preview.no_picture", host=_host(picture), reason=str(error)[:200] or "time was up")
            return found
        return replace(found, image=fetched.body)

    async def _words(self, url: str) -> tuple[Preview | None, str]:
        """The preview, and the address of its picture."""
        provider = self._providers.of(url)
        if provider is None:
            return await self._page(url)
        address = self._providers.data_url(url)
        if not address:
            return None, ""  # it answers nobody, or it is no post: its name is known all the same
        try:
            fetched = await self._client.get(address, types=JSON, body_bytes=DATA_BYTES)
        except Refused as error:
            if error.status in _GONE:
                return Preview(provider=provider.name, gone=True), ""
            raise
        return of_data(fetched.body, provider.name)

    async def _page(self, url: str) -> tuple[Preview | None, str]:
        try:
            fetched = await self._client.get(url, types=PAGES, body_bytes=PAGE_BYTES, cut=True)
        except Refused as error:
            if error.status in (404, 410):
                return Preview(gone=True), ""
            raise
        return await asyncio.get_running_loop().run_in_executor(
            _reading, of_page, fetched.body, fetched.charset, fetched.url
        )


def of_data(body: bytes, provider: str) -> tuple[Preview | None, str]:
    """What oEmbed data says (oEmbed §2.3.4), and the address of its thumbnail."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(data, dict):
        return None, ""
    found = Preview(
        title=_text(data, "title", WORDS), provider=provider, author=_text(data, "author_name", WORDS),
        html=_text(data, "html", HTML),
    )
    return found, _text(data, "thumbnail_url", WORDS)


def of_page(body: bytes, charset: str, url: str) -> tuple[Preview | None, str]:
    """What a page says in its head, and the address of its picture. None for a page without a title."""
    said = page_head.read(page_head.decode(body, charset))
    title = said.get("og:title") or said.get("twitter:title") or said.get("title") or ""
    if not title:
        return None, ""
    description = said.get("og:description") or said.get("description") or ""
    picture = said.get("og:image:secure_url") or said.get("og:image") or said.get("twitter:image") or ""
    found = Preview(
        title=title[:WORDS], provider=said.get("og:site_name", "")[:WORDS], description=description[:WORDS]
    )
    try:
        return found, urljoin(url, picture) if picture else ""
    except ValueError:  # brackets that hold no address
        return found, ""


def _text(data: dict[str, Any], name: str, most: int) -> str:
    value = data.get(name)
    return value[:most] if isinstance(value, str) else ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:200]
    except ValueError:
        return ""
