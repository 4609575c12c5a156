"""Queries for users, roles, sessions and API tokens. Secrets are stored as digests only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import NotFound
from server.domain.permissions import Role
from server.domain.person import Session, Token, User
from server.store.schema import blog_roles, blogs, sessions, tokens, users

_SETUP_LOCK = 0x5709_9E56
"""Names an advisory lock of PostgreSQL, beside the one of `migrate.py`."""

_BY_DIGEST = select(tokens).where(tokens.c.digest == bindparam("digest"), tokens.c.revoked_at.is_(None))


async def insert_user(connection: AsyncConnection, user: User) -> None:
    """Raises IntegrityError if the user name is in use."""
    values = {f: getattr(user, f) for f in User.__slots__ if f != "blog_roles"}
    await connection.execute(users.insert().values(**values))
    await _insert_blog_roles(connection, user.id, user.blog_roles)


async def change_user(connection: AsyncConnection, user_id: str, changed: Mapping[str, Any]) -> None:
    """Write these columns of a user and no others (`blog_roles` replaces all of them), so that what another
    transaction wrote meanwhile stays."""
    values = {name: value for name, value in changed.items() if name != "blog_roles"}
    if values:
        await connection.execute(update(users).where(users.c.id == user_id).values(**values))
    if "blog_roles" in changed:
        await connection.execute(delete(blog_roles).where(blog_roles.c.user_id == user_id))
        await _insert_blog_roles(connection, user_id, changed["blog_roles"])


async def replace_password(
    connection: AsyncConnection, user_id: str, password: str, *, instead_of: str
) -> bool:
    """Write another hash if the one that was checked is still there; whether it was."""
    done = await connection.execute(
        update(users).where(users.c.id == user_id, users.c.password == instead_of).values(password=password)
    )
    return done.rowcount == 1


async def user_by_id(connection: AsyncConnection, user_id: str, *, lock: bool = False) -> User:
    """The user; with `lock`, in a write, nobody else changes this person until it ends. Raises NotFound."""
    statement = select(users).where(users.c.id == user_id)
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("User not found.")
    return await _user(connection, row)


async def users_by_id(connection: AsyncConnection, ids: Collection[str]) -> list[User]:
    """These users, in two queries; those that there are."""
    if not ids:
        return []
    held: dict[str, dict[str, Role]] = {}
    for row in await connection.execute(select(blog_roles).where(blog_roles.c.user_id.in_(ids))):
        held.setdefault(row.user_id, {})[row.blog_id] = row.role
    found = await connection.execute(select(users).where(users.c.id.in_(ids)))
    return [_user_of(row, held.get(row.id, {})) for row in found]


async def user_by_name(connection: AsyncConnection, username: str) -> User | None:
    """The user with this user name (stored in lower case), or None."""
    row = (await connection.execute(select(users).where(users.c.username == username.lower()))).one_or_none()
    return await _user(connection, row) if row else None


async def anybody(connection: AsyncConnection) -> bool:
    """Whether there is any user, active or not."""
    return (await connection.execute(select(users.c.id).limit(1))).first() is not None


async def lock_setup(connection: AsyncConnection) -> None:
    """Keep other processes from setting up the installation until the transaction ends (SQLite: they are out
    already)."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_SETUP_LOCK)))


async def all_users(connection: AsyncConnection) -> list[User]:
    """Everybody by user name, in two queries."""
    held: dict[str, dict[str, Role]] = {}
    for row in await connection.execute(select(blog_roles)):
        held.setdefault(row.user_id, {})[row.blog_id] = row.role
    found = (await connection.execute(select(users).order_by(users.c.username))).all()
    return [_user_of(row, held.get(row.id, {})) for row in found]


async def count_admins(connection: AsyncConnection, *, lock: bool = False) -> int:
    """Number of active users who are admin for all blogs; the last one may not be removed. `lock` locks their
    rows until the transaction ends (SQLite has one writer anyway)."""
    statement = select(users.c.id).where(users.c.role == "admin", users.c.active.is_(True)).order_by(users.c.id)
    if lock:
        statement = statement.with_for_update()
    return len((await connection.execute(statement)).all())


async def insert_session(connection: AsyncConnection, session: Session) -> None:
    await connection.execute(sessions.insert().values(**{f: getattr(session, f) for f in Session.__slots__}))


async def session_by_digest(connection: AsyncConnection, digest: str, now: datetime) -> Session | None:
    """The session, or None if it is unknown or has expired."""
    row = (
        await connection.execute(
            select(sessions).where(sessions.c.digest == digest, sessions.c.expires_at > now)
        )
    ).one_or_none()
    return Session(**{f: getattr(row, f) for f in Session.__slots__}) if row else None


