"""`/api/v1/bylines`: the names that the newsroom writes under, each kept once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.byline import Byline
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import Action
from server.newsroom import bylines
from server.store import bylines as stored
from server.web.api import request_parsing
from server.web.api.json_response import nothing, shown
from server.web.api.request_models import BylineChanges, NewBylineBody
from server.web.authenticate import require_caller
from server.web.site import site_of


async def index(request: Request) -> Response:
    """By name."""
    request_parsing.known(request, "limit", "before")
    caller = await require_caller(request, Action.BYLINES_READ)
    limit, after = request_parsing.limit_of(request), request.query_params.get("before")
    async with site_of(request).database.read() as connection:
        try:
            found = await stored.listed(connection, after=after, limit=limit + 1)
        except NotFound as error:
            raise Invalid.field("before", "not the “next” of an earlier answer") from error
    page = found[:limit]
    further = page[-1].byline.id if len(found) > limit else None
    return shown(request, caller, {"bylines": [r.to_json() for r in page], "next": further})


async def create(request: Request) -> Response:
    """Names that differ only in case, blanks or the form of an apostrophe are the same. Naming somebody new in
    an entry or a blog adds a byline too."""
    caller = await require_caller(request, Action.BYLINES_MANAGE)
    body = await request_parsing.read(request, NewBylineBody)
    made = await bylines.create(site_of(request).desk, caller, Byline(**body.model_dump()))
    return shown(
        request, caller, made.to_json(), status=201, headers={"Location": f"/api/v1/bylines/{made.byline.id}"}
    )


async def show(request: Request) -> Response:
    """What entries and blogs take from it when it is chosen."""
    request_parsing.known(request)
    caller = await require_caller(request, Action.BYLINES_READ)
    async with site_of(request).database.read() as connection:
        found = await stored.get(connection, request.path_params["id"])
    return shown(request, caller, found.to_json())


async def edit(request: Request) -> Response:
    """What is left out stays. Entries and blogs show the new name, picture and link from their next change."""
    caller = await require_caller(request, Action.BYLINES_MANAGE)
    body = await request_parsing.read(request, BylineChanges)
    changed = {name: getattr(body, name) for name in body.model_fields_set}
    made = await bylines.edit(site_of(request).desk, caller, request.path_params["id"], changed)
    return shown(request, caller, made.to_json())


async def remove(request: Request) -> Response:
    """What is published with it keeps it."""
    caller = await require_caller(request)
    await bylines.remove(site_of(request).desk, caller, request.path_params["id"])
    return nothing()
