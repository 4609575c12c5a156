"""Manages users, log-ins and API tokens.

Password hashing and secrets are in auth/, permissions in domain/permissions.py, who makes a request in
callers.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.auth import credentials, passwords
from server.domain.errors import Conflict, Forbidden, Invalid, Unauthenticated
from server.domain.message import Message
from server.domain.permissions import Action, Caller, Role, require
from server.domain.person import Session, Token, User
from server.domain.position import new_id
from server.newsroom import audit, rights_signal
from server.newsroom.callers import MAX_SESSION_DAYS, caller_of_user
from server.newsroom.desk import Desk
from server.store import drafts, people

USERNAME = re.compile(r"[a-z0-9]([a-z0-9._@+-]{0,62}[a-z0-9])?", re.ASCII)
MAX_NAME = 100


async def create_user(
    desk: Desk,
    caller: Caller,
    username: str,
    *,
    password: str,
    name: str = "",
    role: Role | None = None,
    blog_roles: Mapping[str, Role] | None = None,
) -> User:
    """Add a user. `role` applies to all blogs; `blog_roles` gives roles for single blogs, by slug.

    Raises:
        Forbidden: only admins with a role for all blogs manage users.
        Invalid: the user name, name or password is invalid, or a blog does not exist.
        Conflict: the user name is in use.
    """
    require(caller, Action.USERS_MANAGE)
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise Invalid.field("username", "1 to 64 of a-z, 0-9 and ._@+-, a letter or digit at each end")
    name = _name(name or username)
    hashed = await passwords.hash(password)
    try:
        async with desk.database.write() as connection:
            user = User(
                id=new_id(), username=username, name=name, password=hashed, role=role, active=True,
                created_at=desk.now(), blog_roles=await _by_id(connection, blog_roles or {}),
            )
            await people.insert_user(connection, user)
            await audit.record(
                connection, caller, "user_added", at=user.created_at, user=user.id, username=username,
                role=role, blog_roles=dict(user.blog_roles),
            )
    except IntegrityError as error:
        raise Conflict(Message("User name: “%(name)s” is already in use.", name=username)) from error
    audit.done("user_added", caller, user=user.id, username=username, role=role, blog_roles=user.blog_roles)
    return user


async def edit_user(desk: Desk, caller: Caller, user_id: str, changed: Mapping[str, Any]) -> User:
    """Edit `name`, `role`, `blog_roles` (by slug) or `active`. Deactivating a user ends their sessions.

    Raises:
        NotFound: the user does not exist.
        Forbidden, Invalid: as for `create_user`.
        Conflict: this would remove the last admin.
    """
    require(caller, Action.USERS_MANAGE)
    changed = dict(changed)
    if "name" in changed:
        changed["name"] = _name(changed["name"])
    async with desk.database.write() as connection:
        # Counted before the change and with the rows locked, so that two admins cannot remove each other.
        admins = await people.count_admins(connection, lock=True)
        user = await people.user_by_id(connection, user_id, lock=True)
        if "blog_roles" in changed:
            changed["blog_roles"] = await _by_id(connection, changed["blog_roles"])
        edited = replace(user, **changed)
        if _is_admin(user) and not _is_admin(edited) and admins <= 1:
            raise Conflict("This is the last admin. Make another user an admin first.")
        await people.change_user(connection, user_id, changed)
        differs = {name: value for name, value in changed.items() if value != getattr(user, name)}
        await audit.record(
            connection, caller, "user_changed", at=desk.now(), user=user.id, username=user.username, **differs
        )
        affected = []
        if _rights(edited) != _rights(user):
            affected = await _end_what_rests_on(connection, desk, edited)
    rights_signal.announce(desk.broker, affected)
    audit.done("user_changed", caller, user=user.id, username=user.username, **differs)
    return edited


async def _end_what_rests_on(connection: AsyncConnection, desk: Desk, user: User) -> list[str]:
    """Log out somebody who is no longer active, revoke the tokens that this person made and remove what they
    had not sent yet; the ids of all whose rights are not what they were."""
    made = await people.tokens_of(connection, f"user:{user.id}")
    if not user.active:
        await people.delete_sessions_of(connection, user.id)
        await drafts.remove_of(connection, user.id)
        for token in made:
            await people.revoke_token(connection, token.id, desk.now())
    return [f"user:{user.id}", *(f"token:{token.id}" for token in made)]


async def set_password(
    desk: Desk, caller: Caller, user_id: str, password: str, *, current: str | None = None
) -> None:
    """Set a user's password and end all their sessions. Admins can set anyone's password; changing one's own
    requires the `current` one.

    Raises:
        Forbidden: the user is somebody else and the caller is not an admin, or `current` is wrong.
        NotFound: the user does not exist.
        Invalid: the new password is too short, too long or has control characters.
    """
    own = caller.id == f"user:{user_id}"
    if not own:
        require(caller, Action.USERS_MANAGE)
    hashed = await passwords.hash(password)
    async with desk.database.read() as connection:
        user = await people.user_by_id(connection, user_id)
    if own and not await passwords.verify(user.password, current or ""):
        audit.refused("password_change_refused", user=user.id, username=user.username)
        raise Forbidden("The current password is incorrect.")
    async with desk.database.write() as connection:
        if own:
            # what was checked may have been replaced meanwhile: then it was not the current one
            if not await people.replace_password(connection, user_id, hashed, instead_of=user.password):
                raise Forbidden("The current password is incorrect.")
        else:
            await people.change_user(connection, user_id, {"password": hashed})
        await people.delete_sessions_of(connection, user_id)
        await audit.record(
            connection, caller, "password_changed", at=desk.now(), user=user.id, username=user.username
        )
    rights_signal.announce(desk.broker, [f"user:{user_id}"])
    audit.done("password_changed", caller, user=user.id, username=user.username)


async def create_token(
    desk: Desk, caller: Caller, name: str, role: Role, *, blog: str | None = None, keep: bool = False
) -> tuple[Token, str]:
    """Make an API token, for all blogs or for the one with the slug `blog`. It can do no more than `caller`
    and ends with them, unless `keep`. The second part of what it returns is the token itself; it is not kept
    and cannot be shown again.

    Raises:
        Forbidden: only admins for all blogs manage tokens.
        Invalid: the name cannot be taken, or there is no such blog.
        Conflict: the name is taken (also by a token that was revoked: names tell who wrote what).
    """
    require(caller, Action.TOKENS_MANAGE)
    name = _name(name)
    plain = credentials.new_token()
    try:
        async with desk.database.write() as connection:
            blog_id = next(iter(await _by_id(connection, {blog: role}, field="blog")), None) if blog else None
            token = Token(
                id=new_id(), name=name, digest=credentials.digest(plain), role=role, blog_id=blog_id,
                author_id=caller.id, created_at=desk.now(), keep=keep,
            )
            await people.insert_token(connection, token)
            await audit.record(
                connection, caller, "token_added", at=token.created_at, token=token.id, name=name, role=role,
                blog=blog, keep=keep,
            )
    except IntegrityError as error:
        raise Conflict(Message("Name: there is already a token called “%(name)s”.", name=name)) from error
    audit.done("token_added", caller, token=token.id, name=name, role=role, blog=blog, keep=keep)
    return token, plain


async def revoke_token(desk: Desk, caller: Caller, token_id: str) -> None:
    """End a token at once, with the tokens that were made with it. Raises Forbidden, and NotFound when it is
    not there or revoked already."""
    require(caller, Action.TOKENS_MANAGE)
    async with desk.database.write() as connection:
        made = await people.tokens_of(connection, f"token:{token_id}")
        ended = [token_id, *(token.id for token in made)]
        for each in ended:
            await people.revoke_token(connection, each, desk.now())
        await audit.record(
            connection, caller, "token_revoked", at=desk.now(), token=token_id,
            with_it=[token.id for token in made],
        )
    rights_signal.announce(desk.broker, [f"token:{each}" for each in ended])
    audit.done("token_revoked", caller, token=token_id, with_it=[token.id for token in made])


async def log_in(
    desk: Desk, username: str, password: str, *, days: int, agent: str = "", max_days: int = MAX_SESSION_DAYS
) -> tuple[str, User]:
    """Start a session of `days` days since its last use and `max_days` in all. Returns what the cookie shall
    hold, and who it is. Whoever calls this throttles first.

    Raises:
        Unauthenticated: no such user, another password, or not active; which of them is not told.
    """
    async with desk.database.read() as connection:
        user = await people.user_by_name(connection, username.strip()) if _plausible(username) else None
    known = user is not None and user.active
    if not await passwords.verify(user.password if user and known else None, password) or user is None:
        # what was typed as a name that nobody has may be a password
        audit.refused("log_in_failed", username=user.username if user else None)
        raise Unauthenticated("The user name or password is incorrect.")
    fresh = await passwords.hash(password) if passwords.outdated(user.password) else None
    secret, now = credentials.new_session(), desk.now()
    async with desk.database.write() as connection:
        checked, user = user.password, await people.user_by_id(connection, user.id, lock=True)
        # while it was checked the password was changed, or the person removed: a session would outlive that
        if not user.active or user.password != checked:
            audit.refused("log_in_overtaken", username=user.username)
            raise Unauthenticated("The user name or password is incorrect.")
        if fresh:
            await people.change_user(connection, user.id, {"password": fresh})
        await people.insert_session(
            connection,
            Session(
                digest=credentials.digest(secret), user_id=user.id, created_at=now, seen_at=now,
                expires_at=now + timedelta(days=min(days, max_days)), agent=_printable(agent)[:300],
            ),
        )
        await audit.record(
            connection, caller_of_user(user), "logged_in", at=now, user=user.id, username=user.username
        )
    audit.done("logged_in", caller_of_user(user), username=user.username)
    return secret, user


async def log_out(desk: Desk, secret: str) -> None:
    """End the session with this secret, if there is one."""
    async with desk.database.write() as connection:
        user_id = await people.delete_session(connection, credentials.digest(secret))
        if user_id is not None:
            user = await people.user_by_id(connection, user_id)
            await audit.record(
                connection, caller_of_user(user), "logged_out", at=desk.now(), user=user_id,
                username=user.username,
            )
    if user_id is not None:
        rights_signal.announce(desk.broker, [f"user:{user_id}"])


def _rights(user: User) -> tuple[object, ...]:
    return user.active, user.role, dict(user.blog_roles)


async def _by_id(
    connection: AsyncConnection, by_slug: Mapping[str, Role], *, field: str = "blog_roles"
) -> dict[str, Role]:
    if not by_slug:
        return {}
    ids = {slug: blog_id for blog_id, slug in (await people.slugs(connection)).items()}
    unknown = [slug for slug in by_slug if slug not in ids]
    if unknown:
        raise Invalid.field(field, Message("blog “%(name)s” not found", name=unknown[0][:100]))
    return {ids[slug]: role for slug, role in by_slug.items()}


def _is_admin(user: User) -> bool:
    return user.active and user.role == "admin"


def _name(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MAX_NAME or _printable(text) != text:
        raise Invalid.field("name", Message("must be 1 to %(most)s printable characters", most=MAX_NAME))
    return text


def _plausible(username: str) -> bool:
    return USERNAME.fullmatch(username.strip().lower()) is not None


def _printable(text: str) -> str:
    """The text without control characters, bidirectional overrides and lone surrogates."""
    return "".join(c for c in text if c.isprintable() or c == "\u200d")
