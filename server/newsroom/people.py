"""People, their log-ins, and API tokens: who there is, and who is asking.

Passwords and secrets are auth/'s; the rules of who may do what are domain/permissions.py.
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
from server.domain.errors import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable
from server.domain.permissions import Action, Caller, Role, require
from server.domain.person import Session, Token, User
from server.domain.position import new_id
from server.newsroom.desk import Desk
from server.store import people

USERNAME = re.compile(r"[a-z0-9]([a-z0-9._@+-]{0,62}[a-z0-9])?", re.ASCII)
MAX_NAME = 100
SEEN_EVERY = timedelta(minutes=15)
"""How exactly the last use of a session or a token is kept: one write in this time, not one a request."""


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
    """Add somebody. `role` holds for all blogs; `blog_roles` holds by slug, for one blog each.

    Raises:
        Forbidden: only admins for all blogs manage users.
        Invalid: the user name, name or password cannot be taken, or there is no such blog.
        Conflict: the user name is taken.
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
    except IntegrityError as error:
        raise Conflict(f"username: there is a user “{username}” already.") from error
    return user


async def edit_user(desk: Desk, caller: Caller, user_id: str, changed: Mapping[str, Any]) -> User:
    """Change `name`, `role`, `blog_roles` (by slug) or `active`. Who is no longer active is logged out.

    Raises:
        Forbidden, NotFound, Invalid: as for `create_user`; there is no such user.
        Conflict: the last admin would be gone.
    """
    require(caller, Action.USERS_MANAGE)
    changed = dict(changed)
    if "name" in changed:
        changed["name"] = _name(changed["name"])
    async with desk.database.write() as connection:
        # counted before the change and with the rows locked: of two admins who remove each other at the
        # same moment, one is refused
        admins = await people.count_admins(connection, lock=True)
        user = await people.user_by_id(connection, user_id)
        if "blog_roles" in changed:
            changed["blog_roles"] = await _by_id(connection, changed["blog_roles"])
        edited = replace(user, **changed)
        if _runs_all(user) and not _runs_all(edited) and admins <= 1:
            raise Conflict("This is the last admin; make somebody else admin first.")
        await people.save_user(connection, edited)
        if not edited.active:
            await people.delete_sessions_of(connection, user.id)
    return edited


async def set_password(
    desk: Desk, caller: Caller, user_id: str, password: str, *, current: str | None = None
) -> None:
    """Give somebody another password, and end all of that person's sessions. Admins may do so for others;
    oneself it takes the `current` one.

    Raises:
        Forbidden: for somebody else, without being admin; or `current` is wrong.
        NotFound, Invalid: there is no such user; the password cannot be taken.
    """
    own = caller.id == f"user:{user_id}"
    if not own:
        require(caller, Action.USERS_MANAGE)
    hashed = await passwords.hash(password)
    async with desk.database.read() as connection:
        user = await people.user_by_id(connection, user_id)
    if own and not await passwords.verify(user.password, current or ""):
        raise Forbidden("The current password is not right.")
    async with desk.database.write() as connection:
        user = await people.user_by_id(connection, user_id)
        await people.save_user(connection, replace(user, password=hashed))
        await people.delete_sessions_of(connection, user_id)


