"""Pictures: what there is, and one more."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Conflict, FieldError, Invalid, TooLarge, UnsupportedMedia
from server.domain.media import Media
from server.domain.permissions import Action, Caller, require
from server.newsroom import media
from server.store import media as stored
from server.web.console import console_page, forms
from server.web.console.forms import STAY, Form
from server.web.site import site_of

FIELDS = ("alt", "caption", "credit")
MAX_LISTED = 60


@console_page.for_members
async def index(request: Request, caller: Caller) -> Response:
    """`/console/pictures`: the newest first."""
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
    async with site_of(request).database.read() as connection:
        found = await stored.latest(connection, caller, limit=MAX_LISTED)
    values = {name: form.text(f"picture_{name}") for name in FIELDS}
    return console_page.show(
        request, caller, "pictures", error=error, values=values, pictures=[m.to_json() for m in found],
        unsaved=bool(form.values),
    )


async def upload(request: Request, caller: Caller, form: Form) -> Media:
    """Keep the picture that the form brought, with its words. Raises Invalid, naming the form's fields."""
    if not form.file:
        raise Invalid.field("picture", "choose a file")
    words = {name: form.text(f"picture_{name}") for name in FIELDS}
    try:
        return await keep(request, caller, form.file, "picture", **words)
    except Invalid as error:
        named = [(f.field if f.field == "picture" else f"picture_{f.field}", f.message) for f in error.fields]
        raise Invalid(*(FieldError(*field) for field in named)) from error


async def keep(request: Request, caller: Caller, data: bytes, name: str, **words: str) -> Media:
    """Keep a picture that a form brought. Raises Invalid, naming the form's field `name`."""
    site = site_of(request)
    try:
        return await media.upload(
            site.desk, caller, data, **words,
            max_bytes=site.limits.upload_bytes, max_pixels=site.limits.upload_pixels,
        )
    except (Conflict, TooLarge, UnsupportedMedia) as error:
        raise Invalid.field(name, error.detail) from error
