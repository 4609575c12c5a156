"""Who makes a request, by session or API token, and whether that still holds for what is open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from server.auth import credentials
from server.domain.errors import NotFound, Unavailable
from server.domain.permissions import SYSTEM, Authority, Caller, at_most
from server.domain.person import Token, User
from server.newsroom.desk import Desk
from server.store import people

MAX_SESSION_DAYS = 90
MAX_MAKERS = 10
"""How long a chain of tokens that made tokens may be."""
SEEN_EVERY = timedelta(minutes=15)
"""The last use of a session or token is written at most this often, not at every request."""


async def caller_of_session(
    desk: Desk, secret: str, *, days: int, max_days: int = MAX_SESSION_DAYS
) -> Caller | None:
    """Whose session this is; None when it ended or never was. Using it keeps it alive for `days` more, and for
    no longer than `max_days` since the log-in."""
    if len(secret) > credentials.MAX_LENGTH:
        return None
    now, digest = desk.now(), credentials.digest(secret)
    async with desk.database.look_up() as connection:
        session = await people.session_by_digest(connection, digest, now)
        user = await people.user_by_id(connection, session.user_id) if session else None
    if session is None or user is None or not user.active:
        return None
    end = session.created_at + timedelta(days=max_days)
    if now >= end:
        return None
    if now - session.seen_at > SEEN_EVERY:
        try:
            async with desk.database.write() as connection:
                await people.touch_session(
                    connection, digest, seen_at=now, expires_at=min(now + timedelta(days=days), end)
                )
        except Unavailable:
            pass  # reading must work while the database cannot be written
    return caller_of_user(user)


async def caller_of_token(desk: Desk, text: str) -> Caller | None:
    """Whose API token this is, with no more rights than who made it has now; None when it was revoked, never
    was, or ended with its maker."""
    if not text.startswith(credentials.TOKEN_PREFIX) or len(text) > credentials.MAX_LENGTH:
        return None
    now = desk.now()
    async with desk.database.look_up() as connection:
        token = await people.token_by_digest(connection, credentials.digest(text))
        caller = await _token_caller(connection, token)
    if token is None or caller is None:
        return None
    if token.used_at is None or now - token.used_at > SEEN_EVERY:
        try:
            async with desk.database.write() as connection:
                await people.touch_token(connection, token.id, now)
        except Unavailable:
            pass
    return caller


async def outlived(desk: Desk, held: Collection[Authority]) -> set[str]:
    """Of these authorities, the callers of whom one or more do not hold any more: a session ended, a token was
    revoked, a role is another. Signals say so at once (rights_signal.py), and may be lost or never sent: by a
    command without Redis, or by whoever writes into the database by hand. A few queries, however many are held.

    Raises:
        Unavailable: the database cannot be read.
    """
    kinds: dict[str, set[str]] = {"user": set(), "token": set()}
    for authority in held:
        kind, _, id_ = authority.caller.id.partition(":")
        kinds.setdefault(kind, set()).add(id_)
    now: dict[str, Caller | None] = {}
    async with desk.database.read() as connection:
        for user in await people.users_by_id(connection, kinds["user"]):
            now[f"user:{user.id}"] = caller_of_user(user) if user.active else None
        for id_ in kinds["token"]:
            now[f"token:{id_}"] = await _token_caller(connection, await people.token_by_id(connection, id_))
        sessions = await people.live_sessions(connection, {a.session for a in held if a.session}, desk.now())
    return {
        a.caller.id for a in held
        if now.get(a.caller.id) != a.caller or (a.session is not None and a.session not in sessions)
    }


def caller_of_user(user: User) -> Caller:
    """The person as a caller. Whether they are active is for whoever asks to see."""
    return Caller(f"user:{user.id}", user.name, user.role, dict(user.blog_roles))


async def _token_caller(
    connection: AsyncConnection, token: Token | None, *, depth: int = 0
) -> Caller | None:
    """The token as a caller; None when nothing is left of its rights."""
    if token is None or depth > MAX_MAKERS:
        return None
    everywhere = token.blog_id is None
    caller = Caller(
        f"token:{token.id}", token.name, token.role if everywhere else None,
        {} if token.blog_id is None else {token.blog_id: token.role},
    )
    if token.keep or token.author_id is None:
        return caller
    maker = await _maker(connection, token.author_id, depth=depth)
    capped = at_most(caller, maker) if maker is not None else None
    return capped if capped is not None and (capped.role or capped.blog_roles) else None


async def _maker(connection: AsyncConnection, author_id: str, *, depth: int) -> Caller | None:
    kind, _, id_ = author_id.partition(":")
    if kind == "token":
        return await _token_caller(connection, await people.token_by_id(connection, id_), depth=depth + 1)
    if kind != "user":
        return SYSTEM  # the command line of the installation
    try:
        user = await people.user_by_id(connection, id_)
    except NotFound:
        return None
    return caller_of_user(user) if user.active else None
