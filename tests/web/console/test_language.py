"""The language of the console: chosen, asked for by the browser, or the site's; and errors in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running, running
from tests.web.console.test_console import PASSWORD, logged_in

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("languages")) as server:
        yield server


async def lang(server: Running, **headers: str) -> tuple[str, str]:
    page = (await server.anonymous.get("/console/login", headers=headers)).text
    found = re.search(r'<html lang="([\w-]+)" dir="(\w+)"', page)
    assert found
    return found[1], found[2]


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", ("de", "ltr")), ("sv, en;q=0.5, ar;q=0.7", ("ar", "rtl")),
        ("sv", ("en", "ltr")), ("de;q=0, *", ("en", "ltr")), ("de;q=x", ("en", "ltr")), ("", ("en", "ltr")),
    ],
)
async def test_the_browser_is_asked_for_the_language(server: Running, accepted: str, shown: str) -> None:
    assert await lang(server, **{"Accept-Language": accepted}) == shown


async def test_a_language_is_chosen_and_kept(server: Running) -> None:
    sent = {"language": "ar", "next": "/console/login?next=/console/blogs/storm"}
    answer = await server.anonymous.post("/console/language", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, sent["next"])
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert cookie == "stoppress_language=ar"
    assert await lang(server, Cookie=cookie, **{"Accept-Language": "de"}) == ("ar", "rtl")
    for sent in ({"language": "tlh", "next": "//evil.example/"}, {"language": "../de", "next": "/live/storm"}):
        answer = await server.anonymous.post("/console/language", data=sent, follow_redirects=False)
        assert (answer.headers["location"], "set-cookie" in answer.headers) == ("/console", False)


async def test_a_form_with_a_mistake_says_so_in_german(server: Running) -> None:
    await server.blog("sturm")
    await people.create_user(server.desk, SYSTEM, "eddy", password=PASSWORD, name="Eddy", role="editor")
    async with logged_in(server, "eddy") as client:
        client.headers["Accept-Language"] = "de"
        form = {"title": "x" * 600, "body": "", "do": "publish"}
        page = (await client.post("/console/blogs/sturm", data=form)).text
        assert 'Titel</a>: höchstens 300 Zeichen; hier sind es 600' in page
        form = {"title": "Flut", "body": "", "do": "publish", "byline_parts": "Ada | a | b | c"}
        page = (await client.post("/console/blogs/sturm", data=form)).text
        assert "Rolle und Ort</a>: Zeile 1: mehr als Name | Rolle | Ort" in page
        form = {"title": "Flut", "do": "publish", "publish_at": "gestern"}
        page = (await client.post("/console/blogs/sturm", data=form)).text
        assert "Veröffentlichen am</a>: braucht Tag und Uhrzeit" in page
        answer = await client.post("/api/v1/blogs/sturm/entries", json={"title": "x" * 600})
        assert answer.headers["content-language"] == "de"
        assert answer.json()["errors"][0]["message"].startswith("höchstens 300 Zeichen")
        assert answer.json()["errors"][0]["label"] == "Titel"
        missing = await client.get("/console/blogs/nichts", headers={"Accept": "text/html"})
        assert "Diesen Liveblog gibt es nicht." in missing.text
        form = {"title": "Flut", "body": "Regen", "do": "publish"}
        page = (await client.post("/console/blogs/sturm", data=form)).text
        assert "Veröffentlicht." in page
        assert re.search(r'class="row__line" lang="en"[^>]*><bdi>Flut</bdi>', page)


async def test_an_api_client_without_a_language_reads_english(server: Running) -> None:
    answer = await server.http.post("/api/v1/blogs", json={"slug": "A B", "headline": "x"})
    assert "content-language" not in answer.headers
    assert answer.json()["errors"][0]["label"] == "Address"
