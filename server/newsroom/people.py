"""Manages users, log-ins and API tokens, and looks up the caller of a request.

Password hashing and secrets are in auth/, permissions in domain/permissions.py.
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
"""The last use of a session or token is written at most this often, not at every request."""


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
    except IntegrityError as error:
        raise Conflict(f"username: “{username}” is already in use.") from error
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
        user = await people.user_by_id(connection, user_id)
        if "blog_roles" in changed:
            changed["blog_roles"] = await _by_id(connection, changed["blog_roles"])
        edited = replace(user, **changed)
        if _is_admin(user) and not _is_admin(edited) and admins <= 1:
            raise Conflict("This is the last admin. Make another user an admin first.")
        await people.save_user(connection, edited)
        if not edited.active:
            await people.delete_sessions_of(connection, user.id)
    return edited


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
        raise Forbidden("The current password is incorrect.")
    async with desk.database.write() as connection:
        user = await people.user_by_id(connection, user_id)
        await people.save_user(connection, replace(user, password=hashed))
        await people.delete_sessions_of(connection, user_id)


async def create_token(
    desk: Desk, caller: Caller, name: str, role: Role, *, blog: str | None = None
) -> tuple[Token, str]:
    """Create an API token for all blogs, or for the one with the slug `blog`.

    Returns the token's record and the token itself, which is not stored and cannot be shown again.

    Raises:
        Forbidden: only admins with a role for all blogs manage tokens.
        Invalid: the name is invalid, or the blog does not exist.
        Conflict: the name is in use, or was used by a revoked token: names identify authors.
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
        raise Conflict(f"name: there is already a token called “{name}”.") from error
    return token, plain


async def revoke_token(desk: Desk, caller: Caller, token_id: str) -> None:
    """Revoke a token immediately. Raises Forbidden, or NotFound if it does not exist or is revoked already."""
    require(caller, Action.TOKENS_MANAGE)
    async with desk.database.write() as connection:
        await people.revoke_token(connection, token_id, desk.now())


async def log_in(
    desk: Desk, username: str, password: str, *, days: int, agent: str = ""
) -> tuple[str, User]:
    """Start a session that ends `days` days after its last use. Returns the session secret for the cookie, and
    the user. Callers must throttle first.

    Raises:
        Unauthenticated: unknown user, wrong password or inactive user; the message does not say which.
    """
    async with desk.database.read() as connection:
        user = await people.user_by_name(connection, username.strip()) if _plausible(username) else None
    known = user is not None and user.active
    if not await passwords.verify(user.password if user and known else None, password) or user is None:
        raise Unauthenticated("The user name or password is incorrect.")
    fresh = await passwords.hash(password) if passwords.outdated(user.password) else None
    secret, now = credentials.new_session(), desk.now()
    async with desk.database.write() as connection:
        user = await people.user_by_id(connection, user.id)
        if not user.active:
            raise Unauthenticated("The user name or password is incorrect.")
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
    """End the session with this secret, if there is one."""
    async with desk.database.write() as connection:
        await people.delete_session(connection, credentials.digest(secret))


async def caller_of_session(desk: Desk, secret: str, *, days: int) -> Caller | None:
    """The caller of a session, or None if it has ended or never existed. Extends the session by `days`."""
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
            pass  # reading must work while the database cannot be written
    return Caller(f"user:{user.id}", user.name, user.role, dict(user.blog_roles))


async def caller_of_token(desk: Desk, text: str) -> Caller | None:
    """The caller of an API token, or None if it is revoked or unknown."""
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
        raise Invalid.field(field, f"blog “{unknown[0][:100]}” not found")
    return {ids[slug]: role for slug, role in by_slug.items()}


def _is_admin(user: User) -> bool:
    return user.active and user.role == "admin"


def _name(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MAX_NAME or _printable(text) != text:
        raise Invalid.field("name", f"must be 1 to {MAX_NAME} printable characters")
    return text


def _plausible(username: str) -> bool:
    return USERNAME.fullmatch(username.strip().lower()) is not None


def _printable(text: str) -> str:
    """The text without control characters, bidirectional overrides and lone surrogates."""
    return "".join(c for c in text if c.isprintable() or c == "\u200d")
