"""A program that is no part of Stop Press, in the foreground: a proxy, a cache, another server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@contextlib.asynccontextmanager
async def program(
    folder: Path, *words: str | Path, port: int, variables: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program in `folder` until the block ends; its output goes to `log` there.

    Args:
        port: of 127.0.0.1, where it accepts connections once it has started.
        variables: for its environment, besides those of this process.
    """
    log = folder / "log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *map(str, words), cwd=folder, env=os.environ | (variables or {}), stdin=asyncio.subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await accepts(port):
                assert process.returncode is None, f"{words[0]} ended:\n{log.read_text(errors='replace')}"
                await asyncio.sleep(0.02)
        yield process
    finally:
        await _stop(process)


async def accepts(port: int) -> bool:
    """Whether something accepts connections at this port of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM; then an end to whatever is left of it and its children."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
