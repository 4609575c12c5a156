"""Users and API tokens, for admins."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Conflict, Forbidden, Invalid
from server.domain.permissions import ROLES, Action, Caller, require
from server.domain.text_limits import MIN_PASSWORD
from server.newsroom import people
from server.store import people as stored
from server.web.api.account_models import PasswordBody, TokenBody, UserBody, UserChanges
from server.web.console import console_page, forms
from server.web.console.forms import STAY, Form
from server.web.site import site_of


@console_page.for_members
async def users(request: Request, caller: Caller) -> Response:
    """`/console/users`: everybody, and one more."""
    require(caller, Action.USERS_MANAGE)
    form, error = Form(), None
    if request.method == "POST":
        form = await forms.read(request)
    if request.method == "POST" and form.text("do") != STAY:
        sent = {name: form.text(name) for name in ("username", "name", "password")}
        try:
            body = forms.checked(UserBody, sent | _roles(form))
            await people.create_user(
                site_of(request).desk, caller, body.username, password=body.password, name=body.name,
                role=body.role, blog_roles=body.blog_roles,
            )
        except (Invalid, Conflict) as refused:
            error = refused
        else:
            return console_page.to("/console/users", "added")
    async with site_of(request).database.read() as connection:
        slugs = await stored.slugs(connection)
        found = [u.to_json(slugs) for u in await stored.all_users(connection)]
    return console_page.show(
        request, caller, "users", error=error, users=found, roles=ROLES, slugs=sorted(slugs.values()),
        values={name: form.text(name) for name in ("username", "name", "role", "blog", "blog_role")},
        least=MIN_PASSWORD, unsaved=bool(form.values),
    )


@console_page.for_members
async def user(request: Request, caller: Caller) -> Response:
    """`/console/users/{id}`: name, roles, and whether this person may log in."""
    require(caller, Action.USERS_MANAGE)
    error: Invalid | Conflict | None = None
    if request.method == "POST":
        form = await forms.read(request)
        if form.text("do") == STAY:
            return await _user(request, caller, form, None)
        try:
            body = forms.checked(
                UserChanges, {"name": form.text("name"), "active": form.ticked("active")} | _roles(form)
            )
            changed = {n: getattr(body, n) for n in ("name", "active", "role", "blog_roles")}
            await people.edit_user(site_of(request).desk, caller, request.path_params["id"], changed)
        except (Invalid, Conflict) as refused:
            error = refused
        else:
            return console_page.to(request.url.path, "saved")
        return await _user(request, caller, form, error)
    return await _user(request, caller, None, error)


@console_page.for_members
async def reset_password(request: Request, caller: Caller) -> Response:
    """`/console/users/{id}/password`: for somebody who forgot it."""
    require(caller, Action.USERS_MANAGE)
    form = await forms.read(request)
    user_id = request.path_params["id"]
    if form.text("do") == STAY:
        return await _user(request, caller, None, None, reset=True)
    try:
        body = forms.checked(PasswordBody, {"password": form.text("password")})
        await people.set_password(site_of(request).desk, caller, user_id, body.password)
    except (Invalid, Forbidden) as error:
        return await _user(request, caller, None, error)
    return console_page.to(f"/console/users/{user_id}", "reset")


@console_page.for_members
async def tokens(request: Request, caller: Caller) -> Response:
    """`/console/tokens`: a new token is shown in the answer to the form, and never again."""
    require(caller, Action.TOKENS_MANAGE)
    form, error, plain = Form(), None, ""
    if request.method == "POST":
        form = await forms.read(request)
    if request.method == "POST" and form.text("do") != STAY:
        try:
            body = forms.checked(
                TokenBody,
                {"name": form.text("name"), "role": form.text("role"), "blog": form.text("blog") or None,
                 "keep": form.ticked("keep")},
            )
            _, plain = await people.create_token(
                site_of(request).desk, caller, body.name, body.role, blog=body.blog, keep=body.keep
            )
        except (Invalid, Conflict) as refused:
            error = refused
    async with site_of(request).database.read() as connection:
        slugs = await stored.slugs(connection)
        makers = await stored.makers(connection)
        found = [
            t.to_json(slugs.get(t.blog_id or ""), makers.get(t.author_id or ""))
            for t in await stored.all_tokens(connection)
        ]
    values = {name: "" if plain else form.text(name) for name in ("name", "role", "blog")}
    return console_page.show(
        request, caller, "tokens", error=error, tokens=found[::-1], plain=plain, roles=ROLES, values=values,
        slugs=sorted(slugs.values()), keep=form.ticked("keep") and not plain,
        unsaved=bool(form.values) and not plain,
    )


@console_page.for_members
async def revoke(request: Request, caller: Caller) -> Response:
    await people.revoke_token(site_of(request).desk, caller, request.path_params["id"])
    return console_page.to("/console/tokens", "revoked")


async def _user(
    request: Request,
    caller: Caller,
    form: Form | None,
    error: Invalid | Conflict | Forbidden | None,
    *,
    reset: bool = False,
) -> Response:
    async with site_of(request).database.read() as connection:
        slugs = await stored.slugs(connection)
        found = (await stored.user_by_id(connection, request.path_params["id"])).to_json(slugs)
    values = dict(found)
    if form is not None:
        values |= {"name": form.text("name"), "active": form.ticked("active")} | _roles(form)
    return console_page.show(
        request, caller, "user", error=error, user=found, values=values, roles=ROLES,
        slugs=sorted(slugs.values()), own=caller.id == f"user:{found['id']}", least=MIN_PASSWORD,
        unsaved=form is not None, reset=reset,
    )


def _roles(form: Form) -> dict[str, Any]:
    """The role for all blogs, and those for one each: `role-SLUG`, or one `blog` with its `blog_role`."""
    single = {n.removeprefix("role-"): v for n, v in form.values.items() if n.startswith("role-") and v}
    if form.text("blog") and form.text("blog_role"):
        single[form.text("blog")] = form.text("blog_role")
    return {"role": form.text("role") or None, "blog_roles": single}
