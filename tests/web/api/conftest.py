"""The cast: the same people in every test of the API, and one server for each file of tests."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from server.domain.permissions import SYSTEM, Role
from server.newsroom import people
from tests.support.app import Running, running

BLOG = "storm"
ELSEWHERE = "harbour"

ROLES: dict[str, tuple[Role, str | None]] = {
    "owner": ("contributor", None),
    "teammate": ("contributor", None),
    "blog_contributor": ("contributor", BLOG),
    "outsider": ("editor", ELSEWHERE),
    "blog_editor": ("editor", BLOG),
    "editor": ("editor", None),
    "blog_admin": ("admin", BLOG),
    "admin": ("admin", None),
}
"""Who, with which role, in which blog (None: in all). The outsider edits another blog."""


@dataclass
class Cast:
    """Clients by the name of who sends, and things to work on. Also `anonymous`."""

    server: Running
    clients: dict[str, httpx2.AsyncClient]
    _count: itertools.count[int] = field(default_factory=itertools.count)

    def __getitem__(self, who: str) -> httpx2.AsyncClient:
        return self.clients[who]

    async def blog(self, who: str = "admin", **fields: Any) -> dict[str, Any]:
        body = {"slug": f"blog-{next(self._count)}", "headline": "Ferry service resumes"} | fields
        return made(await self[who].post("/api/v1/blogs", json=body))

    async def entry(self, who: str = "owner", slug: str = BLOG, **fields: Any) -> dict[str, Any]:
        body = {"title": "First ferry has left", "body": "It left at *seven*."} | fields
        return made(await self[who].post(f"/api/v1/blogs/{slug}/entries", json=body))

    async def published(self, by: str = "owner") -> dict[str, Any]:
        """An entry that a contributor wrote and an editor let through."""
        entry = await self.entry(by)
        answer = await self["editor"].patch(
            path_of(entry), json={"status": "published"}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def made(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def path_of(entry: dict[str, Any], slug: str = BLOG) -> str:
    return f"/api/v1/blogs/{slug}/entries/{entry['id']}"


def said(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer is, after checking its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["title"] and problem["detail"] and problem["type"].endswith(f"/{code}")
    return problem


@pytest.fixture(scope="module")
async def cast(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    async with (
        running(tmp_path_factory.mktemp("api")) as server,
        contextlib.AsyncExitStack() as stack,
    ):
        await server.blog(BLOG)
        await server.blog(ELSEWHERE)
        clients = {"anonymous": server.anonymous}
        for who, (role, blog) in ROLES.items():
            _, token = await people.create_token(server.desk, SYSTEM, who, role, blog=blog)
            clients[who] = await stack.enter_async_context(
                httpx2.AsyncClient(
                    base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
                )
            )
        yield Cast(server, clients)
