"""A new epoch resets each listener once: where it goes on from is in the `reset`, as the event's id too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store import feeds
from tests.support.app import Running, running
from tests.support.listeners import sse, websocket

pytestmark = [pytest.mark.anyio]


@pytest.fixture(params=["fast", "parsed", "portable"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, stream_path=request.param, heartbeat_seconds=1) as found:
        await found.blog()
        await found.post()
        yield found


async def new_epoch(server: Running) -> None:
    """What `stoppress migrate --new-epoch` does while servers run."""
    async with server.site.database.write() as connection:
        await feeds.renew_epoch(connection)


async def test_an_event_source_is_reset_once(server: Running) -> None:
    async with sse(server.address, "/live/storm/stream") as listener:
        await listener.next()
        await new_epoch(server)
        event = await listener.next()
        while event is not None and event.kind == "beat":
            event = await listener.next()
        assert event is not None
        assert event.kind == "reset"
        assert event.id == event.data["position"]
    # a browser sends the id of the last event
    async with sse(server.address, "/live/storm/stream", last_event_id=event.id) as listener:
        entry = await server.post()
        state = await listener.follow(lambda state: bool(state.log) or state.resets > 0)
    assert (state.resets, state.position) == (0, entry["position"])


async def test_a_websocket_is_reset_once(server: Running) -> None:
    async with websocket(server.address, "/live/storm/ws") as socket:
        json.loads(await socket.connection.recv())
        await new_epoch(server)
        state = await socket.follow(lambda state: state.resets > 0)
    assert state.position is not None
    async with websocket(server.address, f"/live/storm/ws?after={state.position}") as socket:
        entry = await server.post()
        state = await socket.follow(lambda state: bool(state.log) or state.resets > 0)
    assert (state.resets, state.position) == (0, entry["position"])


async def test_a_poll_is_reset_once(server: Running) -> None:
    begin = (await server.changes())["position"]
    await new_epoch(server)
    found = await server.changes(after=begin, wait=20)
    assert found["reset"]
    entry = await server.post()
    found = await server.changes(after=found["position"], wait=20)
    assert not found["reset"]
    assert [change["id"] for change in found["changes"]] == [entry["id"]]
