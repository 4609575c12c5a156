"""Every address of the console for everybody: what each role may see and send, as one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest

from server.domain.permissions import SYSTEM
from server.domain.position import new_id
from server.newsroom import people
from server.web.api.route_table import OPERATIONS
from server.web.console import route_table
from tests.support.app import Running, running
from tests.web.console.test_console import PASSWORD, logged_in

pytestmark = pytest.mark.anyio

ROLES: dict[str, tuple[Any, dict[str, Any]]] = {
    "contributor": (None, {"storm": "contributor"}), "outsider": (None, {"other": "editor"}),
    "blogeditor": (None, {"storm": "editor"}), "editor": ("editor", {}), "admin": ("admin", {}),
    "removed": ("admin", {}), "lowered": ("admin", {}),
}
"""`removed` and `lowered` were admins when they logged in; `lowered` has the rights of `outsider` since."""
WHO = ("anonymous", "outsider", "contributor", "blogeditor", "editor", "admin")
ENTRY, BLOG = "/console/blogs/{slug}/entries/{id}", "/console/blogs/{slug}"
# a draft of somebody else, in a blog that is a draft; forms are sent with nothing in them
EVERYBODY = (303, 200, 200, 200, 200, 200), (401, 422, 422, 422, 422, 422)
ANYBODY = (405,) * 6, (303,) * 6
EDITORS = (303, 403, 403, 403, 200, 200), (401, 403, 403, 403, 422, 422)
ADMINS = (303, 403, 403, 403, 403, 200), (401, 403, 403, 403, 403, 422)
OF_BLOG = (303, 404, 200, 200, 200, 200), (401, 404, 200, 200, 200, 200)
OF_ENTRY = (303, 404, 404, 200, 200, 200), (401, 404, 404, 422, 422, 422)
NO_PICTURE = (303, 404, 404, 404, 404, 404), (401, 404, 404, 404, 404, 404)
TABLE: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "/console": EVERYBODY, "/console/password": EVERYBODY, "/console/pictures": EVERYBODY,
    "/console/language": ANYBODY,
    "/console/log": EDITORS, "/console/blogs/new": EDITORS, "/console/bylines": EDITORS,
    # of no blog: what is one's own is asked for by its name
    "/console/drafts": ((401, 404, 404, 404, 404, 404), (401, 415, 415, 415, 415, 415)),
    "/console/pictures/{id}": NO_PICTURE, "/console/pictures/{id}/removal": NO_PICTURE,
    "/console/pictures/{id}/allow": (EDITORS[0], (401, 403, 403, 403, 404, 404)),
    "/console/users": ADMINS, "/console/users/{id}": ADMINS, "/console/tokens": ADMINS,
    f"{BLOG}/audience": ((303, 404, 403, 200, 200, 200), OF_BLOG[1]),
    f"{BLOG}/link": (OF_BLOG[0], (401, 404, 415, 415, 415, 415)),
    f"{BLOG}/preview": (OF_BLOG[0], (401, 404, 415, 415, 415, 415)), BLOG: OF_BLOG, f"{BLOG}/list": OF_BLOG,
    f"{BLOG}/presence": (OF_BLOG[0], (401, 404, 415, 415, 415, 415)),
    f"{BLOG}/close": ((303, 404, 403, 200, 200, 200), (401, 404, 403, 422, 422, 422)),
    f"{BLOG}/address": ((303, 404, 403, 200, 200, 200), (401, 404, 403, 422, 422, 422)),
    f"{BLOG}/handover": ((303, 404, 403, 200, 200, 200), (401, 404, 403, 303, 303, 303)),
    f"{ENTRY}/time": OF_ENTRY, f"{ENTRY}/move": OF_ENTRY,
    f"{ENTRY}/notes": OF_ENTRY, f"{ENTRY}/revisions/{{revision}}/restore": OF_ENTRY,
    f"{ENTRY}/revisions/{{revision}}/correction": (
        (303, 404, 404, 404, 404, 404), (401, 404, 404, 404, 404, 404)
    ),
    f"{BLOG}/furniture": ((303, 404, 403, 200, 200, 200), (401, 404, 403, 422, 422, 422)),
    ENTRY: (OF_ENTRY[0], (401, 404, 404, 200, 200, 200)),
    f"{ENTRY}/mark": (OF_ENTRY[0], (401, 404, 404, 303, 303, 303)),
    f"{ENTRY}/retract": OF_ENTRY, f"{ENTRY}/send-back": OF_ENTRY, f"{ENTRY}/revisions": OF_ENTRY,
    "/console/bylines/{id}": (EDITORS[0], (401, 403, 403, 403, 303, 303)),
    "/console/bylines/{id}/remove": (EDITORS[0], (401, 403, 403, 403, 303, 303)),
    "/console/users/{id}/password": ADMINS,
    "/console/tokens/{id}/revoke": (ADMINS[0], (401, 403, 403, 403, 403, 303)),
}
"""For each address, what `GET` and `POST` are answered with for each of `WHO`."""


class Cast:
    def __init__(self, server: Running, ids: dict[str, str]) -> None:
        self.server, self._ids = server, ids
        self.clients: dict[str, httpx2.AsyncClient] = {"anonymous": server.anonymous}

    async def path(self, pattern: str) -> str:
        kind = next((k for k in ("entries", "bylines", "users", "tokens") if f"/{k}/" in pattern), "")
        id_ = self._ids.get(kind, "a" * 16)
        if pattern.endswith(("/remove", "/revoke")):  # one for each who tries
            made = await self.server.http.post(f"/api/v1/{kind}", json={"name": new_id(), "role": "editor"})
            id_ = made.json()["id"]
        return pattern.format(slug="storm", id=id_, revision=1)

    async def answer(self, who: str, method: str, pattern: str) -> tuple[int, str]:
        """Of the API, to a body that is as good as empty."""
        sent: dict[str, Any] = {"json": {"headline": 1}} if method not in ("GET", "DELETE") else {}
        answer = await self.clients[who].request(
            method, await self.path(pattern), headers={"Accept": "application/json", "If-Match": "*"}, **sent
        )
        return answer.status_code, answer.text

    async def status(self, who: str, method: str, pattern: str) -> int:
        sent: dict[str, Any] = {"data": {"do": "none"}} if method == "POST" else {}
        answer = await self.clients[who].request(
            method, await self.path(pattern), follow_redirects=False, headers={"Accept": "text/html"}, **sent
        )
        return answer.status_code


@pytest.fixture(scope="module")
async def cast(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    async with running(tmp_path_factory.mktemp("roles")) as server, AsyncExitStack() as stack:
        await server.blog(status="draft")
        await server.blog("other")
        entry = await server.post(status="draft")
        byline = (await server.http.post("/api/v1/bylines", json={"name": "Ada"})).json()
        token, _ = await people.create_token(server.desk, SYSTEM, name="wire", role="editor")
        made = {}
        for name, (role, rights) in ROLES.items():
            made[name] = await people.create_user(
                server.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role=role, blog_roles=rights
            )
        ids = {"entries": entry["id"], "bylines": byline["id"], "users": made["editor"].id, "tokens": token.id}
        found = Cast(server, ids)
        for name in ROLES:
            found.clients[name] = await stack.enter_async_context(logged_in(server, name))
        await people.edit_user(server.desk, SYSTEM, made["removed"].id, {"active": False})
        lowered = {"role": None, "blog_roles": {"other": "editor"}}
        await people.edit_user(server.desk, SYSTEM, made["lowered"].id, lowered)
        yield found


def operations() -> list[tuple[str, str]]:
    """Logging in and out, which change who somebody is, have tests of their own."""
    return [
        (method, route.path) for route in route_table.routes() for method in sorted(route.methods or ())
        if method != "HEAD" and route.path not in ("/console/login", "/console/logout")
    ]


def expected(method: str, path: str) -> dict[str, int]:
    row = dict(zip(WHO, TABLE[path][method == "POST"], strict=True))
    return row | {"removed": row["anonymous"], "lowered": row["outsider"]}


def test_table_has_every_address_of_the_console() -> None:
    assert {path for _, path in operations()} == TABLE.keys()


@pytest.mark.parametrize(("method", "path"), operations())
async def test_the_console_answers_each_role_as_the_table_says(cast: Cast, method: str, path: str) -> None:
    wanted = expected(method, path)
    assert {who: await cast.status(who, method, path) for who in wanted} == wanted


async def test_the_api_takes_rights_that_ended_for_none(cast: Cast) -> None:
    """What each role gets is in tests/web/api/test_permissions.py."""
    for operation in OPERATIONS:
        if operation.path != "/session":
            path, method = f"/api/v1{operation.path}", operation.method
            for now, same_as in (("removed", "anonymous"), ("lowered", "outsider")):
                asked = [await cast.answer(who, method, path) for who in (now, same_as)]
                assert asked[0] == asked[1], (now, method, path)