async def create_token(
    desk: Desk, caller: Caller, name: str, role: Role, *, blog: str | None = None
) -> tuple[Token, str]:
    """Make an API token, for all blogs or for the one with the slug `blog`. The second part of what it
    returns is the token itself; it is not kept and cannot be shown again.

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
                author_id=caller.id, created_at=desk.now(),
            )
            await people.insert_token(connection, token)
    except IntegrityError as error:
        raise Conflict(f"name: there is a token “{name}” already.") from error
    return token, plain


async def revoke_token(desk: Desk, caller: Caller, token_id: str) -> None:
    """End a token at once. Raises Forbidden, and NotFound when it is not there or revoked already."""
    require(caller, Action.TOKENS_MANAGE)
    async with desk.database.write() as connection:
        await people.revoke_token(connection, token_id, desk.now())


async def log_in(
    desk: Desk, username: str, password: str, *, days: int, agent: str = ""
) -> tuple[str, User]:
    """Start a session of `days` days since its last use. Returns what the cookie shall hold, and who it is.
    Whoever calls this throttles first.

    Raises:
        Unauthenticated: no such user, another password, or not active; which of them is not told.
    """
    async with desk.database.read() as connection:
        user = await people.user_by_name(connection, username.strip()) if _plausible(username) else None
    known = user is not None and user.active
    if not await passwords.verify(user.password if user and known else None, password) or user is None:
        raise Unauthenticated("User name or password is not right.")
    fresh = await passwords.hash(password) if passwords.outdated(user.password) else None
    secret, now = credentials.new_session(), desk.now()
    async with desk.database.write() as connection:
        user = await people.user_by_id(connection, user.id)
        if not user.active:
            raise Unauthenticated("User name or password is not right.")
        if fresh:
            user = replace(user, password=fresh)
            await people.save_user(connection, user)
        await people.insert_session(
            connection,
            Session(
                digest=credentials.digest(secret), user_id=user.id, created_at=now, seen_at=now,
                expires_at=now + timedelta(days=days), agent=_printable(agent)[:300],
            ),
        )
    return secret, user


async def log_out(desk: Desk, secret: str) -> None:
    """End the session that the cookie names, if there is one."""
    async with desk.database.write() as connection:
        await people.delete_session(connection, credentials.digest(secret))


async def caller_of_session(desk: Desk, secret: str, *, days: int) -> Caller | None:
    """Whose session this is; None when it ended or never was. Using it keeps it alive for `days` more."""
    if len(secret) > credentials.MAX_LENGTH:
        return None
    now, digest = desk.now(), credentials.digest(secret)
    async with desk.database.read() as connection:
        session = await people.session_by_digest(connection, digest, now)
        user = await people.user_by_id(connection, session.user_id) if session else None
    if session is None or user is None or not user.active:
        return None
    if now - session.seen_at > SEEN_EVERY:
        try:
            async with desk.database.write() as connection:
                await people.touch_session(
                    connection, digest, seen_at=now, expires_at=now + timedelta(days=days)
                )
        except Unavailable:
            pass  # a database that takes no writes still lets people read
    return Caller(f"user:{user.id}", user.name, user.role, dict(user.blog_roles))


async def caller_of_token(desk: Desk, text: str) -> Caller | None:
    """Whose API token this is; None when it was revoked or never was."""
    if not text.startswith(credentials.TOKEN_PREFIX) or len(text) > credentials.MAX_LENGTH:
        return None
    now = desk.now()
    async with desk.database.read() as connection:
        token = await people.token_by_digest(connection, credentials.digest(text))
    if token is None:
        return None
    if token.used_at is None or now - token.used_at > SEEN_EVERY:
        try:
            async with desk.database.write() as connection:
                await people.touch_token(connection, token.id, now)
        except Unavailable:
            pass
    if token.blog_id is None:
        return Caller(f"token:{token.id}", token.name, token.role)
    return Caller(f"token:{token.id}", token.name, None, {token.blog_id: token.role})


async def _by_id(
    connection: AsyncConnection, by_slug: Mapping[str, Role], *, field: str = "blog_roles"
) -> dict[str, Role]:
    if not by_slug:
        return {}
    ids = {slug: blog_id for blog_id, slug in (await people.slugs(connection)).items()}
    unknown = [slug for slug in by_slug if slug not in ids]
    if unknown:
        raise Invalid.field(field, f"there is no blog “{unknown[0][:100]}”")
    return {ids[slug]: role for slug, role in by_slug.items()}


def _runs_all(user: User) -> bool:
    return user.active and user.role == "admin"


def _name(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MAX_NAME or _printable(text) != text:
        raise Invalid.field("name", f"1 to {MAX_NAME} printable characters")
    return text


def _plausible(username: str) -> bool:
    return USERNAME.fullmatch(username.strip().lower()) is not None


def _printable(text: str) -> str:
    """Without control characters, bidirectional overrides and lone surrogates."""
    return "".join(c for c in text if c.isprintable() or c == "\u200d")
