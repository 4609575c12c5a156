"""`/api/v1/media`: pictures, uploaded as multipart/form-data with the file in the field `file`."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Gone, Invalid, NotFound, UnsupportedMedia
from server.domain.media import Media
from server.domain.permissions import Action, Caller
from server.domain.times import to_text
from server.media.urls import image_url
from server.newsroom import media, picture_removal
from server.store import media as stored
from server.store import removed_pictures
from server.web.api import request_parsing
from server.web.api.json_response import shown
from server.web.api.request_models import PictureChanges
from server.web.authenticate import require_caller
from server.web.site import site_of

FIELDS = media.WORDS
MAX_FIELD_BYTES = 16_384


async def index(request: Request) -> Response:
    """Newest first, of those that you may see; `q` finds them by words of their texts and file name."""
    request_parsing.known(request, "q", "limit", "before")
    caller = await require_caller(request, Action.MEDIA_UPLOAD)
    limit, before = request_parsing.limit_of(request), request_parsing.before_of(request)
    words = request_parsing.words_of(request)
    async with site_of(request).database.read() as connection:
        found = await stored.latest(connection, caller, words=words, before=before, limit=limit + 1)
    page = found[:limit]
    further = request_parsing.cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return shown(request, caller, {"media": [_json(m) for m in page], "next": further})


async def create(request: Request) -> Response:
    """The format is detected from the content. A file that is kept already, and that you may see, is not kept
    twice: you get its picture. One whose picture was removed everywhere is refused (409)."""
    caller = await require_caller(request, Action.MEDIA_UPLOAD)
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
        data, file_name = await file.read(), file.filename or ""
        words = {name: form.get(name, "") for name in FIELDS}
    for name, value in words.items():
        if not isinstance(value, str):
            raise Invalid.field(name, "must be text, not a file")
    item = await media.upload(
        site.desk, caller, data, **{n: str(v) for n, v in words.items()}, name=file_name,
        max_bytes=site.limits.upload_bytes, max_pixels=site.limits.upload_pixels,
    )
    return shown(request, caller, _json(item), status=201, headers={"Location": f"/api/v1/media/{item.id}"})


async def show(request: Request) -> Response:
    """Metadata; the picture itself is at `url`."""
    request_parsing.known(request)
    caller = await require_caller(request, Action.MEDIA_UPLOAD)
    async with site_of(request).database.read() as connection:
        item = await _found(connection, caller, request.path_params["id"])
    return shown(request, caller, _json(item))


async def edit(request: Request) -> Response:
    """For entries that the picture is put into from now on; those that show it keep their own texts."""
    caller = await require_caller(request, Action.MEDIA_UPLOAD)
    body = await request_parsing.read(request, PictureChanges)
    media_id = request.path_params["id"]
    async with site_of(request).database.read() as connection:
        await _found(connection, caller, media_id)
    changed = body.model_dump(exclude_unset=True)
    return shown(request, caller, _json(await media.edit(site_of(request).desk, caller, media_id, changed)))


async def remove(request: Request) -> Response:
    """Its file and all sizes are deleted, and it is taken out of every entry and blog, all their versions and
    the bylines. Open pages follow at once. An entry that shows nothing else is retracted. This cannot be
    undone, and the same file is refused from then on."""
    request_parsing.known(request, "reason")
    caller = await require_caller(request, Action.MEDIA_UPLOAD)
    media_id = request.path_params["id"]
    async with site_of(request).database.read() as connection:
        await _found(connection, caller, media_id)
    reason = request.query_params.get("reason", "")
    done = await picture_removal.remove(site_of(request).desk, caller, media_id, reason=reason)
    removed = done.removed
    return shown(request, caller, {
        "id": removed.id, "removed_at": to_text(removed.at), "removed_by": removed.by_name,
        "reason": removed.reason, "entries": done.entries, "retracted": done.retracted, "blogs": done.blogs,
    })


async def _found(connection: AsyncConnection, caller: Caller, media_id: str) -> Media:
    """Raises Gone for one that was removed everywhere, NotFound for one that the caller does not see."""
    try:
        return await stored.get_for(connection, caller, media_id)
    except NotFound:
        if await removed_pictures.find(connection, media_id):
            raise Gone("This picture has been removed.") from None
        raise


def _json(item: Media) -> dict[str, Any]:
    return item.to_json() | {"url": image_url(item.id)}
