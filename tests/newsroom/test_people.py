"""Who there is and who is asking, on both databases, with a clock that the test turns."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from server.domain.errors import Conflict, Forbidden, Unauthenticated
from server.domain.permissions import SYSTEM, Caller
from server.newsroom import callers, people, schedule
from server.newsroom.desk import Desk
from server.store import people as stored
from tests.support.desk import Newsroom

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
EDITOR = Caller("user:editor", "Ada", "editor")


@pytest.fixture
def desk(newsroom: Newsroom) -> Desk:
    return newsroom.desk


def later(desk: Desk, **time: float) -> Desk:
    """The same desk at another time, counted from now."""
    moment = desk.now() + timedelta(**time)
    return replace(desk, now=lambda: moment)


async def test_two_admins_who_remove_each_other_leave_one(desk: Desk) -> None:
    first = await people.create_user(desk, SYSTEM, "ada", password=PASSWORD, role="admin")
    second = await people.create_user(desk, SYSTEM, "grace", password=PASSWORD, role="admin")
    answers = await asyncio.gather(
        people.edit_user(desk, SYSTEM, first.id, {"active": False}),
        people.edit_user(desk, SYSTEM, second.id, {"role": "editor"}),
        return_exceptions=True,
    )
    assert sorted(type(a).__name__ for a in answers) == ["Conflict", "User"]
    async with desk.database.read() as connection:
        assert await stored.count_admins(connection) == 1


async def test_user_names_are_unique(desk: Desk) -> None:
    answers = await asyncio.gather(
        *(people.create_user(desk, SYSTEM, name, password=PASSWORD) for name in ("ada", "Ada", " ADA ")),
        return_exceptions=True,
    )
    assert sum(isinstance(a, Conflict) for a in answers) == 2


async def test_session_lives_while_it_is_used(desk: Desk) -> None:
    user = await people.create_user(desk, SYSTEM, "ada", password=PASSWORD, role="editor")
    secret, _ = await people.log_in(desk, "ADA", PASSWORD, days=2)
    for days in (1.5, 3.0, 4.5):
        caller = await callers.caller_of_session(later(desk, days=days), secret, days=2)
        assert caller is not None
        assert (caller.id, caller.role) == (f"user:{user.id}", "editor")
    assert await callers.caller_of_session(later(desk, days=6.6), secret, days=2) is None
    await schedule.tidy(later(desk, days=6.6))
    async with desk.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT * FROM sessions")).all() == []


async def test_new_password_ends_every_session(desk: Desk) -> None:
    user = await people.create_user(desk, SYSTEM, "ada", password=PASSWORD)
    secrets = [(await people.log_in(desk, "ada", PASSWORD, days=2))[0] for _ in range(2)]
    await people.set_password(desk, SYSTEM, user.id, "another good one")
    for secret in secrets:
        assert await callers.caller_of_session(desk, secret, days=2) is None
    with pytest.raises(Unauthenticated):
        await people.log_in(desk, "ada", PASSWORD, days=2)


async def test_only_admins_for_all_blogs_manage_people(desk: Desk) -> None:
    user = await people.create_user(desk, SYSTEM, "ada", password=PASSWORD)
    for caller in (EDITOR, replace(EDITOR, role=None, blog_roles={"a": "admin"}), Caller("user:x", "Nobody")):
        for attempt in (
            people.create_user(desk, caller, "grace", password=PASSWORD),
            people.edit_user(desk, caller, user.id, {"role": "admin"}),
            people.set_password(desk, caller, user.id, PASSWORD),
            people.create_token(desk, caller, "mine", "admin"),
            people.revoke_token(desk, caller, "a"),
        ):
            with pytest.raises(Forbidden):
                await attempt


async def test_last_use_of_a_token_is_kept(desk: Desk) -> None:
    token, plain = await people.create_token(desk, SYSTEM, "wire", "editor")
    assert token.used_at is None
    caller = await callers.caller_of_token(desk, plain)
    assert caller is not None
    async with desk.database.read() as connection:
        (kept,) = await stored.all_tokens(connection)
    assert kept.used_at is not None
    for text in ("", "sp_", plain[3:], plain + "x", "sp_" + "x" * 10_000):
        assert await callers.caller_of_token(desk, text) is None
