"""`/console/blogs/{slug}/presence`: tabs of the console say that they are there, and hear of the others."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.permissions import Action
from server.newsroom import presence
from server.web.api import request_parsing
from server.web.api.request_models import Body
from server.web.authenticate import require_caller_in_blog
from server.web.site import site_of

Id = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]*$")]


class Beat(Body):
    """`tab` is the tab's own id; `entry` the entry that it has open, or empty."""

    tab: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[a-z0-9]+$")]
    entry: Id = ""
    take: bool = False
    leave: bool = False


async def beat(request: Request) -> Response:
    """`{"present": [{"name", "entry"}], "holder"}`; `holder` is who has the entry that this tab has open."""
    caller = await require_caller_in_blog(request, Action.ENTRY_CREATE)
    body = await request_parsing.read(request, Beat)
    desk = site_of(request).desk
    if body.leave:
        await presence.leave(desk, caller, tab=body.tab)
        return Response(status_code=204)
    seen = await presence.beat(
        desk, caller, request.path_params["slug"], tab=body.tab, entry_id=body.entry, take=body.take
    )
    present = [{"name": p.name, "entry": p.entry_id} for p in seen.others if p.user_id != caller.id]
    return JSONResponse({"present": present, "holder": seen.holder}, headers={"Cache-Control": "no-store"})
