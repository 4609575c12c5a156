"""The page of a blog's readers: those who listen are counted by transport, and nobody is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import audience, people
from server.web.ops import audience_counts
from tests.support.app import running
from tests.web.console.test_console import PASSWORD, logged_in

pytestmark = pytest.mark.anyio


async def test_readers_are_counted_and_shown(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await people.create_user(server.desk, SYSTEM, "eddy", password=PASSWORD, name="Eddy", role="editor")
        await server.blog()
        at = (await server.anonymous.get("/live/storm/changes")).json()["position"]
        hub = server.app.state.site.hub
        async with server.anonymous.stream("GET", f"/live/storm/stream?after={at}") as stream:
            assert stream.status_code == 200
            waits = asyncio.create_task(server.anonymous.get(f"/live/storm/changes?after={at}&wait=30"))
            async with asyncio.timeout(20):
                while sum(r.total for r in audience_counts.readers(hub).values()) < 2:
                    await asyncio.sleep(0.01)
            await audience.sample(server.desk, "here", audience_counts.readers(hub))
            async with logged_in(server, "eddy") as eddy:
                assert "/console/blogs/storm/audience" in (await eddy.get("/console/blogs/storm")).text
                page = (await eddy.get("/console/blogs/storm/audience")).text
            assert "Event stream 1, WebSocket 0, polling 1" in page
            assert '<path d="M0 120' in page and "<td>2</td><td>1</td><td>0</td><td>1</td>" in page
            waits.cancel()
