"""`stoppress tail` waits for a silent server by the heartbeats that it announced."""

from __future__ import annotations

import asyncio

import pytest

from server.cli.stream_follower import FIRST_SILENCE_SECONDS, SILENT_BEATS, Follower
from tests.support.browser import until
from tests.support.silent import silent_stream

pytestmark = pytest.mark.anyio


async def test_patience_follows_the_heartbeats_that_the_server_announces() -> None:
    async with silent_stream(heartbeat_seconds=0.1) as stream:
        follower = Follower(stream.url)
        assert follower.silence == FIRST_SILENCE_SECONDS

        async def follow() -> None:
            async for change in follower.changes():
                pytest.fail(f"no change was sent: {change}")

        task = asyncio.create_task(follow())

        async def again() -> bool:
            return len(stream.asked) >= 2

        await until(again, what="a second connection")
        assert follower.silence == pytest.approx(SILENT_BEATS * 0.1)
        assert "after=k3f9.1" in stream.asked[1]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
