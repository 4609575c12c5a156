"""More connections than anybody needs: 20,000 from one address, and a process that runs out of files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.flood import Flood, flood
from tests.support.listeners import Sse, sse
from tests.support.process import Process, new_token, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MOST_BYTES_EACH = 8_192
"""What one of them may cost the server's memory."""


FILES = 20_000
"""What a process of the flood may open: the server is full of connections before it is full of files."""


@pytest.fixture
def many_files() -> Iterator[None]:
    """Leave to open many files, for the processes that are started here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"a process may open {hard} files here, and {FILES} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def storm(folder: Path, **chosen: object) -> AsyncIterator[tuple[Process, httpx2.AsyncClient]]:
    """A server with a blog that is warm, and an editor."""
    async with serving(folder, **chosen) as server:
        token = await new_token(data_dir=folder)
        async with server.client(token, timeout=60) as editor:
            body = {"slug": "storm", "headline": "Storm reaches the coast", "status": "live"}
            assert (await editor.post("/api/v1/blogs", json=body)).status_code == 201
            assert (await editor.get("/live/storm/changes")).status_code == 200
            yield server, editor


async def post(editor: httpx2.AsyncClient, text: str) -> str:
    answer = await editor.post("/api/v1/blogs/storm/entries", json={"body": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def listeners(editor: httpx2.AsyncClient) -> int:
    return int((await editor.get("/readyz")).json()["listeners"])


def files(server: Process) -> int:
    return sum(1 for _ in Path(f"/proc/{server.pid}/fd").iterdir())


def memory(server: Process) -> int:
    """Bytes of it in memory."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def seconds_of_work(server: Process) -> float:
    """CPU time that it used."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def reader_from(source: str, server: Process) -> AsyncIterator[Sse]:
    async with sse(server.address, "/live/storm/stream?view=json", source=source) as listener:
        yield listener


async def hears(reader: Sse, editor: httpx2.AsyncClient, text: str) -> None:
    entry = await post(editor, text)
    await reader.follow(lambda s: any(c["id"] == entry for c in s.log))


@pytest.mark.usefixtures("many_files")
async def test_20_000_connections_from_one_address_do_not_affect_others(tmp_path: Path) -> None:
    limits = {"max_listeners": 1200, "max_listeners_per_address": 1000}
    async with storm(tmp_path, heartbeat_seconds=60, **limits) as (server, editor):
        files_before, memory_before = files(server), memory(server)
        async with contextlib.AsyncExitStack() as stack:

            async def start(count: int, kind: str, source: str = "127.0.0.1") -> Flood:
                return await stack.enter_async_context(flood(source, server.port, count, kind))

            streams, sockets = await start(1500, "sse"), await start(1000, "ws")

            async def all_seated_or_told() -> bool:
                a, b = await streams.outcome(), await sockets.outcome()
                return a.told + b.told == 1500 and a.open + b.open == 1000

            await until(all_seated_or_told)
            assert await listeners(editor) == 1000
            silent, half = await start(9500, "silent"), await start(9500, "half")

            async def all_there() -> bool:
                a, b = await silent.outcome(), await half.outcome()
                return a.open + a.closed == b.open + b.closed == 9500

            async with reader_from("127.0.0.2", server) as reader:
                await hears(reader, editor, "heard while they come")
                await until(all_there)
                await hears(reader, editor, "heard while they are there")
                assert memory(server) - memory_before < 20_000 * MOST_BYTES_EACH
                others = await start(500, "sse", "127.0.0.3")

                async def full() -> bool:
                    found = await others.outcome()
                    return (found.open, found.told) == (199, 301)

                await until(full)
                assert await listeners(editor) == 1200

                async def shown_out() -> bool:
                    return (await silent.outcome()).closed == (await half.outcome()).closed == 9500

                await until(shown_out)
                await hears(reader, editor, "heard afterwards")

        async def as_before() -> bool:
            return await listeners(editor) == 0 and files(server) <= files_before + 5

        await until(as_before)


async def test_a_process_out_of_file_descriptors_neither_spins_nor_dies(tmp_path: Path) -> None:
    async with storm(tmp_path) as (server, editor):
        async with reader_from("127.0.0.2", server) as reader:
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (256, 256))
            with contextlib.ExitStack() as stack:
                crowd = [stack.enter_context(socket.create_connection(server.address)) for _ in range(400)]

                async def out_of_files() -> bool:
                    return files(server) >= 250

                await until(out_of_files)
                work, start = seconds_of_work(server), time.monotonic()
                await asyncio.sleep(2)  # how busy it is can only be seen over some time
                assert seconds_of_work(server) - work < 0.5 * (time.monotonic() - start)
                await hears(reader, editor, "heard by who came before")
                assert len(crowd) == 400
            await hears(reader, editor, "heard afterwards")
            async with reader_from("127.0.0.3", server) as newcomer:
                await hears(newcomer, editor, "heard by a newcomer")
