"""A blog with another address: the old one leads to it, in pages, streams and the API, and stays its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from server.domain.permissions import SYSTEM, Caller
from server.newsroom.rename import rename
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder: Path = tmp_path_factory.mktemp("renamed")
    async with running(folder) as site:
        yield site


async def test_the_old_address_leads_to_the_new_one(server: Running) -> None:
    await server.blog("storm")
    entry = await server.post("storm", body="Rain")
    before = (await server.anonymous.get("/live/storm")).text  # kept in memory, and its feed is known
    assert "/live/storm" in before
    position = (await server.anonymous.get("/api/v1/blogs/storm")).json()["position"]
    await rename(server.desk, SYSTEM, "storm", "storm-of-march", revision=1)
    for path, wanted in (
        ("/live/storm", "/live/storm-of-march"),
        ("/live/storm?order=oldest", "/live/storm-of-march?order=oldest"),
        (f"/live/storm/entries/{entry['id']}", f"/live/storm-of-march/entries/{entry['id']}"),
    ):
        answer = await server.anonymous.get(path)
        assert (answer.status_code, answer.headers["location"]) == (301, wanted)
        page = await server.anonymous.get(wanted)
        assert page.status_code == 200
        assert "/live/storm/" not in page.text
    # who follows the old address is told to load afresh, and is in the same feed
    reset = (await server.anonymous.get("/live/storm/changes", params={"after": position})).json()
    assert reset["reset"] is True
    assert (await server.post("storm", body="Hail"))["number"] == 2
    assert "Hail" in (await server.anonymous.get("/live/storm-of-march")).text
    assert (await server.http.get("/api/v1/blogs/storm")).json()["slug"] == "storm-of-march"


async def test_an_old_address_is_taken_by_no_other_blog_and_can_be_taken_back(server: Running) -> None:
    await server.blog("floods")
    await server.blog("other")
    await rename(server.desk, SYSTEM, "floods", "floods-2", revision=1)
    taken = await server.http.post("/api/v1/blogs", json={"slug": "floods", "headline": "Another"})
    assert taken.status_code == 409
    for slug in ("floods", "floods-2"):
        with pytest.raises(Conflict):
            await rename(server.desk, SYSTEM, "other", slug, revision=1)
    with pytest.raises(StaleRevision):
        await rename(server.desk, SYSTEM, "floods", "floods-3", revision=1)
    await rename(server.desk, SYSTEM, "floods-2", "floods", revision=2)
    assert (await server.anonymous.get("/live/floods")).status_code == 200
    assert (await server.anonymous.get("/live/floods-2")).headers["location"] == "/live/floods"


async def test_only_editors_give_an_address_and_only_a_good_one(server: Running) -> None:
    blog = await server.blog("hills")
    writer = Caller("user:c", "C", blog_roles={blog["id"]: "contributor"})
    with pytest.raises(Forbidden):
        await rename(server.desk, writer, "hills", "mountains", revision=1)
    with pytest.raises(NotFound):
        await rename(server.desk, Caller("user:o", "O"), "hills", "mountains", revision=1)
    for slug in ("", "Hills", "a--b", "x" * 101, "hills\n"):
        with pytest.raises(Invalid):
            await rename(server.desk, SYSTEM, "hills", slug, revision=1)
