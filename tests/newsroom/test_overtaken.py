"""Every writer of the newsroom, overtaken by another between what it read and what it writes, on both
databases: nothing that was written is lost, and what was taken away does not come back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.auth import passwords
from server.domain.errors import Conflict, StopPressError, Unauthenticated
from server.domain.permissions import SYSTEM, Caller
from server.newsroom import blogs, callers, entries, people, schedule
from server.newsroom.desk import Desk
from server.store import blogs as stored_blogs
from server.store import people as stored
from server.store.people import User
from tests.support.desk import EDITOR, Newsroom
from tests.support.interleaved import overtaken

pytestmark = pytest.mark.anyio

PASSWORD, ANOTHER = "correct horse battery", "staple of another kind"


@pytest.fixture
def desk(newsroom: Newsroom) -> Desk:
    return newsroom.desk


async def person(desk: Desk, name: str = "ada", **given: Any) -> User:
    return await people.create_user(desk, SYSTEM, name, password=PASSWORD, **given)


async def again(desk: Desk, user: User) -> User:
    async with desk.database.read() as connection:
        return await stored.user_by_id(connection, user.id)


def failed(*results: Any) -> list[Any]:
    """What went wrong otherwise than by a refusal in words."""
    return [r for r in results if isinstance(r, BaseException) and not isinstance(r, StopPressError)]


CHANGES: list[dict[str, Any]] = [
    {"active": False}, {"role": None}, {"blog_roles": {}}, {"name": "Grace"}, {"role": "contributor"},
]


@pytest.mark.parametrize("first", CHANGES, ids=str)
@pytest.mark.parametrize("second", CHANGES[:2], ids=str)
async def test_two_changes_of_a_person_are_both_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, first: dict[str, Any], second: dict[str, Any]
) -> None:
    await person(desk, "root", role="admin")
    user = await person(desk, role="editor", blog_roles={"storm": "editor"})
    results = await overtaken(
        monkeypatch,
        lambda: people.edit_user(desk, SYSTEM, user.id, first),
        lambda: people.edit_user(desk, SYSTEM, user.id, second),
    )
    assert not [r for r in results if isinstance(r, BaseException)]
    found = await again(desk, user)
    for name, value in (first | second).items():
        if name not in first or name not in second:
            assert getattr(found, name) == value, name


@pytest.mark.parametrize("change", [{"active": False}, {"role": None, "blog_roles": {}}], ids=str)
@pytest.mark.parametrize("how", ["password of another", "own password", "log in", "log in with an old hash"])
async def test_a_removed_person_does_not_come_back_with_a_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], how: str
) -> None:
    user = await person(desk, role="editor", blog_roles={"storm": "editor"})
    if how == "log in with an old hash":
        monkeypatch.setattr(passwords, "outdated", lambda hashed: True)
    own = Caller(f"user:{user.id}", user.name)
    writers = {
        "password of another": lambda: people.set_password(desk, SYSTEM, user.id, ANOTHER),
        "own password": lambda: people.set_password(desk, own, user.id, ANOTHER, current=PASSWORD),
        "log in": lambda: people.log_in(desk, "ada", PASSWORD, days=1),
        "log in with an old hash": lambda: people.log_in(desk, "ada", PASSWORD, days=1),
    }
    results = await overtaken(
        monkeypatch, writers[how], lambda: people.edit_user(desk, SYSTEM, user.id, change)
    )
    assert not failed(*results)
    found = await again(desk, user)
    for name, value in change.items():
        assert getattr(found, name) == value
    if change == {"active": False} and isinstance(results[0], tuple):
        assert await callers.caller_of_session(desk, results[0][0], days=1) is None


async def test_a_log_in_that_began_with_the_old_password_gets_no_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reset comes while the old password is being compared."""
    user = await person(desk)
    verify = passwords.verify
    reset: list[asyncio.Task[None]] = []

    async def slowly(hashed: str | None, password: str) -> bool:
        same = await verify(hashed, password)
        if not reset:
            reset.append(asyncio.ensure_future(people.set_password(desk, SYSTEM, user.id, ANOTHER)))
            await reset[0]
        return same

    monkeypatch.setattr(passwords, "verify", slowly)
    with pytest.raises(Unauthenticated):
        await people.log_in(desk, "ada", PASSWORD, days=1)
    async with desk.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT * FROM sessions")).all() == []
    assert await people.log_in(desk, "ada", ANOTHER, days=1)


