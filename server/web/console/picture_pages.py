"""One picture of the library: its texts and focal point, and removing it everywhere."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Invalid, StopPressError
from server.domain.media import Media
from server.domain.permissions import Action, Caller, require
from server.media.urls import WIDTHS, image_url
from server.newsroom import media, picture_removal
from server.store import media as stored
from server.store import picture_uses
from server.web.api.request_models import PictureChanges
from server.web.console import console_page, forms, media_pieces
from server.web.console.forms import STAY, Form
from server.web.site import site_of

SHOWN = WIDTHS[2]
"""Pixels of the widest rendition that the page shows."""


@console_page.for_members
async def edit(request: Request, caller: Caller) -> Response:
    """`/console/pictures/{id}`: what entries begin with that it is put into."""
    item = await _found(request, caller)
    if request.method != "POST":
        return _form(request, caller, item, _values(item))
    form = await forms.read(request)
    values = {name: form.text(name) for name in (*media.WORDS, *media.FOCAL)}
    if form.text("do") == STAY:
        return _form(request, caller, item, values, unsaved=True)
    try:
        focal = media_pieces.shares({name: values[name] for name in media.FOCAL})
        body = forms.checked(PictureChanges, {name: values[name] for name in media.WORDS} | focal)
        await media.edit(site_of(request).desk, caller, item.id, body.model_dump())
    except Invalid as error:
        return _form(request, caller, item, values, error=error)
    return console_page.to(f"/console/pictures/{item.id}", "saved")


@console_page.for_members
async def removal(request: Request, caller: Caller) -> Response:
    """`/console/pictures/{id}/removal`: asks, and says where it is shown; then removes it everywhere."""
    item = await _found(request, caller)
    form = await forms.read(request) if request.method == "POST" else Form()
    error: StopPressError | None = None
    if form.text("do") == "remove":
        try:
            await picture_removal.remove(
                site_of(request).desk, caller, item.id, reason=form.text("reason")
            )
        except Invalid as refused:
            error = refused
        else:
            return console_page.to("/console/pictures", "picture_removed")
    async with site_of(request).database.read() as connection:
        uses = await picture_uses.find(connection, item.id)
    return console_page.show(
        request, caller, "picture_removal", error=error, item=_shown(item), reason=form.text("reason"),
        entries=len(uses.entries), blogs=len(uses.blogs), bylines=len(uses.bylines),
        allowed=picture_removal.may_remove(caller, item, uses),
    )


@console_page.for_members
async def allow(request: Request, caller: Caller) -> Response:
    """`/console/pictures/{id}/allow`: the file of a removed picture may be uploaded again."""
    await picture_removal.allow(site_of(request).desk, caller, request.path_params["id"])
    return console_page.to("/console/pictures", "picture_allowed")


async def _found(request: Request, caller: Caller) -> Media:
    require(caller, Action.MEDIA_UPLOAD)
    async with site_of(request).database.read() as connection:
        return await stored.get_for(connection, caller, request.path_params["id"])


def _form(
    request: Request, caller: Caller, item: Media, values: dict[str, str], *, unsaved: bool = False,
    error: StopPressError | None = None,
) -> Response:
    return console_page.show(
        request, caller, "picture", error=error, item=_shown(item), values=values, unsaved=unsaved,
        may_edit=media.may_edit(caller, item),
    )


def _values(item: Media) -> dict[str, str]:
    focal = {name: media_pieces.per_cent(getattr(item, name)) for name in media.FOCAL}
    return {name: getattr(item, name) for name in media.WORDS} | focal


def _shown(item: Media) -> dict[str, Any]:
    fitting = [width for width in item.widths if width <= SHOWN]
    width = max(fitting) if fitting and item.width > SHOWN else None
    return item.to_json() | {"src": image_url(item.id, width)}
