"""`/api/v1/users`: users of the newsroom. Admins manage them; everybody can see their own account."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from server.domain.permissions import Action, Caller, require
from server.domain.person import User
from server.newsroom import people
from server.store import people as stored
from server.web.api import request_parsing
from server.web.api.account_models import PasswordBody, UserBody, UserChanges
from server.web.api.json_response import nothing, shown
from server.web.authenticate import require_caller
from server.web.site import site_of


async def index(request: Request) -> Response:
    """Sorted by user name."""
    request_parsing.known(request)
    caller = await require_caller(request, Action.USERS_MANAGE)
    async with site_of(request).database.read() as connection:
        slugs = await stored.slugs(connection)
        found = [u.to_json(slugs) for u in await stored.all_users(connection)]
    return shown(request, caller, {"users": found})


async def create(request: Request) -> Response:
    """The server does not send the password to the new user."""
    caller = await require_caller(request, Action.USERS_MANAGE)
    body = await request_parsing.read(request, UserBody)
    user = await people.create_user(
        site_of(request).desk, caller, body.username, password=body.password, name=body.name, role=body.role,
        blog_roles=body.blog_roles,
    )
    headers = {"Location": f"/api/v1/users/{user.id}"}
    return shown(request, caller, await _json(request, user), status=201, headers=headers)


async def show(request: Request) -> Response:
    """Admins see all users, others only themselves."""
    request_parsing.known(request)
    caller = await _self_or_admin(request)
    user_id = request.path_params["id"]
    async with site_of(request).database.read() as connection:
        user = await stored.user_by_id(connection, user_id)
        data = await _shown(connection, user)
    return shown(request, caller, data)


async def edit(request: Request) -> Response:
    """Fields that are omitted stay unchanged. Deactivating a user ends their sessions. The last admin cannot be
    removed."""
    caller = await require_caller(request, Action.USERS_MANAGE)
    body = await request_parsing.read(request, UserChanges)
    changed = {name: getattr(body, name) for name in body.model_fields_set}
    user = await people.edit_user(site_of(request).desk, caller, request.path_params["id"], changed)
    return shown(request, caller, await _json(request, user))


async def set_password(request: Request) -> Response:
    """Ends all sessions of the user. Throttled like a log-in, because `current` could be guessed."""
    caller = await _self_or_admin(request)
    body = await request_parsing.read(request, PasswordBody)
    site, user_id = site_of(request), request.path_params["id"]
    if caller.id == f"user:{user_id}":
        await site.throttle.attempt(name=caller.id, address=caller.id)
    await people.set_password(site.desk, caller, user_id, body.password, current=body.current)
    return nothing()


async def _self_or_admin(request: Request) -> Caller:
    caller = await require_caller(request)
    if caller.id != f"user:{request.path_params['id']}":
        require(caller, Action.USERS_MANAGE)
    return caller


async def _json(request: Request, user: User) -> dict[str, Any]:
    async with site_of(request).database.read() as connection:
        return await _shown(connection, user)


async def _shown(connection: AsyncConnection, user: User) -> dict[str, Any]:
    return user.to_json(await stored.slugs(connection))
