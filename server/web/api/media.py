"""`/api/v1/media`: pictures, uploaded as multipart/form-data with the file in the field `file`."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Invalid, UnsupportedMedia
from server.domain.media import Media
from server.domain.permissions import Action, require
from server.media.urls import image_url
from server.newsroom import media
from server.store import media as stored
from server.web.api import request_parsing
from server.web.api.json_response import shown
from server.web.authenticate import require_caller
from server.web.site import site_of

FIELDS = tuple(media.MAX_WORDS)
MAX_FIELD_BYTES = 16_384


async def index(request: Request) -> Response:
    """Newest first."""
    request_parsing.known(request, "limit")
    caller = await require_caller(request)
    require(caller, Action.MEDIA_UPLOAD)
    limit = request_parsing.limit_of(request)
    async with site_of(request).database.read() as connection:
        found = await stored.latest(connection, caller, limit=limit)
    return shown(request, caller, {"media": [_json(m) for m in found]})


async def create(request: Request) -> Response:
    """The format is detected from the content; file name and Content-Type are ignored."""
    caller = await require_caller(request)
    require(caller, Action.MEDIA_UPLOAD)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("Send multipart/form-data with the picture in the field “file”.")
    request_parsing.require_utf8(request)
    site = site_of(request)
    async with request.form(max_files=1, max_fields=len(FIELDS), max_part_size=MAX_FIELD_BYTES) as form:
        unknown = [name for name in form if name not in ("file", *FIELDS)]
        if unknown:
            raise Invalid.field(unknown[0][:100], f"unknown field; the fields are file, {', '.join(FIELDS)}")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid.field("file", "required: the picture, as a file")
        data = await file.read()
        words = {name: form.get(name, "") for name in FIELDS}
    for name, value in words.items():
        if not isinstance(value, str):
            raise Invalid.field(name, "must be text, not a file")
    item = await media.upload(
        site.desk, caller, data, **{n: str(v) for n, v in words.items()},
        max_bytes=site.limits.upload_bytes, max_pixels=site.limits.upload_pixels,
    )
    return shown(request, caller, _json(item), status=201, headers={"Location": f"/api/v1/media/{item.id}"})


async def show(request: Request) -> Response:
    """Metadata; the picture itself is at `url`."""
    request_parsing.known(request)
    caller = await require_caller(request)
    require(caller, Action.MEDIA_UPLOAD)
    async with site_of(request).database.read() as connection:
        item = await stored.get_for(connection, caller, request.path_params["id"])
    return shown(request, caller, _json(item))


def _json(item: Media) -> dict[str, Any]:
    return item.to_json() | {"url": image_url(item.id)}
