"""The first person of an installation."""

from __future__ import annotations

from server.auth import passwords
from server.domain.permissions import SYSTEM
from server.domain.person import User
from server.domain.position import new_id
from server.newsroom import audit
from server.newsroom.desk import Desk
from server.store import people


async def first_admin(desk: Desk, username: str, password: str, *, name: str) -> bool:
    """Add an admin if there is nobody yet; whether that was so. Of several servers that start together on a
    fresh database one adds, and the others find the admin there.

    Raises:
        Unavailable: the database cannot be used; nothing was written.
    """
    async with desk.database.read() as connection:
        if await people.anybody(connection):
            return False
    hashed = await passwords.hash(password)
    async with desk.database.write() as connection:
        await people.lock_setup(connection)
        if await people.anybody(connection):
            return False
        user = User(
            id=new_id(), username=username, name=name, password=hashed, role="admin", active=True,
            created_at=desk.now(),
        )
        await people.insert_user(connection, user)
        await audit.record(
            connection, SYSTEM, "user_added", at=user.created_at, user=user.id, username=username,
            role=user.role,
        )
    audit.done("user_added", SYSTEM, user=user.id, username=username, role=user.role)
    return True
