"""Drafts on the server by a plain HTTP client: what scripts send, and what a form without them is offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import people
from tests.support.app import Running, running
from tests.web.console.test_console import PASSWORD, hidden, logged_in

pytestmark = pytest.mark.anyio
HOME = "/console/blogs/storm"


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("drafts")) as started:
        for name in ("eddy", "ada"):
            await people.create_user(
                started.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role="admin"
            )
        await started.blog()
        yield started


def draft(**fields: Any) -> dict[str, Any]:
    form = {"fields": fields, "pieces": [], "file": "", "revision": ""}
    return {"blog": "storm", "key": "formnumber1", "browser": "atthedesk", "form": form}


async def listed(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/console/drafts?blog=storm&entry=")).json()["drafts"]
    return found


async def test_a_draft_is_finished_in_a_form_without_scripts(server: Running) -> None:
    async with logged_in(server, "eddy") as eddy, logged_in(server, "ada") as ada:
        sent = draft(title="Rain", body="It <b>rains", breaking=True, key=False, publish_at="")
        assert (await eddy.post("/console/drafts", json=sent)).json() == {"version": 1}
        train = {"browser": "onthetrain", "form": {"fields": {}}}
        other = await eddy.post("/console/drafts", json=sent | train)
        assert other.status_code == 409
        assert other.json()["other"]["form"]["fields"]["title"] == "Rain"
        # nobody else, whatever their role
        assert (await listed(ada), "?draft=" in (await ada.get(HOME)).text) == ([], False)
        assert "It &lt;b" not in (await ada.get(f"{HOME}?draft=formnumber1")).text

        assert '<a href="?draft=formnumber1">Rain</a>' in (await eddy.get(HOME)).text
        page = (await eddy.get(f"{HOME}?draft=formnumber1")).text
        assert "It &lt;b&gt;rains</textarea>" in page and 'value="Rain"' in page
        assert hidden(page, "request_key") == "formnumber1"
        form = {"title": "Rain", "body": "It rains", "do": "publish"}
        kept = {name: hidden(page, name) for name in ("request_key", "draft_version")}
        answer = await eddy.post(HOME, data=form | kept)
        assert answer.status_code == 200 and "Published." in answer.text
        assert await listed(eddy) == []


async def test_a_draft_is_thrown_away_without_scripts_and_one_with_pictures_stays(server: Running) -> None:
    async with logged_in(server, "eddy") as eddy:
        await eddy.post("/console/drafts", json=draft(body="Nothing"))
        page = (await eddy.get(f"{HOME}?draft=formnumber1")).text
        kept = {name: hidden(page, name) for name in ("request_key", "draft_version")}
        await eddy.post(HOME, data={"do": "discard"} | kept)
        assert await listed(eddy) == []

        pictured = draft(body="Look", document='{"type":"doc","content":[{"type":"pictures"}]}')
        await eddy.post("/console/drafts", json=pictured)
        page = (await eddy.get(f"{HOME}?draft=formnumber1")).text
        assert "without its pictures" in page and "draft_version" not in page
        answer = await eddy.post(HOME, data={"body": "Look", "do": "draft", "request_key": "formnumber1"})
        assert "Draft saved." in answer.text
        assert len(await listed(eddy)) == 1
