"""Users, tokens and sessions."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from server.newsroom import people
from tests.web.api.conftest import BLOG, Cast, made, said

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
_names = (f"person{n}" for n in itertools.count())


async def person(cast: Cast, **fields: Any) -> dict[str, Any]:
    body = {"username": next(_names), "name": "Somebody", "password": PASSWORD} | fields
    return made(await cast["admin"].post("/api/v1/users", json=body))


@contextlib.asynccontextmanager
async def logged_in(
    cast: Cast, user: dict[str, Any], password: str = PASSWORD
) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=cast.server.url, timeout=60) as client:
        made(await client.post("/api/v1/session", json={"username": user["username"], "password": password}))
        yield client


async def test_new_user_is_listed_without_password(cast: Cast) -> None:
    user = await person(cast, role="editor", blog_roles={BLOG: "admin"})
    assert (user["role"], user["blog_roles"], user["active"]) == ("editor", {BLOG: "admin"}, True)
    answer = await cast["admin"].get("/api/v1/users")
    assert user in answer.json()["users"]
    assert "password" not in answer.text
    assert "argon2" not in answer.text


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"username": "Ann"}, "username"),
        ({"username": "an n"}, "username"),
        ({"username": ""}, "username"),
        ({"name": " "}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"role": "owner"}, "role"),
        ({"blog_roles": {"nowhere": "editor"}}, "blog_roles"),
    ],
)
async def test_invalid_user_field_is_named(
    cast: Cast, fields: dict[str, Any], named: str
) -> None:
    body = {"username": "ann", "name": "Ann", "password": PASSWORD} | fields
    problem = said(await cast["admin"].post("/api/v1/users", json=body), 422, "invalid")
    assert [e["field"] for e in problem["errors"]] == [named]


async def test_taken_user_name_conflicts(cast: Cast) -> None:
    user = await person(cast)
    body = {"username": user["username"], "name": "Other", "password": PASSWORD}
    said(await cast["admin"].post("/api/v1/users", json=body), 409, "conflict")


async def test_users_see_and_change_only_themselves(cast: Cast) -> None:
    user, other = await person(cast, role="contributor"), await person(cast)
    async with logged_in(cast, user) as client:
        assert (await client.get(f"/api/v1/users/{user['id']}")).json() == user
        said(await client.get(f"/api/v1/users/{other['id']}"), 403, "forbidden")
        said(await client.patch(f"/api/v1/users/{user['id']}", json={"role": "admin"}), 403, "forbidden")
        path = f"/api/v1/users/{user['id']}/password"
        said(await client.put(path, json={"password": "another good one"}), 403, "forbidden")
        said(
            await client.put(path, json={"password": "another good one", "current": "wrong"}), 403, "forbidden"
        )
        changed = await client.put(path, json={"password": "another good one", "current": PASSWORD})
        assert changed.status_code == 204
        said(await client.get("/api/v1/session"), 401, "unauthenticated")  # its sessions ended
    async with logged_in(cast, user, "another good one"):
        pass


async def test_last_admin_stays(cast: Cast) -> None:
    first = await person(cast, role="admin")
    for change in ({"role": "editor"}, {"active": False}, {"role": None}):
        said(await cast["admin"].patch(f"/api/v1/users/{first['id']}", json=change), 409, "conflict")
    second = await person(cast, role="admin")
    answer = await cast["admin"].patch(f"/api/v1/users/{first['id']}", json={"active": False})
    assert answer.json()["active"] is False
    said(await cast["admin"].patch(f"/api/v1/users/{second['id']}", json={"active": False}), 409, "conflict")


async def test_change_of_role_counts_at_once(cast: Cast) -> None:
    user = await person(cast, role="contributor")
    async with logged_in(cast, user) as client:
        said(await client.post("/api/v1/blogs", json={"slug": "at-once", "headline": "A"}), 403, "forbidden")
        await cast["admin"].patch(f"/api/v1/users/{user['id']}", json={"role": "editor"})
        made(await client.post("/api/v1/blogs", json={"slug": "at-once", "headline": "A"}))


async def test_a_deactivated_user_is_logged_out(cast: Cast) -> None:
    user = await person(cast, role="editor")
    async with logged_in(cast, user) as client:
        await cast["admin"].patch(f"/api/v1/users/{user['id']}", json={"active": False})
        said(await client.get("/api/v1/session"), 401, "unauthenticated")
        body = {"username": user["username"], "password": PASSWORD}
        said(await client.post("/api/v1/session", json=body), 401, "unauthenticated")


async def test_token_is_shown_once_and_kept_as_digest(cast: Cast) -> None:
    token = made(await cast["admin"].post("/api/v1/tokens", json={"name": "wire", "role": "editor"}))
    assert token["token"].startswith("sp_")
    listed = await cast["admin"].get("/api/v1/tokens")
    assert token["token"] not in listed.text
    assert {k: v for k, v in token.items() if k != "token"} in listed.json()["tokens"]
    async with cast.server.site.database.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM tokens")).all()
    assert token["token"] not in str(rows)
    said(
        await cast["admin"].post("/api/v1/tokens", json={"name": "wire", "role": "editor"}), 409, "conflict"
    )


async def test_revoked_token_stops_at_once(cast: Cast) -> None:
    token = made(await cast["admin"].post("/api/v1/tokens", json={"name": "short", "role": "editor"}))
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert (await cast["anonymous"].get("/api/v1/session", headers=bearer)).json()["name"] == "short"
    path = f"/api/v1/tokens/{token['id']}"
    assert (await cast["admin"].delete(path)).status_code == 204
    said(await cast["admin"].delete(path), 404, "not_found")
    said(await cast["anonymous"].get("/api/v1/session", headers=bearer), 401, "unauthenticated")
    # not even what everybody may see: a program shall notice that its token is gone
    answer = await cast["anonymous"].get("/api/v1/blogs", headers=bearer)
    said(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_token_for_one_blog_has_no_role_elsewhere(cast: Cast) -> None:
    body = {"name": "one blog", "role": "editor", "blog": BLOG}
    token = made(await cast["admin"].post("/api/v1/tokens", json=body))
    assert token["blog"] == BLOG
    bearer = {"Authorization": f"Bearer {token['token']}"}
    session = (await cast["anonymous"].get("/api/v1/session", headers=bearer)).json()
    assert (session["role"], session["blog_roles"]) == (None, {BLOG: "editor"})
    entry = {"body": "A"}
    made(await cast["anonymous"].post(f"/api/v1/blogs/{BLOG}/entries", json=entry, headers=bearer))
    answer = await cast["anonymous"].post("/api/v1/blogs/harbour/entries", json=entry, headers=bearer)
    said(answer, 404, "not_found")
    unknown = {"name": "x", "role": "editor", "blog": "nowhere"}
    said(await cast["admin"].post("/api/v1/tokens", json=unknown), 422, "invalid")


async def test_session_ends_with_log_out_wherever_its_cookie_went(cast: Cast) -> None:
    user = await person(cast, role="contributor", name="Ada Lovelace")
    async with logged_in(cast, user) as client:
        session = (await client.get("/api/v1/session")).json()
        assert session == {
            "id": f"user:{user['id']}", "name": "Ada Lovelace", "role": "contributor", "blog_roles": {}
        }
        copied = dict(client.cookies)
        assert (await client.delete("/api/v1/session")).status_code == 204
        assert not client.cookies
    async with httpx2.AsyncClient(base_url=cast.server.url, cookies=copied, timeout=60) as thief:
        said(await thief.get("/api/v1/session"), 401, "unauthenticated")


async def test_log_in_ends_the_session_before(cast: Cast) -> None:
    user = await person(cast)
    async with logged_in(cast, user) as client:
        before = dict(client.cookies)
        made(
            await client.post("/api/v1/session", json={"username": user["username"], "password": PASSWORD})
        )
        assert dict(client.cookies) != before
    async with httpx2.AsyncClient(base_url=cast.server.url, cookies=before, timeout=60) as old:
        said(await old.get("/api/v1/session"), 401, "unauthenticated")


async def test_session_is_kept_as_digest(cast: Cast) -> None:
    user = await person(cast)
    secret, _ = await people.log_in(cast.server.desk, user["username"], PASSWORD, days=1)
    async with cast.server.site.database.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM sessions")).all()
    assert secret not in str(rows)


async def test_unknown_user_and_wrong_password_say_the_same(cast: Cast) -> None:
    user = await person(cast)
    wrong = await cast["anonymous"].post(
        "/api/v1/session", json={"username": user["username"], "password": "wrong"}
    )
    nobody = await cast["anonymous"].post(
        "/api/v1/session", json={"username": "nobody", "password": "wrong"}
    )
    assert said(wrong, 401, "unauthenticated") == said(nobody, 401, "unauthenticated")
