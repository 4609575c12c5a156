"""Workers that die, hang or never come up: real processes under the real parent, with small programs for
workers. Whole servers under it: tests/faults/test_workers.py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.serving import worker_supervisor
from server.serving.worker_supervisor import (
    FIRST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    Place,
    Program,
    wait_before,
)
from tests.support.listeners import until
from tests.support.process import ROOT

pytestmark = pytest.mark.anyio

PARENT = """
import sys
from server.cli import logs
from server.serving import workers
from server.domain.errors import Unavailable

logs.set_up(level="info", as_json=True)
reserved = workers.listen("127.0.0.1", 0)
try:
    workers.run_many(2, reserved, demo=True, listening=lambda: print("listening", flush=True),
                     command=[sys.executable, "-c", sys.argv[1], sys.argv[2]])
except Unavailable as error:
    print(error.detail, file=sys.stderr)
    sys.exit(5)
"""
WORKER = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
try:
    (folder / "first").touch(exist_ok=False)
    first = True
except FileExistsError:
    first = False
(folder / f"pid-{os.getpid()}").touch()
def report():
    with open(int(os.environ["STOPPRESS_WORKER_READY_FD"]), "wb") as pipe:
        pipe.write(b".")
def live():
    report()
    while True:
        time.sleep(60)
"""
ONE_DIES = "if os.environ['STOPPRESS_DEMO'] == '1': sys.exit(3)\nlive()"
"""Only the worker in the first place is given the demo."""
HANGS_FIRST = "if not first: report()\nwhile True: time.sleep(60)"
DIES_ALWAYS = "sys.exit(3)"
NOTES_SIGNALS = """
import signal
def note(number, frame):
    with open(folder / f"told-{os.getpid()}", "a") as told:
        told.write(f"{number} ")
    sys.exit(0)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
live()
"""


@contextlib.asynccontextmanager
async def parent(folder: Path, worker: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, WORKER + worker, str(folder), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a group of its own, as a shell gives to what it starts
    )
    try:
        yield process
    finally:
        for pid in (process.pid, *pids(folder)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await process.communicate()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def pids(folder: Path) -> set[int]:
    """Workers that ever ran."""
    return {int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")}


def told(folder: Path) -> list[str]:
    """The signals that each worker got."""
    return [path.read_text() for path in folder.glob("told-*")]


def test_the_wait_grows_to_a_bound_and_is_spread() -> None:
    longest = [wait_before(failures, 1.0) for failures in range(1, 12)]
    assert longest[:4] == [FIRST_WAIT_SECONDS * n for n in (1, 2, 4, 8)]
    assert longest[-1] == wait_before(10_000, 1.0) == LONGEST_WAIT_SECONDS
    assert wait_before(3, 0.0) == wait_before(3, 1.0) / 2


async def test_a_stable_worker_resets_the_backoff() -> None:
    read, write = os.pipe()
    place = Place(Program(["false"], dict(os.environ), read), chance=lambda: 1.0)
    now, waits = 1000.0, []
    for lived in (1.0, 1.0, 1.0, worker_supervisor.SETTLED_SECONDS, 1.0):
        place.look(now)
        process = place.process
        assert process is not None
        await until(lambda process=process: process.poll() is not None)
        place.look(now + lived)
        assert place.process is None
        wait = wait_before(place.failures, 1.0)
        place.look(now + lived + wait - 0.01)
        assert place.process is None, "started too early"
        waits.append(wait)
        now += lived + wait
    os.close(read)
    os.close(write)
    first = FIRST_WAIT_SECONDS
    assert waits == [first, 2 * first, 4 * first, first, 2 * first]


async def test_a_worker_that_cannot_be_started_is_tried_again() -> None:
    read, write = os.pipe()
    place = Place(Program(["/nothing/here"], dict(os.environ), read), chance=lambda: 1.0)
    place.look(0.0)
    place.look(FIRST_WAIT_SECONDS - 0.01)
    assert place.failures == 1
    place.look(FIRST_WAIT_SECONDS)
    assert place.failures == 2
    assert place.gone()
    os.close(read)
    os.close(write)


async def test_one_bad_first_start_does_not_hide_that_others_listen(tmp_path: Path) -> None:
    async with parent(tmp_path, ONE_DIES) as process, asyncio.timeout(60):
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        await until(lambda: len(pids(tmp_path)) >= 4)  # the one that died was tried again
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
        assert process.returncode == 0, said
        deaths = [json.loads(line) for line in said.splitlines() if b"worker.died" in line]
        assert [death["deaths_in_a_row"] for death in deaths][:2] == [1, 2]
        assert {death["code"] for death in deaths} == {3}
        assert deaths[1]["next_start_seconds"] > 0


async def test_a_worker_that_hangs_at_start_does_not_block_shutdown(tmp_path: Path) -> None:
    async with parent(tmp_path, HANGS_FIRST) as process, asyncio.timeout(60):
        await until(lambda: len(pids(tmp_path)) == 2)  # the second one did not wait for the first either
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert not any(map(is_alive, pids(tmp_path)))


async def test_when_no_worker_comes_up_the_parent_says_so_and_ends(tmp_path: Path) -> None:
    async with parent(tmp_path, DIES_ALWAYS) as process, asyncio.timeout(60):
        begun = time.monotonic()
        out, said = await process.communicate()
        assert process.returncode == 5
        assert out == b""
        assert b"No worker came up" in said
        assert time.monotonic() - begun < 40


async def test_ctrl_c_is_for_the_parent_and_the_workers_are_told_once(tmp_path: Path) -> None:
    async with parent(tmp_path, NOTES_SIGNALS) as process, asyncio.timeout(60):
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        assert await process.wait() == 0
    assert told(tmp_path) == [f"{signal.SIGTERM:d} "] * 2
