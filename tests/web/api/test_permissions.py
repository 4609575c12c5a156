"""Who may do what, for every operation there is and everybody in the cast."""

from __future__ import annotations

import io
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from PIL import Image

from server.web.api.route_table import OPERATIONS
from tests.web.api.conftest import BLOG, ROLES, Cast, path_of

pytestmark = pytest.mark.anyio

WHO = ("anonymous", *ROLES)
Attempt = Callable[[Cast, httpx2.AsyncClient, str], Awaitable[httpx2.Response]]

ANY = {"If-Match": "*"}
COUNT = itertools.count()
PICTURE = b"not a picture: who may upload gets as far as being told so"


async def _draft_blog(cast: Cast) -> str:
    return (await cast.blog())["slug"]


async def list_blogs(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/blogs")


async def create_blog(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    slug = f"by-{who}".replace("_", "-")
    return await client.post("/api/v1/blogs", json={"slug": slug, "headline": "A blog"})


async def get_draft_blog(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(f"/api/v1/blogs/{await _draft_blog(cast)}")


async def get_live_blog(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(f"/api/v1/blogs/{BLOG}")


async def edit_blog(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch(f"/api/v1/blogs/{BLOG}", json={"standfirst": who}, headers=ANY)


async def list_entries(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(f"/api/v1/blogs/{BLOG}/entries")


async def create_entry(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.post(f"/api/v1/blogs/{BLOG}/entries", json={"body": "Wind from the west"})


async def get_published(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(path_of(await cast.published()))


async def get_pending(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(path_of(await cast.entry("owner")))


async def edit_pending(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch(path_of(await cast.entry("owner")), json={"title": "New"}, headers=ANY)


async def edit_published(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch(path_of(await cast.published()), json={"title": "New"}, headers=ANY)


async def publish_pending(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    entry = await cast.entry("owner")
    return await client.patch(path_of(entry), json={"status": "published"}, headers=ANY)


async def retract_pending(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete(path_of(await cast.entry("owner")))


async def retract_published(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete(path_of(await cast.published()))


async def restore(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    entry = await cast.published()
    assert (await cast["editor"].delete(path_of(entry))).status_code == 200
    return await client.post(f"{path_of(entry)}/restore")


async def revisions(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(f"{path_of(await cast.published())}/revisions")


async def list_media(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/media")


async def upload_media(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.post("/api/v1/media", files={"file": ("a.jpg", PICTURE, "image/jpeg")})


async def get_media(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/media/aaaaaaaaaaaaaaaa")


async def _picture(cast: Cast) -> str:
    out = io.BytesIO()
    Image.new("RGB", (9, 9), (next(COUNT), 0, 0)).save(out, "PNG")
    answer = await cast["owner"].post("/api/v1/media", files={"file": ("a.png", out.getvalue(), "image/png")})
    return f"/api/v1/media/{answer.json()['id']}"


async def edit_media(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch(await _picture(cast), json={"alt": "A pier"})


async def remove_media(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete(await _picture(cast))


async def _byline(cast: Cast, who: str) -> str:
    name = f"Byline {next(COUNT)}"
    return str((await cast["admin"].post("/api/v1/bylines", json={"name": name})).json()["id"])


async def list_bylines(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/bylines")


async def create_byline(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.post("/api/v1/bylines", json={"name": f"Made by {who}"})


async def get_byline(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get(f"/api/v1/bylines/{await _byline(cast, who)}")


async def edit_byline(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch(f"/api/v1/bylines/{await _byline(cast, who)}", json={"role": "Reporter"})


async def remove_byline(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete(f"/api/v1/bylines/{await _byline(cast, who)}")


async def list_users(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/users")


async def create_user(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    body = {"username": f"by.{who}".replace("_", "."), "name": "New", "password": "a long password"}
    return await client.post("/api/v1/users", json=body)


async def get_user(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/users/aaaaaaaaaaaaaaaa")


async def edit_user(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.patch("/api/v1/users/aaaaaaaaaaaaaaaa", json={"name": "New"})


async def set_password(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.put("/api/v1/users/aaaaaaaaaaaaaaaa/password", json={"password": "a long password"})


async def list_tokens(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/tokens")


async def create_token(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.post("/api/v1/tokens", json={"name": f"made by {who}", "role": "contributor"})


async def revoke_token(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete("/api/v1/tokens/aaaaaaaaaaaaaaaa")


async def log_in(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.post("/api/v1/session", json={"username": f"no-{who}", "password": "wrong"})


async def who_am_i(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/session")


async def log_out(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.delete("/api/v1/session")


async def document(cast: Cast, client: httpx2.AsyncClient, who: str) -> httpx2.Response:
    return await client.get("/api/v1/openapi.json")


def _row(*statuses: int) -> dict[str, int]:
    return dict(zip(WHO, statuses, strict=True))


#                                    anonymous
#                                    |    owner (contributor who wrote it)
#                                    |    |    teammate (contributor)
#                                    |    |    |    blog_contributor
#                                    |    |    |    |    outsider (editor of another blog)
#                                    |    |    |    |    |    blog_editor
#                                    |    |    |    |    |    |    editor
#                                    |    |    |    |    |    |    |    blog_admin
#                                    |    |    |    |    |    |    |    |    admin
TABLE: list[tuple[str, Attempt, dict[str, int]]] = [
    ("listBlogs", list_blogs, _row(200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("createBlog", create_blog, _row(401, 403, 403, 403, 403, 403, 201, 403, 201)),
    ("getBlog", get_draft_blog, _row(404, 200, 200, 404, 404, 404, 200, 404, 200)),
    ("getBlog", get_live_blog, _row(200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("editBlog", edit_blog, _row(401, 403, 403, 403, 404, 200, 200, 200, 200)),
    ("listEntries", list_entries, _row(200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("createEntry", create_entry, _row(401, 201, 201, 201, 404, 201, 201, 201, 201)),
    ("getEntry", get_published, _row(200, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("getEntry", get_pending, _row(404, 200, 404, 404, 404, 200, 200, 200, 200)),
    ("editEntry", edit_pending, _row(401, 200, 404, 404, 404, 200, 200, 200, 200)),
    ("editEntry", edit_published, _row(401, 403, 403, 403, 404, 200, 200, 200, 200)),
    ("editEntry", publish_pending, _row(401, 403, 404, 404, 404, 200, 200, 200, 200)),
    ("retractEntry", retract_pending, _row(401, 200, 404, 404, 404, 200, 200, 200, 200)),
    ("retractEntry", retract_published, _row(401, 403, 403, 403, 404, 200, 200, 200, 200)),
    ("restoreEntry", restore, _row(401, 403, 403, 403, 404, 200, 200, 200, 200)),
    ("listRevisions", revisions, _row(401, 403, 403, 403, 404, 200, 200, 200, 200)),
    ("listMedia", list_media, _row(401, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("uploadMedia", upload_media, _row(401, 415, 415, 415, 415, 415, 415, 415, 415)),
    ("getMedia", get_media, _row(401, 404, 404, 404, 404, 404, 404, 404, 404)),
    ("editMedia", edit_media, _row(401, 200, 403, 404, 404, 404, 200, 404, 200)),
    ("removeMedia", remove_media, _row(401, 200, 403, 404, 404, 404, 200, 404, 200)),
    ("listBylines", list_bylines, _row(401, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("createByline", create_byline, _row(401, 403, 403, 403, 403, 403, 201, 403, 201)),
    ("getByline", get_byline, _row(401, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("editByline", edit_byline, _row(401, 403, 403, 403, 403, 403, 200, 403, 200)),
    ("removeByline", remove_byline, _row(401, 403, 403, 403, 403, 403, 204, 403, 204)),
    ("listUsers", list_users, _row(401, 403, 403, 403, 403, 403, 403, 403, 200)),
    ("createUser", create_user, _row(401, 403, 403, 403, 403, 403, 403, 403, 201)),
    ("getUser", get_user, _row(401, 403, 403, 403, 403, 403, 403, 403, 404)),
    ("editUser", edit_user, _row(401, 403, 403, 403, 403, 403, 403, 403, 404)),
    ("setPassword", set_password, _row(401, 403, 403, 403, 403, 403, 403, 403, 404)),
    ("listTokens", list_tokens, _row(401, 403, 403, 403, 403, 403, 403, 403, 200)),
    ("createToken", create_token, _row(401, 403, 403, 403, 403, 403, 403, 403, 201)),
    ("revokeToken", revoke_token, _row(401, 403, 403, 403, 403, 403, 403, 403, 404)),
    ("logIn", log_in, _row(401, 401, 401, 401, 401, 401, 401, 401, 401)),
    ("getSession", who_am_i, _row(401, 200, 200, 200, 200, 200, 200, 200, 200)),
    ("logOut", log_out, _row(204, 204, 204, 204, 204, 204, 204, 204, 204)),
    ("getDocument", document, _row(200, 200, 200, 200, 200, 200, 200, 200, 200)),
]


def test_table_has_every_operation() -> None:
    assert {name for name, _, _ in TABLE} == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize(
    ("attempt", "expected"), [(a, e) for _, a, e in TABLE], ids=[a.__name__ for _, a, _ in TABLE]
)
async def test_operation_answers_each_role_as_the_table_says(
    cast: Cast, attempt: Attempt, expected: dict[str, int]
) -> None:
    found: dict[str, Any] = {who: (await attempt(cast, cast[who], who)).status_code for who in WHO}
    assert found == expected
