"""Starts the long tasks of a process and keeps them running.

A task that fails, or that ends although it should not, is logged, counted and started again after a wait that
grows. `/readyz` and `/metrics` show all of them. This package knows nothing of the rest of the server, so that
every layer may use it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog

from server.background.backoff import Backoff

log = structlog.get_logger()

Work: TypeAlias = Callable[[], Awaitable[object]]
Expected: TypeAlias = type[Exception] | tuple[type[Exception], ...]

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 30.0
SETTLED_SECONDS = 60.0
"""Work that ran so long without a failure starts again after the first wait."""
LOG_AGAIN_SECONDS = 60.0
CANCEL_AGAIN_SECONDS = 0.1


@dataclass(slots=True)
class TaskState:
    """What is known of one task. `failures`: since the process started; `error`: the newest one."""

    name: str
    running: bool = True
    failures: int = 0
    error: str = ""
    logged_at: float = field(default=float("-inf"), repr=False)


class Supervisor:
    """Runs work until it is closed.

    Args:
        first_wait: seconds before work that failed is started again, for the first time.
        longest_wait: seconds that this wait grows to.
        expected: errors that are logged without a traceback, because they say all that there is to say.
    """

    def __init__(
        self,
        *,
        first_wait: float = FIRST_WAIT_SECONDS,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        expected: Expected = (),
    ) -> None:
        self._waits = first_wait, longest_wait
        self._expected = expected
        self._states: dict[str, TaskState] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Work) -> None:
        """Run `work`, which is expected never to end. Whatever it raises, and also its return, counts as a
        failure, and it is called again after a wait.

        Raises:
            ValueError: a task of this name runs already.
        """
        self._start(name, work)

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Call `work` at once, and again so many seconds after it ended. The interval is measured by a clock
        that nobody can set. A call that raises counts as a failure, and the next one waits longer."""

        async def repeat() -> None:
            while True:
                await work()
                backoff.reset()
                await asyncio.sleep(seconds)

        backoff = self._start(name, repeat)

    def states(self) -> list[TaskState]:
        """Every task that was started, in that order."""
        return list(self._states.values())

    async def close(self) -> None:
        """Cancel everything, and wait until it has ended."""
        await end(self._tasks.values())
        self._tasks.clear()
        self._states.clear()

    def _start(self, name: str, work: Work) -> Backoff:
        if name in self._tasks:
            raise ValueError(f"{name} runs already")
        state = self._states[name] = TaskState(name)
        backoff = Backoff(*self._waits)
        self._tasks[name] = asyncio.create_task(_keep_running(state, work, backoff, self._expected), name=name)
        return backoff


async def _keep_running(state: TaskState, work: Work, backoff: Backoff, expected: Expected) -> None:
    while True:
        began = time.monotonic()
        try:
            await work()
            error: Exception | None = None
        except Exception as raised:
            error = raised
        now = time.monotonic()
        if now - began >= SETTLED_SECONDS:
            backoff.reset()
        wait = backoff.next()
        _note(state, error, now, wait, traceback=not isinstance(error, expected))
        await asyncio.sleep(wait)
        state.running = True


def _note(
    state: TaskState, error: Exception | None, now: float, wait: float, *, traceback: bool
) -> None:
    text = "it ended" if error is None else f"{type(error).__name__}: {error}"[:300]
    # one that fails again and again for the same reason must not fill the log
    quiet = text == state.error and now - state.logged_at < LOG_AGAIN_SECONDS
    state.running, state.error = False, text
    state.failures += 1
    if quiet:
        return
    state.logged_at = now
    log.error(
        "task.failed", task=state.name, reason=text, failures=state.failures,
        next_start_seconds=round(wait, 1), exc_info=error if traceback else None,
    )


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended. Once is not enough: `asyncio.wait_for` swallows a cancellation
    that comes as what it waits for ends, before Python 3.12 (bpo-37658), and redis-py writes inside it."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
