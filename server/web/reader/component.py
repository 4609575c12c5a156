"""A live blog inside another site's page: the script of `<stop-press-blog>`, and what it fetches."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.encoding import takes_gzip
from server.web.conditional import client_has
from server.web.reader import page_cache
from server.web.reader.embedded import part_of_blog
from server.web.site import site_of

SCRIPT = "reader/web_component.js"
SCRIPT_SECONDS = 300
"""Other sites name the address for years: a release reaches them within minutes."""


async def content(request: Request) -> Response:
    """`/live/{slug}/component`: the blog as the script needs it, for scripts of any site."""
    return page_cache.answer(request, await part_of_blog(request, "reader/component.html"))


async def script(request: Request) -> Response:
    """`/embed.js`: the bundle, or without bundles a script that loads the source. Both are plain scripts."""
    assets = site_of(request).assets
    found = assets.get(SCRIPT)
    body, packed = f'import("{assets.url(SCRIPT)}")'.encode(), None
    if found is not None and SCRIPT in assets.bundled:
        body, packed = found.body, found.gzipped
    headers = {
        "ETag": f'W/"{hashlib.sha256(body).hexdigest()[:20]}"', "Vary": "Accept-Encoding",
        "Cache-Control": f"public, max-age={SCRIPT_SECONDS}",
    }
    if client_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if packed is not None and takes_gzip(*request.headers.getlist("accept-encoding")):
        body, headers["Content-Encoding"] = packed, "gzip"
    return Response(body, media_type="text/javascript; charset=utf-8", headers=headers)
