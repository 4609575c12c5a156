"""What a request for a feed may be answered with: to whom, from where, and whether caches may keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.domain.errors import Unavailable
from server.web.stream import sse as module
from server.web.stream import stream_authorisation
from tests.support.app import Running, running
from tests.support.listeners import seq_of, sse, until

pytestmark = pytest.mark.anyio


async def test_a_poll_ignores_last_event_id(tmp_path: Path) -> None:
    """A cache in front would give the answer to others."""
    async with running(tmp_path) as server:
        await server.blog()
        before = (await server.changes())["position"]
        entry = await server.post()
        for header in (entry["position"], "nonsense"):
            answer = await server.anonymous.get(
                f"/live/storm/changes?after={before}", headers={"Last-Event-ID": header}
            )
            assert answer.status_code == 200, answer.text
            assert [change["id"] for change in answer.json()["changes"]] == [entry["id"]]
            assert "public" in answer.headers["cache-control"]
        answer = await server.anonymous.get("/live/storm/changes", headers={"Last-Event-ID": "nonsense"})
        assert answer.status_code == 200


async def test_an_event_stream_prefers_last_event_id_to_the_query(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        before = (await server.changes())["position"]
        await server.post()
        here = (await server.changes())["position"]
        second = await server.post()
        path = f"/live/storm/stream?view=json&after={before}"
        async with sse(server.address, path, last_event_id=here) as stream:
            state = await stream.follow(lambda state: second["id"] in state.things)
        assert [seq_of(change["position"]) for change in state.log] == [seq_of(here) + 1]


async def test_responses_about_drafts_are_not_cacheable(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog(status="draft")
        await server.post(body="Not for strangers")
        path = "/live/storm/changes"
        assert (await server.anonymous.get(path)).status_code == 404
        answer = await server.http.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


async def test_without_a_database_an_event_source_is_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would give up for good on a 503."""

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable

    async with running(tmp_path) as server:
        await server.blog()
        monkeypatch.setattr(module, "subscription_of", away)
        monkeypatch.setattr(stream_authorisation, "subscription_of", away)
        server.gate.public.clear()
        answer = await server.anonymous.get("/live/storm/stream")
        assert answer.status_code == 200
        assert answer.text.startswith("retry: ")
        assert server.gate.count == 0


async def test_a_listener_that_joins_during_shutdown_is_closed_at_once(server: Running) -> None:
    before = (await server.changes())["position"]
    server.gate.hub.draining = True
    # admitted a moment before: the gate was open then
    server.gate.has_room = lambda address: True  # type: ignore[method-assign]
    async with sse(server.address, f"/live/storm/stream?after={before}") as stream:
        while await stream.next() is not None:
            pass
        assert stream.retry is not None
    answer = await server.anonymous.get(f"/live/storm/changes?after={before}&wait=50", timeout=20)
    assert answer.json()["changes"] == []


@pytest.fixture(params=["parsed", "portable"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    async with running(tmp_path, stream_path=request.param) as found:
        await found.blog()
        yield found


@pytest.mark.parametrize("path", ["fast", "parsed"])
async def test_a_change_that_cannot_be_encoded_releases_its_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async with running(tmp_path, stream_path=path) as server:
        await server.blog()
        before = (await server.changes())["position"]
        await server.post()
        (feed,) = server.gate.hub.feeds.values()
        monkeypatch.setattr(feed, "_encode", lambda item, wire: {}["nothing"])
        async with sse(server.address, f"/live/storm/stream?after={before}") as stream:
            assert await stream.next() is None
        await until(lambda: server.gate.count == 0)
        assert not server.gate.by_address
