"""`/console/drafts`: what stands in the console's forms is kept on the server at every pause, for its owner."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.times import to_text
from server.newsroom import drafts
from server.store.drafts import Draft
from server.web.api import request_parsing
from server.web.api.request_models import Body
from server.web.authenticate import require_caller
from server.web.site import site_of

Key = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[a-z0-9]+$")]
Id = Annotated[str, Field(max_length=32, pattern=r"^[a-z0-9]*$")]
NO_STORE = {"Cache-Control": "no-store"}


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
        return JSONResponse({"drafts": [_shown(draft) for draft in found]}, headers=NO_STORE)
    sent = await request_parsing.read(request, Sent)
    if sent.end:
        await drafts.end(desk, caller, key=sent.key, version=sent.version, browser=sent.browser)
        return Response(status_code=204)
    form = json.dumps(sent.form, ensure_ascii=False, separators=(",", ":"))
    typed = drafts.Typed(sent.key, sent.browser, sent.version, sent.entry, form)
    kept = await drafts.keep(desk, caller, sent.blog, typed)
    if not kept.version:
        other = _shown(kept.other) if kept.other else None
        return JSONResponse({"other": other}, 409, headers=NO_STORE)
    return JSONResponse({"version": kept.version}, headers=NO_STORE)


def _shown(draft: Draft) -> dict[str, Any]:
    return {
        "key": draft.key, "version": draft.version, "at": to_text(draft.updated_at),
        "browser": draft.browser, "form": json.loads(draft.form),
    }
