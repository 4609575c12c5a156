"""Serves static files from memory."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.delivery.encoding import takes_gzip
from server.domain.errors import NotFound
from server.web.site import site_of

FOREVER = "public, max-age=31536000, immutable"


async def asset(request: Request) -> Response:
    parameters = request.path_params
    found, current = site_of(request).assets.requested(parameters["digest"], parameters["name"])
    if found is None:
        raise NotFound
    # A URL with an older digest gets the current file, but must not be cached for ever.
    headers = {"Cache-Control": FOREVER if current else "no-cache", "Vary": "Accept-Encoding"}
    body = found.body
    if found.gzipped is not None and takes_gzip(*request.headers.getlist("accept-encoding")):
        body, headers["Content-Encoding"] = found.gzipped, "gzip"
    return Response(body, media_type=found.media_type, headers=headers)
