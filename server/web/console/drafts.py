"""`/console/drafts`: what stands in the console's forms is kept on the server at every pause, for its owner.
Scripts send it and offer it again; without them the page of the form lists it, and `?draft=KEY` fills it in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.permissions import Caller
from server.domain.times import to_text
from server.newsroom import drafts
from server.store.drafts import Draft
from server.text.excerpt import excerpt
from server.web.api import request_parsing
from server.web.api.request_models import Body
from server.web.authenticate import require_caller
from server.web.console.forms import Form
from server.web.console.submitted_entry import TypedEntry
from server.web.site import site_of

Key = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[a-z0-9]+$")]
Id = Annotated[str, Field(max_length=32, pattern=r"^[a-z0-9]*$")]
PRIVATE = {"Cache-Control": "private, no-cache"}
"""Not `no-store`: Chromium keeps no page for Back that was answered so. The script stores nothing anyway."""
VERSION = "draft_version"
"""Field of a plain form that was filled in with a draft: the draft's version."""
PARTLY = "draft_partly"
"""The same for a draft of the full editor with pictures, videos or links, which the plain form leaves out."""
_MEDIA = re.compile(r'"type":"(pictures|video|embed)"')
SHOWN = 60
"""Characters of a draft's beginning."""


class Sent(Body):
    """`key` is the form's idempotency key; `version` the draft's that this browser knew before, 0 for none;
    `end`: the draft was sent or thrown away."""

    blog: Annotated[str, Field(max_length=100)]
    key: Key
    browser: Key
    version: Annotated[int, Field(ge=0, le=2**31 - 2)] = 0
    entry: Id = ""
    form: Annotated[dict[str, Any], Field(default_factory=dict)]
    end: bool = False


async def index(request: Request) -> Response:
    """`GET ?blog=SLUG&entry=ID`: one's own drafts of that entry, or of new ones. `POST`: `{"version"}`, or 409
    with `{"other"}`, the draft of another browser that would have been lost (null: it was ended there)."""
    caller = await require_caller(request)
    desk = site_of(request).desk
    if request.method != "POST":
        request_parsing.known(request, "blog", "entry")
        query = request.query_params
        found = await drafts.listed(desk, caller, query.get("blog", ""), query.get("entry", ""))
        return JSONResponse({"drafts": [_shown(draft) for draft in found]}, headers=PRIVATE)
    sent = await request_parsing.read(request, Sent)
    if sent.end:
        await drafts.end(desk, caller, key=sent.key, version=sent.version, browser=sent.browser)
        return Response(status_code=204)
    form = json.dumps(sent.form, ensure_ascii=False, separators=(",", ":"))
    typed = drafts.Typed(sent.key, sent.browser, sent.version, sent.entry, form)
    kept = await drafts.keep(desk, caller, sent.blog, typed)
    if not kept.version:
        other = _shown(kept.other) if kept.other else None
        return JSONResponse({"other": other}, 409, headers=PRIVATE)
    return JSONResponse({"version": kept.version}, headers=PRIVATE)


async def offered(request: Request, caller: Caller, slug: str, entry_id: str = "") -> list[dict[str, str]]:
    """The drafts that a form without scripts is offered: key, moment and how each begins."""
    return [
        {"key": draft.key, "at": to_text(draft.updated_at), "line": _beginning(_values(draft))}
        for draft in await _own(request, caller, slug, entry_id)
    ]


async def restored(
    request: Request, caller: Caller, slug: str, entry_id: str = "", *, revision: str = ""
) -> TypedEntry | None:
    """What `?draft=KEY` brings back, for the plain form; None without one. `revision` is the entry's."""
    key = request.query_params.get("draft", "")
    for draft in await _own(request, caller, slug, entry_id) if key else ():
        if draft.key == key:
            values = {"request_key": key, "revision": revision} | _values(draft)
            # a draft whose pictures the plain form does not show stays when that form is sent
            values[PARTLY if _MEDIA.search(values.pop("document", "")) else VERSION] = str(draft.version)
            return TypedEntry.empty().or_typed(Form(values))
    return None


async def end_sent(request: Request, caller: Caller, form: Form) -> None:
    """The plain form that `restored` filled in was taken, or is thrown away."""
    version = form.text(VERSION)
    if version.isascii() and version.isdigit():
        await drafts.end(
            site_of(request).desk, caller, key=form.text("request_key"), version=int(version[:9]), browser=""
        )


async def _own(request: Request, caller: Caller, slug: str, entry_id: str) -> Sequence[Draft]:
    if not drafts.keeps_drafts(caller):
        return ()
    return await drafts.listed(site_of(request).desk, caller, slug, entry_id)


def _values(draft: Draft) -> dict[str, str]:
    """The fields of the plain form; a box that is not ticked is none."""
    form = json.loads(draft.form)
    fields = form.get("fields", {})
    found = {"revision": str(form["revision"])} if form.get("revision") else {}
    return found | {name: "1" if value is True else str(value) for name, value in fields.items() if value}


def _beginning(values: dict[str, str]) -> str:
    return excerpt(" ".join((values.get("title") or values.get("body", "")).split()), SHOWN) or "…"


def _shown(draft: Draft) -> dict[str, Any]:
    return {
        "key": draft.key, "version": draft.version, "at": to_text(draft.updated_at),
        "browser": draft.browser, "form": json.loads(draft.form),
    }