@pytest.mark.parametrize("writer", ["log in first", "reset first"])
async def test_a_reset_ends_a_log_in_at_the_same_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    user = await person(desk)

    def log_in() -> Any:
        return people.log_in(desk, "ada", PASSWORD, days=1)

    def reset() -> Any:
        return people.set_password(desk, SYSTEM, user.id, ANOTHER)

    results = await overtaken(monkeypatch, *((log_in, reset) if writer == "log in first" else (reset, log_in)))
    assert not failed(*results)
    for result in results:
        if isinstance(result, tuple):
            assert await callers.caller_of_session(desk, result[0], days=1) is None


async def test_an_own_password_is_not_set_over_a_reset(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    user = await person(desk)
    own = Caller(f"user:{user.id}", user.name)
    results = await overtaken(
        monkeypatch,
        lambda: people.set_password(desk, SYSTEM, user.id, ANOTHER),
        lambda: people.set_password(desk, own, user.id, "what an attacker wants", current=PASSWORD),
    )
    assert not failed(*results)
    assert await people.log_in(desk, "ada", ANOTHER, days=1)


async def test_of_two_who_remove_each_other_one_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await person(desk, "ada", role="admin"), await person(desk, "grace", role="admin")
    results = await overtaken(
        monkeypatch,
        lambda: people.edit_user(desk, SYSTEM, first.id, {"active": False}),
        lambda: people.edit_user(desk, SYSTEM, second.id, {"role": None}),
    )
    assert [isinstance(r, Conflict) for r in results] == [False, True]


async def test_a_log_out_is_not_undone_by_the_use_of_the_session(
    desk: Desk, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(desk)
    secret, _ = await people.log_in(desk, "ada", PASSWORD, days=9)
    newsroom.clock.forward(hours=1)
    results = await overtaken(
        monkeypatch, lambda: callers.caller_of_session(desk, secret, days=9),
        lambda: people.log_out(desk, secret),
    )
    assert not failed(*results)
    assert await callers.caller_of_session(desk, secret, days=9) is None


async def test_a_revoked_token_is_not_revived_by_its_use(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, plain = await people.create_token(desk, SYSTEM, "wire", "editor")
    results = await overtaken(
        monkeypatch, lambda: callers.caller_of_token(desk, plain),
        lambda: people.revoke_token(desk, SYSTEM, token.id),
    )
    assert not failed(*results)
    assert await callers.caller_of_token(desk, plain) is None


async def test_a_token_made_while_its_maker_is_removed_is_worth_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await person(desk, "root", role="admin")
    user = await person(desk, role="admin")
    maker = Caller(f"user:{user.id}", user.name, "admin")
    results = await overtaken(
        monkeypatch, lambda: people.create_token(desk, maker, "late", "admin"),
        lambda: people.edit_user(desk, SYSTEM, user.id, {"active": False}),
    )
    assert not failed(*results)
    assert await callers.caller_of_token(desk, results[0][1]) is None


async def test_two_edits_of_a_blog_are_both_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    results = await overtaken(
        monkeypatch,
        lambda: blogs.edit(desk, EDITOR, "storm", {"headline": "Flood"}, revision=None),
        lambda: blogs.edit(desk, EDITOR, "storm", {"status": "closed"}, revision=None),
    )
    assert not [r for r in results if isinstance(r, BaseException)]
    async with desk.database.read() as connection:
        blog = await stored_blogs.by_slug(connection, "storm")
    assert (blog.headline, blog.status) == ("Flood", "closed")


@pytest.mark.parametrize("first", ["title", "pin", "retract", "publish when due"])
@pytest.mark.parametrize("second", ["pin", "retract"])
async def test_two_writes_of_an_entry_are_both_kept(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    desk = newsroom.desk
    if first == "publish when due":
        at = newsroom.clock.now.replace(hour=10)
        entry = await newsroom.post(status="scheduled", publish_at=at)
        newsroom.clock.forward(hours=2)
    else:
        entry = await newsroom.post()

    def writer(what: str) -> Any:
        if what == "retract":
            return entries.retract(desk, EDITOR, "storm", entry.id)
        if what == "publish when due":
            return schedule.publish_due(desk)
        changed: dict[str, Any] = {"title": "Flood"} if what == "title" else {"pinned": True}
        return entries.edit(desk, EDITOR, "storm", entry.id, changed, revision=None)

    results = await overtaken(monkeypatch, lambda: writer(first), lambda: writer(second))
    assert not failed(*results)
    found = await newsroom.stored(entry.id)
    if "retract" in (first, second):
        assert found.status == "retracted"
        assert found.content.title == "" and not found.content.blocks
    else:
        if "title" in (first, second):
            assert found.content.title == "Flood"
        if "pin" in (first, second):
            assert found.content.pinned
        if first == "publish when due":
            assert found.status == "published"
