"""Errors as answers: the whole tree has its place, browsers get a page, and nothing of the inside is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.domain.errors import StopPressError, Throttled, Unavailable
from server.web.errors import PROBLEMS, problem
from tests.support.app import running

pytestmark = pytest.mark.anyio


def _kinds(kind: type[StopPressError] = StopPressError) -> Iterator[type[StopPressError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


def test_every_error_has_its_status() -> None:
    assert {kind.code for kind in _kinds()} <= set(PROBLEMS)


def test_codes_say_when_to_try_again() -> None:
    assert problem(Throttled(retry_after=7)).headers["retry-after"] == "7"
    assert int(problem(Unavailable()).headers["retry-after"]) > 0


async def test_browser_gets_a_page_and_a_program_gets_details(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        page = await server.anonymous.get("/nowhere", headers={"Accept": "text/html,*/*"})
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert PROBLEMS["not_found"].title in page.text
        for path, accept in (("/nowhere", "application/json"), ("/api/v1/nowhere", "text/html")):
            plain = await server.anonymous.get(path, headers={"Accept": accept})
            assert (plain.status_code, plain.json()["code"]) == (404, "not_found")


async def test_an_internal_error_does_not_reveal_details(tmp_path: Path) -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("the secret is xyzzy-4711")

    async with running(tmp_path) as server:
        server.app.router.routes.append(Route("/broken", broken))
        for accept in ("text/html", "application/json"):
            async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
                answer = await client.get("/broken", headers={"Accept": accept})
            assert answer.status_code == 500
            assert "xyzzy" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_page_below_a_blog_speaks_its_language_and_leads_back(tmp_path: Path) -> None:
    html = {"Accept": "text/html"}
    async with running(tmp_path) as server:
        await server.blog("sturm", language="de", headline="Sturm an der Küste")
        await server.blog("secret", status="draft", headline="Nobody may know")
        entry = await server.post("sturm", title="Regen")
        await server.edit(entry, "sturm", title="Regen und Wind")
        await server.retract(entry, "sturm")
        for path, status in (
            ("/live/sturm/nowhere", 404), ("/live/sturm/entries/nothing", 404),
            (f"/live/sturm/entries/{entry['id']}/history", 410),
        ):
            page = await server.anonymous.get(path, headers=html)
            assert page.status_code == status, path
            assert '<html lang="de"' in page.text
            assert page.text.count('href="/live/sturm"') == 2 and "Sturm an der Küste" in page.text
            assert not {"Not found", "Retracted"} & set(re.findall(r">([^<]+)<", page.text))
        for path in ("/live/nothing", "/live/nothing/at/all", "/live/secret/nowhere"):
            page = await server.anonymous.get(path, headers=html)
            said = "Blog not found." if path == "/live/nothing" else "may be mistyped"
            assert (page.status_code, page.text.count(said)) == (404, 1), path
            assert '<html lang="en"' in page.text and "Nobody may know" not in page.text
