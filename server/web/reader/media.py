"""Serves pictures to readers while a published entry shows them."""

from __future__ import annotations

import asyncio
import os
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.domain.errors import Gone, NotFound
from server.domain.media import Media
from server.domain.permissions import Action, may
from server.media.urls import file_name, rendition_name
from server.store import media, removed_pictures
from server.web.authenticate import caller_of
from server.web.backpressure import PIECE_BYTES
from server.web.conditional import client_has
from server.web.site import site_of

PUBLIC = "public, max-age=60, must-revalidate"
"""Short, so that a retraction reaches every cache within a minute."""
NEWSROOM = "private, no-cache"


async def picture(request: Request) -> Response:
    """A picture at full size or as a rendition; 404 for readers unless a published entry shows it, 410 for
    everybody once it was removed."""
    site = site_of(request)
    media_id, name = request.path_params["media_id"], request.path_params["name"]
    async with site.database.read() as connection:
        public = await media.is_public(connection, media_id)
        if public:
            item = await media.get(connection, media_id)
        elif await removed_pictures.find(connection, media_id):
            raise Gone("This picture has been removed.")
    if not public:
        caller = await caller_of(request)
        if caller is None or not may(caller, Action.MEDIA_UPLOAD):
            raise NotFound("Picture not found.")
        async with site.database.read() as connection:
            item = await media.get_for(connection, caller, media_id)
    width = _width(item, name)
    headers = {
        "Cache-Control": PUBLIC if public else NEWSROOM,
        "ETag": f'"{item.sha256[:24]}-{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if client_has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    file = await site.desk.media.open(file_name(media_id, width))
    return _Picture(file, media_type=item.mime if width is None else "image/webp", headers=headers)


class _Picture(Response):
    """A file, read a piece at a time when the client has taken the one before."""

    def __init__(self, file: BinaryIO, *, media_type: str, headers: dict[str, str]) -> None:
        size = os.fstat(file.fileno()).st_size
        super().__init__(headers=headers | {"Content-Length": str(size)}, media_type=media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            more = scope["method"] != "HEAD"
            while more:
                part = await asyncio.to_thread(self._file.read, PIECE_BYTES)
                more = len(part) == PIECE_BYTES
                await send({"type": "http.response.body", "body": part, "more_body": more})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})


def _width(item: Media, name: str) -> int | None:
    """Width that `name` asks for; None for the full size. Raises NotFound for unknown sizes."""
    for width in (None, *item.widths):
        if name == rendition_name(width):
            return width
    raise NotFound("Picture not found.")
