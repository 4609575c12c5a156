"""`/api/v1/session`: log-in and log-out with a session cookie, and the current user."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.permissions import Caller
from server.newsroom import people
from server.store import people as stored
from server.web.api import request_parsing
from server.web.api.account_models import LogInBody
from server.web.api.json_response import nothing, shown
from server.web.authenticate import (
    clear_session_cookie,
    client_address,
    require_caller,
    session_secret,
    set_session_cookie,
)
from server.web.site import site_of


async def log_in(request: Request) -> Response:
    """Sets a session cookie. Throttled by user name and by address."""
    body = await request_parsing.read(request, LogInBody)
    site = site_of(request)
    await site.throttle.attempt(name=body.username.strip(), address=client_address(request))
    secret, user = await people.log_in(
        site.desk, body.username, body.password, days=site.session_days,
        max_days=site.session_max_days,
        agent=request.headers.get("user-agent", ""),
    )
    await _end(request)  # also end the browser's previous session
    caller = Caller(f"user:{user.id}", user.name, user.role, dict(user.blog_roles))
    async with site.database.read() as connection:
        response = shown(request, caller, await _json(connection, caller), status=201)
    set_session_cookie(response, request, secret)
    return response


async def show(request: Request) -> Response:
    """Works with API tokens, too."""
    request_parsing.known(request)
    caller = await require_caller(request)
    async with site_of(request).database.read() as connection:
        return shown(request, caller, await _json(connection, caller))


async def log_out(request: Request) -> Response:
    """Ends the session on the server, so that copies of the cookie stop working too. Does nothing without a
    session."""
    await _end(request)
    response = nothing()
    clear_session_cookie(response, request)
    return response


async def _end(request: Request) -> None:
    secret = session_secret(request)
    if secret is not None:
        await people.log_out(site_of(request).desk, secret)


async def _json(connection: AsyncConnection, caller: Caller) -> dict[str, Any]:
    slugs = await stored.slugs(connection) if caller.blog_roles else {}
    return {
        "id": caller.id,
        "name": caller.name,
        "role": caller.role,
        "blog_roles": {slugs.get(b, b): r for b, r in sorted(caller.blog_roles.items())},
    }
