"""Tasks of the broker end when they are told to."""

from __future__ import annotations

import asyncio

import pytest

from server.broker.redis.retry import end

pytestmark = pytest.mark.anyio


async def test_end_swallowed_cancellation() -> None:
    swallowed = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end([task])
    assert swallowed.is_set()
    assert task.cancelled()


async def test_end_nothing() -> None:
    await end([])