async def live_sessions(connection: AsyncConnection, digests: Collection[str], now: datetime) -> set[str]:
    """Which of these sessions are there and have not expired."""
    if not digests:
        return set()
    statement = select(sessions.c.digest).where(sessions.c.digest.in_(digests), sessions.c.expires_at > now)
    return set((await connection.execute(statement)).scalars())


async def touch_session(
    connection: AsyncConnection, digest: str, *, seen_at: datetime, expires_at: datetime
) -> None:
    await connection.execute(
        update(sessions).where(sessions.c.digest == digest).values(seen_at=seen_at, expires_at=expires_at)
    )


async def delete_session(connection: AsyncConnection, digest: str) -> str | None:
    """Whose session it was; None when there was none."""
    deleted = delete(sessions).where(sessions.c.digest == digest).returning(sessions.c.user_id)
    user_id: str | None = (await connection.execute(deleted)).scalar_one_or_none()
    return user_id


async def delete_sessions_of(connection: AsyncConnection, user_id: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


async def delete_expired_sessions(connection: AsyncConnection, now: datetime) -> None:
    await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))


async def insert_token(connection: AsyncConnection, token: Token) -> None:
    """Raises IntegrityError if the name is in use."""
    await connection.execute(tokens.insert().values(**{f: getattr(token, f) for f in Token.__slots__}))


async def token_by_digest(connection: AsyncConnection, digest: str) -> Token | None:
    """The token, or None if it is unknown or revoked."""
    row = (await connection.execute(_BY_DIGEST, {"digest": digest})).one_or_none()
    return _token(row) if row else None


async def tokens_of(connection: AsyncConnection, author_id: str) -> list[Token]:
    """The tokens that end with this person or token: those it made and those that they made in turn, without
    those that are kept, and without revoked ones."""
    found: list[Token] = []
    waiting = [author_id]
    while waiting:
        statement = select(tokens).where(
            tokens.c.author_id.in_(waiting), tokens.c.revoked_at.is_(None), tokens.c.keep.is_(False)
        )
        known = {token.id for token in found}
        more = [_token(r) for r in await connection.execute(statement) if r.id not in known]
        found += more
        waiting = [f"token:{token.id}" for token in more]
    return found


async def token_by_id(connection: AsyncConnection, token_id: str) -> Token | None:
    """The token, or None if it is unknown or revoked."""
    statement = select(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    row = (await connection.execute(statement)).one_or_none()
    return _token(row) if row else None


async def makers(connection: AsyncConnection) -> dict[str, str]:
    """The name of every person and token, by the id that a caller has."""
    names = {f"user:{r.id}": r.name for r in await connection.execute(select(users.c.id, users.c.name))}
    for row in await connection.execute(select(tokens.c.id, tokens.c.name)):
        names[f"token:{row.id}"] = row.name
    return names


async def all_tokens(connection: AsyncConnection) -> list[Token]:
    return [_token(r) for r in await connection.execute(select(tokens).order_by(tokens.c.created_at))]


async def revoke_token(connection: AsyncConnection, token_id: str, at: datetime) -> None:
    """Raises NotFound."""
    done = await connection.execute(
        update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    if done.rowcount == 0:
        raise NotFound("API token not found.")


async def touch_token(connection: AsyncConnection, token_id: str, at: datetime) -> None:
    await connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_at=at))


async def slugs(connection: AsyncConnection) -> dict[str, str]:
    """The slug of every blog, by id."""
    return {r.id: r.slug for r in await connection.execute(select(blogs.c.id, blogs.c.slug))}


async def _insert_blog_roles(
    connection: AsyncConnection, user_id: str, held: Mapping[str, Role]
) -> None:
    if held:
        await connection.execute(
            blog_roles.insert(), [{"user_id": user_id, "blog_id": b, "role": r} for b, r in held.items()]
        )


async def _user(connection: AsyncConnection, row: Any) -> User:
    held = await connection.execute(select(blog_roles).where(blog_roles.c.user_id == row.id))
    return _user_of(row, {r.blog_id: r.role for r in held})


def _user_of(row: Any, held: Mapping[str, Role]) -> User:
    values = {f: getattr(row, f) for f in User.__slots__ if f != "blog_roles"}
    return User(**values, blog_roles=held)


def _token(row: Any) -> Token:
    return Token(**{f: getattr(row, f) for f in Token.__slots__})
