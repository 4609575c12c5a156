"""Long tasks come back after a failure, are shown, and end when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from server.background.task_supervisor import Supervisor, end

pytestmark = pytest.mark.anyio


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    made = Supervisor(first_wait=0.001, longest_wait=0.01)
    yield made
    await made.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_work_that_raises_is_started_again(supervisor: Supervisor) -> None:
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise TypeError(f"call {calls}")
        await asyncio.Event().wait()

    with capture_logs() as logs:
        supervisor.start("beat", work)
        await until(lambda: calls == 3)
    state = supervisor.states()[0]
    assert (state.name, state.running, state.failures, state.error) == ("beat", True, 2, "TypeError: call 2")
    assert [(x["event"], x["task"], x["reason"]) for x in logs] == [
        ("task.failed", "beat", "TypeError: call 1"), ("task.failed", "beat", "TypeError: call 2")
    ]


async def test_work_that_returns_is_started_again(supervisor: Supervisor) -> None:
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1

    supervisor.start("beat", work)
    await until(lambda: calls >= 3)
    assert supervisor.states()[0].failures >= 2
    assert supervisor.states()[0].error == "it ended"


async def test_the_same_failure_is_logged_once_in_a_while(supervisor: Supervisor) -> None:
    async def work() -> None:
        raise ValueError("again")

    with capture_logs() as logs:
        supervisor.start("beat", work)
        await until(lambda: supervisor.states()[0].failures > 20)
    assert len(logs) == 1


async def test_one_that_fails_leaves_the_others_alone(supervisor: Supervisor) -> None:
    turns = 0

    async def fails() -> None:
        raise ValueError

    async def works() -> None:
        nonlocal turns
        turns += 1

    supervisor.start("fails", fails)
    supervisor.every(0.001, "works", works)
    await until(lambda: turns > 20)
    assert [(s.name, s.failures > 0) for s in supervisor.states()] == [("fails", True), ("works", False)]


async def test_a_periodic_task_goes_on_after_a_failure(supervisor: Supervisor) -> None:
    turns = 0

    async def work() -> None:
        nonlocal turns
        turns += 1
        if turns % 2:
            raise ValueError("odd")

    supervisor.every(0.001, "tidy", work)
    await until(lambda: turns > 10)
    assert supervisor.states()[0].failures >= 5


async def test_a_name_is_taken_once(supervisor: Supervisor) -> None:
    supervisor.start("beat", asyncio.Event().wait)
    with pytest.raises(ValueError, match="beat runs already"):
        supervisor.start("beat", asyncio.Event().wait)


async def test_close_ends_all_and_waits_for_it() -> None:
    supervisor, cleaned = Supervisor(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    supervisor.start("one", work)
    supervisor.start("two", work)
    await asyncio.sleep(0)
    await supervisor.close()
    assert cleaned == [1, 1]
    assert supervisor.states() == []


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
