"""Serves pictures to readers while a published entry shows them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import NotFound
from server.domain.media import Media
from server.domain.permissions import Action, may
from server.media.urls import file_name, rendition_name
from server.store import media
from server.web.authenticate import caller_of
from server.web.conditional import client_has
from server.web.site import site_of

PUBLIC = "public, max-age=60, must-revalidate"
"""Short, so that a retraction reaches every cache within a minute."""
NEWSROOM = "private, no-cache"


async def picture(request: Request) -> Response:
    """A picture at full size or as a rendition; 404 for readers unless a published entry shows it."""
    site = site_of(request)
    media_id, name = request.path_params["media_id"], request.path_params["name"]
    async with site.database.read() as connection:
        item = await media.get(connection, media_id)
        public = await media.is_public(connection, media_id)
    if not public and not may(await caller_of(request), Action.MEDIA_UPLOAD):
        raise NotFound("Picture not found.")
    width = _width(item, name)
    headers = {
        "Cache-Control": PUBLIC if public else NEWSROOM,
        "ETag": f'"{item.sha256[:24]}-{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if client_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    body = await site.desk.media.get(file_name(media_id, width))
    return Response(body, media_type=item.mime if width is None else "image/webp", headers=headers)


def _width(item: Media, name: str) -> int | None:
    """Width that `name` asks for; None for the full size. Raises NotFound for unknown sizes."""
    for width in (None, *item.widths):
        if name == rendition_name(width):
            return width
    raise NotFound("Picture not found.")
