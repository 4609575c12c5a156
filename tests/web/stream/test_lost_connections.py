"""A connection that is lost in the middle of a fan-out harms nobody else: over uvloop, whose transports raise
where asyncio's drop what is written to them, and over asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from server.hub import feed as feed_module
from server.hub.subscriber import Subscriber
from tests.support.app import running
from tests.support.listeners import sse, until

pytestmark = pytest.mark.anyio

READERS = 12


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return ("asyncio", {"use_uvloop": request.param})


@pytest.fixture
def lost_after_the_first_group(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Fan-outs go in groups of three; the listener here is cut off when the first group was written."""
    unlucky: list[Any] = []
    write: Callable[..., None] = feed_module.write_all

    def cutting(group: Sequence[Subscriber], data: bytes) -> None:
        write(group, data)
        if unlucky:
            unlucky.pop().abort()

    monkeypatch.setattr(feed_module, "GROUP", 3)
    monkeypatch.setattr(feed_module, "write_all", cutting)
    return unlucky


async def test_the_others_get_what_is_being_sent(
    tmp_path: Path, lost_after_the_first_group: list[Any]
) -> None:
    async with running(tmp_path) as server, contextlib.AsyncExitStack() as stack:
        await server.blog()
        await server.changes()
        readers = [
            await stack.enter_async_context(sse(server.address, "/live/storm/stream?view=json"))
            for _ in range(READERS)
        ]
        (feed,) = server.gate.hub.feeds.values()
        await until(lambda: feed.size == READERS)
        lost_after_the_first_group.append(list(*feed.subscribers.values())[READERS // 2])
        entry = await server.post()
        await asyncio.gather(
            *(r.follow(lambda state: entry["id"] in state.things, seconds=5) for r in readers),
            return_exceptions=True,
        )
        assert sum(entry["id"] in r.state.things for r in readers) == READERS - 1
        (feed,) = server.gate.hub.feeds.values()
        assert feed.size == READERS - 1
