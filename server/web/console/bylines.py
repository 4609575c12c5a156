"""The newsroom's bylines: each name once, with role, place, picture and link."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.byline import Byline
from server.domain.errors import Conflict, Invalid, NotFound, StopPressError
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.newsroom import bylines
from server.store import bylines as stored
from server.web.api.request_models import BylineChanges, NewBylineBody
from server.web.console import console_page, forms, media
from server.web.console.forms import STAY, Form
from server.web.site import site_of

FIELDS = ("name", "role", "place", "url")
MAX_LISTED = 200
LOADED = "loaded-"
"""Prefix of the hidden fields that hold what the form was loaded with: only what was changed is written, so
that two people's changes of different fields both stay."""


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console/bylines`: all by name, and one more."""
    require(caller, Action.BYLINES_MANAGE)
    if request.method != "POST":
        return await _list(request, caller, Form())
    form = await forms.read(request)
    if form.text("do") == STAY:
        return await _list(request, caller, form)
    try:
        typed = {name: form.text(name) for name in FIELDS}
        body = forms.checked(NewBylineBody, typed)
        byline = Byline(body.name, body.role, body.place, "", body.url)
        if form.file:
            byline = Byline(body.name, body.role, body.place, await _portrait(request, caller, form), body.url)
        await bylines.create(site_of(request).desk, caller, byline)
    except (Invalid, Conflict) as error:
        return await _list(request, caller, form, error=error)
    return console_page.to("/console/bylines", "kept", sent=form.text("request_key"))


@console_page.for_members
async def edit(request: Request, caller: Caller) -> Response:
    """`/console/bylines/{id}`."""
    require(caller, Action.BYLINES_MANAGE)
    if request.method != "POST":
        return await _form(request, caller, None)
    form = await forms.read(request)
    if form.text("do") == STAY:
        return await _form(request, caller, form)
    try:
        changed = {n: form.text(n) for n in FIELDS if form.text(n) != form.text(LOADED + n)}
        body = forms.checked(BylineChanges, changed)
        wanted = {name: getattr(body, name) for name in changed}
        if form.file:
            wanted["picture"] = await _portrait(request, caller, form)
        elif form.ticked("picture_remove"):
            wanted["picture"] = ""
        await bylines.edit(site_of(request).desk, caller, request.path_params["id"], wanted)
    except (Invalid, Conflict) as error:
        return await _form(request, caller, form, error=error)
    return console_page.to("/console/bylines", "saved", sent=form.text("request_key"))


@console_page.for_members
async def remove(request: Request, caller: Caller) -> Response:
    """`/console/bylines/{id}/remove`: what is published with it keeps it."""
    await bylines.remove(site_of(request).desk, caller, request.path_params["id"])
    return console_page.to("/console/bylines", "removed")


async def _portrait(request: Request, caller: Caller, form: Form) -> str:
    """The id of the picture that the form brought. The name says what it shows."""
    named = Form({"picture_alt": form.text("name")}, {"picture": form.file})
    return (await media.upload(request, caller, named)).id


async def _list(
    request: Request, caller: Caller, form: Form, *, error: StopPressError | None = None
) -> Response:
    after = request.query_params.get("after")
    async with site_of(request).database.read() as connection:
        try:
            found = await stored.listed(connection, after=after, limit=MAX_LISTED + 1)
        except NotFound:  # it was removed meanwhile
            found = await stored.listed(connection, limit=MAX_LISTED + 1)
    shown = found[:MAX_LISTED]
    return console_page.show(
        request, caller, "bylines", error=error, bylines=[r.to_json() for r in shown],
        following=shown[-1].byline.id if len(found) > MAX_LISTED else "",
        values={name: form.text(name) for name in FIELDS}, unsaved=bool(form.values),
        request_key=form.text("request_key") or new_id(),
    )


async def _form(
    request: Request, caller: Caller, form: Form | None, *, error: StopPressError | None = None
) -> Response:
    async with site_of(request).database.read() as connection:
        record = (await stored.get(connection, request.path_params["id"])).to_json()
    values: dict[str, Any] = {name: record[name] for name in FIELDS}
    loaded = dict(values)
    if form is not None:
        values = {name: form.text(name) for name in FIELDS}
        loaded = {name: form.text(LOADED + name) for name in FIELDS}
    return console_page.show(
        request, caller, "byline", error=error, byline=record, values=values, loaded=loaded,
        unsaved=form is not None, removes=form is not None and form.ticked("picture_remove"),
        request_key=(form.text("request_key") if form else "") or new_id(),
    )
