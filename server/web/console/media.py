"""The library of pictures: found by their words, the newest first, and one more."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, UnsupportedMedia
from server.domain.media import Media
from server.domain.permissions import Action, Caller, may, require
from server.domain.times import to_text
from server.media.urls import image_url
from server.newsroom import media
from server.store import media as stored
from server.store import removed_pictures
from server.web.api import request_parsing
from server.web.console import console_page, forms
from server.web.console.forms import STAY, Form
from server.web.site import site_of

FIELDS = media.WORDS
PAGE = 48
MAX_REMOVED = 20
OFFERED = 40
THUMBNAIL = 640
"""Pixels of the widest rendition in the list."""


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console/pictures`: the newest first; `?q=` only those with these words."""
    require(caller, Action.MEDIA_UPLOAD)
    form, error = forms.Form(), None
    if request.method == "POST":
        form = await forms.read(request)
    if request.method == "POST" and form.text("do") != STAY:
        try:
            await upload(request, caller, form)
        except Invalid as refused:
            error = refused
        else:
            return console_page.to("/console/pictures", "uploaded")
    words, before = request_parsing.words_of(request), request_parsing.before_of(request)
    async with site_of(request).database.read() as connection:
        found = await stored.latest(connection, caller, words=words, before=before, limit=PAGE + 1)
        manages = may(caller, Action.PICTURES_MANAGE) and not words and before is None
        removed = await removed_pictures.listed(connection, limit=MAX_REMOVED) if manages else []
    query, last = request.query_params.get("q", ""), found[PAGE - 1] if len(found) > PAGE else None
    further = {"q": query, "before": request_parsing.cursor(last.created_at, last.id)} if last else {}
    values = {name: form.text(f"picture_{name}") for name in FIELDS}
    return console_page.show(
        request, caller, "pictures", error=error, values=values, unsaved=bool(form.values), query=query,
        pictures=[m.to_json() | {"src": _thumbnail(m)} for m in found[:PAGE]], older=urlencode(further),
        removed=[
            {"id": r.id, "at": to_text(r.at), "by": r.by_name, "reason": r.reason, "refused": r.refused}
            for r in removed
        ],
    )


def _thumbnail(item: Media) -> str:
    fitting = [width for width in item.widths if width <= THUMBNAIL]
    return image_url(item.id, max(fitting) if fitting else None)


async def upload(request: Request, caller: Caller, form: Form) -> Media:
    """Keep the picture that the form brought, with its words. Raises Invalid, naming the form's fields."""
    if not form.file:
        raise Invalid.field("picture", "choose a file")
    words = {name: form.text(f"picture_{name}") for name in FIELDS}
    try:
        return await keep(
            request, caller, form.file, "picture", **words, name_of_file=form.names.get("picture", "")
        )
    except Invalid as error:
        named = [(f.field if f.field == "picture" else f"picture_{f.field}", f.message) for f in error.fields]
        raise Invalid(*(FieldError(*field) for field in named)) from error


async def offered(connection: AsyncConnection, caller: Caller) -> list[tuple[str, str]]:
    """Ids and names of the newest pictures, for a form to choose from."""
    found = await stored.latest(connection, caller, limit=OFFERED)
    return [(m.id, " · ".join(filter(None, (m.caption or m.alt or m.name or m.id, m.credit)))) for m in found]


async def chosen(request: Request, caller: Caller, form: Form) -> Media:
    """The picture of the library that the form names, with what was typed in place of its texts.

    Raises Invalid, naming the form's field."""
    async with site_of(request).database.read() as connection:
        try:
            item = await stored.get_for(connection, caller, form.text("picture_id"))
        except NotFound as error:
            raise Invalid.field("picture_id", "picture not found; choose another one") from error
    alt, caption, credit = (form.text(f"picture_{name}").strip() for name in FIELDS)
    return replace(
        item, alt=alt or item.alt, caption=caption or item.caption, credit=credit or item.credit
    )


async def keep(
    request: Request, caller: Caller, data: bytes, name: str, *, name_of_file: str = "", **words: str
) -> Media:
    """Keep a picture that a form brought. Raises Invalid, naming the form's field `name`."""
    site = site_of(request)
    try:
        return await media.upload(
            site.desk, caller, data, **words, name=name_of_file,
            max_bytes=site.limits.upload_bytes, max_pixels=site.limits.upload_pixels,
        )
    except (Conflict, TooLarge, UnsupportedMedia) as error:
        raise Invalid.field(name, error.detail) from error
