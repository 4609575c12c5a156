"""Rights end with their reason: sessions have an end, tokens end with their maker, and whoever holds a
connection open is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.auth import credentials
from server.domain.errors import NotFound
from server.domain.permissions import SYSTEM, Authority, Caller, at_most
from server.newsroom import callers, people, rights_signal
from server.newsroom.desk import Desk
from server.store import people as stored
from tests.support.desk import Newsroom

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


@pytest.fixture
def desk(newsroom: Newsroom) -> Desk:
    return newsroom.desk


async def admin(desk: Desk, name: str) -> Caller:
    user = await people.create_user(desk, SYSTEM, name, password=PASSWORD, role="admin")
    return Caller(f"user:{user.id}", user.name, "admin")


def id_of(caller: Caller) -> str:
    return caller.id.partition(":")[2]


async def test_a_session_ends_for_good_however_much_it_is_used(desk: Desk, newsroom: Newsroom) -> None:
    await admin(desk, "ada")
    secret, _ = await people.log_in(desk, "ada", PASSWORD, days=14, max_days=30)
    for _ in range(29):
        newsroom.clock.forward(days=1)
        assert await callers.caller_of_session(desk, secret, days=14, max_days=30)
    newsroom.clock.forward(days=1)
    assert await callers.caller_of_session(desk, secret, days=14, max_days=30) is None
    assert await callers.caller_of_session(desk, secret, days=14, max_days=365) is None


async def test_a_shorter_end_holds_for_sessions_that_are_open(desk: Desk, newsroom: Newsroom) -> None:
    await admin(desk, "ada")
    secret, _ = await people.log_in(desk, "ada", PASSWORD, days=14, max_days=90)
    newsroom.clock.forward(days=5)
    assert await callers.caller_of_session(desk, secret, days=14, max_days=5) is None


@pytest.mark.parametrize(
    ("changed", "role", "blog_role"),
    [
        ({"active": False}, None, None),
        ({"role": None}, None, None),
        ({"role": "editor"}, "editor", None),
        ({"role": "contributor"}, "contributor", None),
        ({"role": None, "blog_roles": {"storm": "editor"}}, None, "editor"),
        ({"name": "Other"}, "admin", None),
    ],
    ids=str,
)
@pytest.mark.parametrize("through", ["person", "token of the person"])
async def test_a_token_can_do_no_more_than_its_maker(
    desk: Desk, newsroom: Newsroom, changed: dict[str, Any], role: str | None, blog_role: str | None,
    through: str,
) -> None:
    await admin(desk, "root")
    maker = await admin(desk, "ada")
    made_by = maker
    if through == "token of the person":
        _, plain = await people.create_token(desk, maker, "first", "admin")
        found = await callers.caller_of_token(desk, plain)
        assert found is not None
        made_by = found
    _, plain = await people.create_token(desk, made_by, "wire", "admin")
    _, kept = await people.create_token(desk, made_by, "kept", "admin", keep=True)
    await people.edit_user(desk, SYSTEM, id_of(maker), changed)
    caller = await callers.caller_of_token(desk, plain)
    assert (caller.role if caller else None) == role
    assert (caller.blog_roles.get(newsroom.blog_id) if caller else None) == blog_role
    stays = await callers.caller_of_token(desk, kept)
    assert stays is not None and stays.role == "admin"


async def test_a_token_for_one_blog_is_capped_there(desk: Desk, newsroom: Newsroom) -> None:
    await admin(desk, "root")
    maker = await admin(desk, "ada")
    _, plain = await people.create_token(desk, maker, "wire", "editor", blog="storm")
    await people.edit_user(desk, SYSTEM, id_of(maker), {"role": None, "blog_roles": {"storm": "contributor"}})
    caller = await callers.caller_of_token(desk, plain)
    assert caller is not None
    assert (caller.role, dict(caller.blog_roles)) == (None, {newsroom.blog_id: "contributor"})


async def test_tokens_of_a_removed_person_are_listed_as_revoked_and_stay_so(desk: Desk) -> None:
    await admin(desk, "root")
    maker = await admin(desk, "ada")
    token, plain = await people.create_token(desk, maker, "wire", "admin")
    await people.edit_user(desk, SYSTEM, id_of(maker), {"active": False})
    await people.edit_user(desk, SYSTEM, id_of(maker), {"active": True})
    assert await callers.caller_of_token(desk, plain) is None
    with pytest.raises(NotFound):
        await people.revoke_token(desk, SYSTEM, token.id)
    async with desk.database.read() as connection:
        assert (await stored.all_tokens(connection))[0].revoked_at is not None
        assert (await stored.makers(connection))[maker.id] == "ada"


async def test_revoking_a_token_revokes_what_was_made_with_it(desk: Desk) -> None:
    first, plain = await people.create_token(desk, SYSTEM, "first", "admin")
    caller = await callers.caller_of_token(desk, plain)
    assert caller is not None
    _, second = await people.create_token(desk, caller, "second", "admin")
    await people.revoke_token(desk, SYSTEM, first.id)
    assert await callers.caller_of_token(desk, second) is None


def test_rights_are_capped_everywhere_and_in_each_blog() -> None:
    whole = Caller("token:1", "T", "admin")
    assert at_most(whole, Caller("user:1", "U", "editor", {"a": "admin"})) == Caller(
        "token:1", "T", "editor", {"a": "admin"}
    )
    one = Caller("token:1", "T", None, {"a": "editor"})
    capped = at_most(one, Caller("user:1", "U", "contributor"))
    assert capped == Caller("token:1", "T", None, {"a": "contributor"})
    assert at_most(one, Caller("user:1", "U", None, {"b": "admin"})) == Caller("token:1", "T", None, {})


async def test_everybody_who_holds_a_connection_open_is_told(desk: Desk) -> None:
    await admin(desk, "root")
    maker = await admin(desk, "ada")
    token, _ = await people.create_token(desk, maker, "wire", "admin")
    secret, _ = await people.log_in(desk, "ada", PASSWORD, days=1)
    told: list[str | None] = []
    rights_signal.subscribe(desk.broker, told.append)

    async def after(work: Any) -> set[str | None]:
        told.clear()
        await work
        return set(told)

    made = {maker.id, f"token:{token.id}"}
    assert await after(people.edit_user(desk, SYSTEM, id_of(maker), {"name": "Grace"})) == set()
    assert await after(people.edit_user(desk, SYSTEM, id_of(maker), {"role": "editor"})) == made
    assert await after(people.log_out(desk, secret)) == {maker.id}
    assert await after(people.log_out(desk, secret)) == set()
    assert await after(people.set_password(desk, SYSTEM, id_of(maker), PASSWORD)) == {maker.id}
    assert await after(people.edit_user(desk, SYSTEM, id_of(maker), {"active": False})) == made
    other, _ = await people.create_token(desk, SYSTEM, "other", "admin")
    assert await after(people.revoke_token(desk, SYSTEM, other.id)) == {f"token:{other.id}"}


async def test_a_signal_that_is_none_is_passed_over(desk: Desk) -> None:
    told: list[str | None] = []
    rights_signal.subscribe(desk.broker, told.append)
    for data in (b"", b"\xff", b"x" * 65):
        desk.broker.notify(rights_signal.TOPIC, data)
    assert told == []
    desk.broker.notify(rights_signal.TOPIC, b"user:1")
    assert told == ["user:1"]


async def test_what_outlived_its_rights_is_found_without_a_signal(desk: Desk) -> None:
    await admin(desk, "root")
    ada, cem = await admin(desk, "ada"), await admin(desk, "cem")
    token, _ = await people.create_token(desk, ada, "wire", "editor")
    secret, _ = await people.log_in(desk, "ada", PASSWORD, days=1)
    held = [
        Authority(ada, credentials.digest(secret)), Authority(cem),
        Authority(Caller(f"token:{token.id}", "wire", "editor")),
    ]
    assert await callers.outlived(desk, held) == set()
    assert await callers.outlived(desk, []) == set()
    assert await callers.outlived(desk, [Authority(ada, "0" * 64), Authority(Caller("user:none", ""))]) == {
        ada.id, "user:none",
    }
    assert await callers.outlived(replace(desk, now=lambda: desk.now() + timedelta(days=2)), held) == {ada.id}
    await people.edit_user(desk, SYSTEM, id_of(cem), {"role": "editor"})
    assert await callers.outlived(desk, held) == {cem.id}
    await people.set_password(desk, SYSTEM, id_of(ada), PASSWORD)
    assert await callers.outlived(desk, held) == {cem.id, ada.id}
    await people.edit_user(desk, SYSTEM, id_of(ada), {"role": "contributor"})
    assert await callers.outlived(desk, held[2:]) == {f"token:{token.id}"}
