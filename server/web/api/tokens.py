"""`/api/v1/tokens`: API tokens. Admins create and revoke them; a token is shown only once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.permissions import Action
from server.newsroom import people
from server.store import people as stored
from server.web.api import request_parsing
from server.web.api.account_models import TokenBody
from server.web.api.json_response import nothing, shown
from server.web.authenticate import require_caller
from server.web.site import site_of


async def index(request: Request) -> Response:
    """All tokens ever created, oldest first, without their secrets."""
    request_parsing.known(request)
    caller = await require_caller(request, Action.TOKENS_MANAGE)
    async with site_of(request).database.read() as connection:
        slugs = await stored.slugs(connection)
        makers = await stored.makers(connection)
        found = [
            t.to_json(slugs.get(t.blog_id or ""), makers.get(t.author_id or ""))
            for t in await stored.all_tokens(connection)
        ]
    return shown(request, caller, {"tokens": found})


async def create(request: Request) -> Response:
    """`token` in the response is shown only once and not stored."""
    caller = await require_caller(request, Action.TOKENS_MANAGE)
    body = await request_parsing.read(request, TokenBody)
    token, plain = await people.create_token(
        site_of(request).desk, caller, body.name, body.role, blog=body.blog, keep=body.keep
    )
    return shown(request, caller, token.to_json(body.blog, caller.name) | {"token": plain}, status=201)


async def revoke(request: Request) -> Response:
    """The token stops working immediately."""
    caller = await require_caller(request)
    await people.revoke_token(site_of(request).desk, caller, request.path_params["id"])
    return nothing()
