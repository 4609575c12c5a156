"""The plain console by a plain HTTP client: no script runs here."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from server.domain.permissions import SYSTEM, Role
from server.newsroom import people
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio
PASSWORD = "a long enough password"
HTML = {"Accept": "text/html"}
CAST: dict[str, Role] = {"ada": "admin", "eddy": "editor", "connie": "contributor"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as site:
        await site.blog()
        for name, role in CAST.items():
            await people.create_user(site.desk, SYSTEM, name, password=PASSWORD, role=role)
        yield site


@contextlib.asynccontextmanager
async def logged_in(server: Running, name: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        base_url=server.url, headers=HTML, follow_redirects=True, timeout=60
    ) as client:
        answer = await client.post("/console/login", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


async def test_login_refuses_wrong_password_and_keeps_the_name(server: Running) -> None:
    answer = await server.anonymous.post("/console/login", data={"username": "ada", "password": "wrong"})
    assert answer.status_code == 401
    assert 'value="ada"' in answer.text


async def test_login_goes_only_to_the_console(server: Running) -> None:
    sent = {"username": "ada", "password": PASSWORD, "next": "//elsewhere.example"}
    answer = await server.anonymous.post("/console/login", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


async def test_a_form_sent_without_a_session_survives_the_log_in(server: Running) -> None:
    answer = await server.anonymous.get("/console")
    assert answer.headers["location"].startswith("/console/login")
    answer = await server.anonymous.post("/console/blogs/storm", data={"body": "Typed with care"})
    assert answer.status_code == 401
    assert "Typed with care" in answer.text


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("ada", {"/console/blogs/new", "/console/blogs/storm/furniture", "/console/users", "/console/tokens"}),
        ("eddy", {"/console/blogs/new", "/console/blogs/storm/furniture"}),
        ("connie", set()),
    ],
)
async def test_pages_open_by_role(server: Running, who: str, allowed: set[str]) -> None:
    async with logged_in(server, who) as client:
        for path in ("/console", "/console/blogs/storm", "/console/pictures", "/console/password"):
            assert (await client.get(path)).status_code == 200, path
        for path in (
            "/console/blogs/new", "/console/blogs/storm/furniture", "/console/users", "/console/tokens",
        ):
            assert (await client.get(path)).status_code == (200 if path in allowed else 403), path


async def test_form_sent_twice_posts_once(server: Running) -> None:
    async with logged_in(server, "eddy") as client:
        key = hidden((await client.get("/console/blogs/storm")).text, "request_key")
        form = {"request_key": key, "body": "Trees are down", "do": "publish"}
        for _ in range(2):
            answer = await client.post("/console/blogs/storm", data=form)
            assert answer.status_code == 200
    found = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"]
    assert [e["status"] for e in found] == ["published"]


async def test_contributor_waits_and_editor_publishes(server: Running) -> None:
    async with logged_in(server, "connie") as client:
        answer = await client.post("/console/blogs/storm", data={"body": "Roof gone", "do": "publish"})
        assert "waits for approval" in answer.text
    entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
    assert entry["status"] == "pending"
    async with logged_in(server, "eddy") as client:
        assert "Waiting for approval (1)" in (await client.get("/console/blogs/storm")).text
        path = f"/console/blogs/storm/entries/{entry['id']}/mark"
        await client.post(path, data={"do": "publish", "revision": entry["revision"]})
    assert "Roof gone" in (await server.anonymous.get("/live/storm")).text


async def test_wrong_form_comes_back_with_all_that_was_typed(server: Running) -> None:
    async with logged_in(server, "eddy") as client:
        form = {"body": "", "title": "", "byline": "Desk <b>", "do": "publish"}
        answer = await client.post("/console/blogs/storm", data=form)
        assert answer.status_code == 422
        assert 'value="Desk &lt;b&gt;"' in answer.text
        assert 'aria-describedby="body-hint body-wrong" aria-invalid="true"' in answer.text


async def test_stale_form_shows_both_versions(server: Running) -> None:
    entry = await server.post(body="First words")
    await server.edit(entry, body="Their words")
    async with logged_in(server, "eddy") as client:
        path = f"/console/blogs/storm/entries/{entry['id']}"
        form = {"revision": entry["revision"], "body": "My words", "do": "save"}
        answer = await client.post(path, data=form)
        assert answer.status_code == 412
        assert "Their words" in answer.text
        assert "My words" in answer.text
        form["revision"] = hidden(answer.text, "revision")
        assert (await client.post(path, data=form)).status_code == 200
    assert "My words" in (await server.anonymous.get("/live/storm")).text


async def test_picture_needs_words_and_is_kept_meanwhile(server: Running) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 400), "teal").save(buffer, "JPEG")
    async with logged_in(server, "eddy") as client:
        form = {"body": "The pier", "do": "publish", "picture_caption": "Waves", "picture_credit": "Ana Reis"}
        answer = await client.post("/console/blogs/storm", data=form, files={"picture": buffer.getvalue()})
        assert answer.status_code == 422
        assert 'id="media-0-alt-wrong"' in answer.text
        form |= {
            "media-0": hidden(answer.text, "media-0"), "media-0-alt": "Waves over a pier",
            "media-0-caption": "Waves", "media-0-credit": "Ana Reis",
        }
        assert (await client.post("/console/blogs/storm", data=form)).status_code == 200
    page = (await server.anonymous.get("/live/storm")).text
    assert 'alt="Waves over a pier"' in page
    assert "Ana Reis" in page


async def test_preview_shows_and_keeps_nothing(server: Running) -> None:
    async with logged_in(server, "eddy") as client:
        answer = await client.post("/console/blogs/storm", data={"body": "*Soon*", "do": "preview"})
        assert "<em>Soon</em>" in answer.text
    assert (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"] == []


async def test_retract_asks_for_confirmation_and_restore_undoes_it(server: Running) -> None:
    entry = await server.post(body="Mistaken")
    async with logged_in(server, "eddy") as client:
        path = f"/console/blogs/storm/entries/{entry['id']}"
        page = (await client.get(f"{path}/retract")).text
        await client.post(f"{path}/retract", data={"revision": hidden(page, "revision")})
        assert "Mistaken" not in (await server.anonymous.get("/live/storm")).text
        assert "Mistaken" not in (await client.get(f"{path}/revisions")).text
        await client.post(f"{path}/mark", data={"do": "restore"})
    assert "Mistaken" in (await server.anonymous.get("/live/storm")).text


async def test_text_between_pictures_keeps_its_place_when_only_a_flag_changes(server: Running) -> None:
    blocks = [
        {"type": "text", "html": "<p>Before</p>"},
        {"type": "video", "url": "https://video.example/a.mp4", "title": "Surf"},
        {"type": "quote", "html": "<p>After</p>", "cite": "Rui"},
    ]
    entry = await server.post(body="", blocks=blocks)
    async with logged_in(server, "eddy") as client:
        path = f"/console/blogs/storm/entries/{entry['id']}"
        page = (await client.get(path)).text
        form = {
            "revision": "1", "body": "Before\n\n> After\n> — Rui", "key": "1", "do": "save",
            "media-0": hidden(page, "media-0"), "media-0-title": "Surf",
            "media-0-url": "https://video.example/a.mp4",
        }
        assert (await client.post(path, data=form)).status_code == 200
    found = (await server.http.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
    assert [b["type"] for b in found["blocks"]] == ["text", "video", "quote"]
    assert found["key"]


async def test_blog_is_made_and_its_furniture_conflicts_are_shown(server: Running) -> None:
    async with logged_in(server, "eddy") as client:
        form = {"slug": "harbour", "headline": "Harbour closed", "language": "en", "time_zone": "UTC",
                "status": "live", "key_developments": "Ferries stop\nRoads open"}
        assert (await client.post("/console/blogs/new", data=form)).status_code == 200
        again = await client.post("/console/blogs/new", data=form)
        assert again.status_code == 409
        assert "Ferries stop" in again.text
        path = "/console/blogs/harbour/furniture"
        assert (await client.post(path, data=form | {"revision": "1", "byline": "Desk"})).status_code == 200
        stale = await client.post(path, data=form | {"revision": "1", "byline": "Mine"})
        assert stale.status_code == 412
        assert "Mine" in stale.text


async def test_admin_adds_users_and_tokens(server: Running) -> None:
    async with logged_in(server, "ada") as client:
        form = {"username": "nia", "name": "Nia", "password": PASSWORD, "blog": "storm", "blog_role": "editor"}
        answer = await client.post("/console/users", data=form)
        assert "Editor in storm" in answer.text
        answer = await client.post("/console/tokens", data={"name": "wire", "role": "editor"})
        token = re.search(r'id="token">([^<]+)<', answer.text)
        assert token
        assert token[1] not in (await client.get("/console/tokens")).text


async def test_several_names_in_one_field(server: Running) -> None:
    async with logged_in(server, "eddy") as client:
        page = (await client.get("/console/blogs/storm")).text
        assert "<datalist" not in page
        form = {"body": "Rain", "byline": "Ada Lovelace, Bea,, ", "do": "publish"}
        assert (await client.post("/console/blogs/storm", data=form)).status_code == 200
        entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
        assert [b["name"] for b in entry["bylines"]] == ["Ada Lovelace", "Bea"]
        page = (await client.get("/console/blogs/storm")).text
        assert 'list="byline-known"' in page and '<option value="Ada Lovelace"></option>' in page
        form = {"body": "Rain", "byline": "", "do": "publish"}
        assert (await client.post("/console/blogs/storm", data=form)).status_code == 200
        entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
        assert entry["bylines"] == [], "not the name of who typed it"


async def test_console_keeps_what_its_form_does_not_show(server: Running) -> None:
    parts = [{"name": "Lovelace, Ada", "place": "Turin"}, "Bea"]
    await server.http.patch("/api/v1/blogs/storm", json={"topics": ["Weather"]}, headers={"If-Match": "*"})
    entry = await server.post(body="Rain", bylines=parts, topics=["Weather"], language="it")
    path = f"/console/blogs/storm/entries/{entry['id']}"

    async def saved(**fields: str) -> dict[str, Any]:
        page = (await client.get(path)).text
        shown = {"byline": hidden_or_typed(page, "byline"), "revision": hidden(page, "revision")}
        answer = await client.post(path, data={"body": "Rain", "do": "save"} | shown | fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = (await server.http.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
        return found

    async with logged_in(server, "eddy") as client:
        same = await saved(title="A title")
        assert (same["bylines"], same["topics"], same["language"]) == (entry["bylines"], ["Weather"], "it")
        other = await saved(byline="Bea\nCem")
        assert [b["name"] for b in other["bylines"]] == ["Bea", "Cem"]
        form = {"body": "Rain", "do": "save", "byline": "Cem, cem", "revision": "3"}
        wrong = await client.post(path, data=form)
        assert wrong.status_code == 422 and 'id="byline-wrong"' in wrong.text


async def test_furniture_keeps_bylines_that_were_not_touched(server: Running) -> None:
    parts = [{"name": "Ada", "role": "Editor"}, "Bea"]
    await server.http.patch(
        "/api/v1/blogs/storm", json={"bylines": parts, "topics": ["Weather"]}, headers={"If-Match": "*"}
    )
    before = (await server.http.get("/api/v1/blogs/storm")).json()
    form = {"headline": "New", "language": "en", "time_zone": "UTC", "status": "live"}
    async with logged_in(server, "eddy") as client:
        path = "/console/blogs/storm/furniture"
        page = (await client.get(path)).text
        kept = {"byline": hidden_or_typed(page, "byline"), "revision": hidden(page, "revision")}
        assert (await client.post(path, data=form | kept)).status_code == 200
        after = (await server.http.get("/api/v1/blogs/storm")).json()
        assert (after["headline"], after["bylines"], after["topics"]) == ("New", before["bylines"], ["Weather"])
        changed = {"byline": "Cem", "revision": str(after["revision"])}
        assert (await client.post(path, data=form | changed)).status_code == 200
    assert (await server.http.get("/api/v1/blogs/storm")).json()["byline"] == "Cem"


def hidden_or_typed(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" type="text" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


async def test_furniture_takes_a_lead_and_an_end(server: Running) -> None:
    out = io.BytesIO()
    Image.new("RGB", (800, 400), "navy").save(out, "JPEG")
    address = "/console/blogs/storm/furniture"
    async with logged_in(server, "eddy") as client:
        page = (await client.get(address)).text
        values = {
            name: hidden(page, name) for name in ("revision", "request_key")
        } | {"headline": "Storm", "language": "en", "time_zone": "UTC", "status": "live", "do": "save"}
        file = {"lead_picture": ("pier.jpg", out.getvalue(), "image/jpeg")}
        answer = await client.post(f"{address}?write", data=values, files=file)
        assert answer.status_code == 422 and "describe the picture" in answer.text
        typed = values | {
            "lead_picture_id": hidden(answer.text, "lead_picture_id"), "lead_alt": "A pier",
            "closing_summary": "It is *over*.", "successor": "Next | https://example.org/next",
        }
        assert typed["lead_picture_id"], "the file need not be chosen again"
        assert (await client.post(f"{address}?write", data=typed)).status_code == 200
        blog = (await server.anonymous.get("/api/v1/blogs/storm")).json()
        assert (blog["lead"]["alt"], blog["lead"]["width"]) == ("A pier", 800)
        assert blog["closing_summary"] == "<p>It is <em>over</em>.</p>"
        assert blog["successor"] == {"title": "Next", "url": "https://example.org/next"}
        page = (await client.get(address)).text
        again = typed | {"revision": hidden(page, "revision")}
        found = re.search(r'name="closing_summary"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
        assert found
        again["closing_summary"] = unescape(found[1])
        assert (await client.post(f"{address}?write", data=again)).status_code == 200
        kept = (await server.anonymous.get("/api/v1/blogs/storm")).json()
        assert {n: kept[n] for n in ("lead", "closing_summary", "successor")} == {
            n: blog[n] for n in ("lead", "closing_summary", "successor")
        }
        last = again | {"revision": str(kept["revision"]), "lead_remove": "1"}
        assert (await client.post(f"{address}?write", data=last)).status_code == 200
        assert (await server.anonymous.get("/api/v1/blogs/storm")).json()["lead"] is None


async def test_a_post_of_another_site_is_added_by_its_address(server: Running) -> None:
    url = "https://bsky.app/profile/ada.example.org/post/3kabcdefghi2x"
    async with logged_in(server, "eddy") as client:
        key = hidden((await client.get("/console/blogs/storm")).text, "request_key")
        form = {"request_key": key, "body": "Look", "embed_url": "nothing", "do": "publish"}
        answer = await client.post("/console/blogs/storm", data=form)
        assert answer.status_code == 422
        assert "Embed" in answer.text
        await client.post("/console/blogs/storm", data=form | {"embed_url": url})
    entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
    assert entry["blocks"][1]["url"] == url
