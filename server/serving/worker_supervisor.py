"""One worker after the other in one place: started without waiting for it, watched, and started again with
waits that grow while it does not live."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

READY = "STOPPRESS_WORKER_READY_FD"
"""Set in a worker only: the pipe on which it says that it listens."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
SETTLED_SECONDS = 60.0
"""A worker that lived so long was well: when it dies the next one starts after the first wait again."""


def wait_before(failures: int, chance: float) -> float:
    """Seconds until the next start after so many deaths in a row (1 or more). It doubles up to a bound; half of
    it is left to `chance` (0 to 1), so that workers that died together do not come back together."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + chance / 2)


@dataclass(frozen=True, slots=True)
class Program:
    """What every worker runs. `alive` is a pipe that the parent holds open for as long as it lives."""

    command: Sequence[str]
    environment: dict[str, str]
    alive: int


@dataclass
class Place:
    """One of the workers, whichever process that is at the moment."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    listened: bool = False
    """Whether any worker here ever took connections."""
    failures: int = 0
    """Deaths in a row, none of them after a settled life."""
    chance: Callable[[], float] = random.random
    _ready: int | None = None
    _started: float = 0.0
    _due: float = field(default=float("-inf"))

    @property
    def settled(self) -> bool:
        """Whether the first start has come to an end, good or bad."""
        return self.listened or self.failures > 0

    def look(self, now: float) -> None:
        """See what became of the worker, and start another when it is time. Never waits. `now` in seconds."""
        if self.process is not None:
            self._listen()
            if self.process.poll() is not None:
                self._died(self.process, now)
        if self.process is None and now >= self._due:
            self._start(now)

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _start(self, now: float) -> None:
        self._ready, write = os.pipe()
        os.set_blocking(self._ready, False)
        environment = self.program.environment | {READY: str(write)}
        self._started = now
        try:
            # in a group of its own: Ctrl+C is for the parent, which lets the workers drain; one that got it too
            # would be told twice, and end at once
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                self.program.command, env=environment, pass_fds=[write, self.program.alive], process_group=0
            )
        except OSError as error:  # no memory, or too many processes
            self._close()
            self._fail(now, reason=str(error))
        finally:
            os.close(write)

    def _listen(self) -> None:
        """Read whether the worker has said that it listens. It closes its end when it has, and when it dies."""
        if self._ready is None:
            return
        try:
            said = os.read(self._ready, 1)
        except BlockingIOError:
            return
        self._close()
        if said:
            self.listened = True

    def _died(self, process: subprocess.Popen[bytes], now: float) -> None:
        self._close()
        self.process = None
        if now - self._started >= SETTLED_SECONDS:
            self.failures = 0
        self._fail(now, pid=process.pid, code=process.returncode, lived_seconds=round(now - self._started, 1))

    def _fail(self, now: float, **known: object) -> None:
        self.failures += 1
        wait = wait_before(self.failures, self.chance())
        self._due = now + wait
        log.error("worker.died", **known, deaths_in_a_row=self.failures, next_start_seconds=round(wait, 1))

    def _close(self) -> None:
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None
