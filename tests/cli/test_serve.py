"""`serve` and `tail` as processes, and `post --url` between them."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.app import running
from tests.support.listeners import sse, websocket
from tests.support.process import ROOT, Ended, environment, new_token, run, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

QUICK_SECONDS = 15.0


async def test_serve_first_start_and_next(tmp_path: Path) -> None:
    async with serving(tmp_path, demo=1) as server:
        assert server.said["pid"] == server.pid
        assert server.said["username"] == "admin"
        login = {"username": "admin", "password": server.said["password"]}
        async with server.client() as client:
            answer = await client.post("/api/v1/session", json=login)
            assert answer.status_code in (200, 201), answer.text
            assert (await client.get("/live/un-aid-convoys")).status_code == 200
        kept = tmp_path / "first-login.txt"
        assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600  # noqa: PTH116
        assert await server.terminate() == 0, server.log
        await server.start()
        assert "password" not in server.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serve_ends_quickly_with_open_streams(
    tmp_path: Path, command: Command, number: signal.Signals
) -> None:
    await asyncio.to_thread(command, "blog", "add", "storm", "--headline", "Storm")
    async with serving(tmp_path) as server:
        async with sse(server.address, "/live/storm/stream") as stream:
            async with websocket(server.address, "/live/storm/ws") as socket:
                began = time.monotonic()
                server.signal(number)
                assert await server.ended() == 0, server.log
                assert time.monotonic() - began < QUICK_SECONDS
                async with asyncio.timeout(5):
                    while await stream.next() is not None:
                        pass
                    await socket.connection.wait_closed()
        assert "Traceback" not in server.log


async def test_serve_takes_the_files_that_it_may_have_and_says_when_they_are_few(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        async with serving(tmp_path, max_listeners=10**7) as server:
            assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (hard, hard)
            await server.terminate()
            assert "serve.files" in server.log
            assert f"allowed={hard}" in server.log
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_serve_port_in_use(tmp_path: Path) -> None:
    async with serving(tmp_path / "one") as server:
        second = await run("serve", "--port", str(server.port), "--json", data_dir=tmp_path / "two")
    assert second.code == 5
    assert str(server.port) in second.error["detail"]


async def test_post_over_the_api(tmp_path: Path, command: Command) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        to = ("--url", server.url, "--token", server.admin_token, "--json")

        async def say(*words: str, stdin: str = "") -> Ended:
            return await asyncio.to_thread(command, *words, stdin=stdin)

        first = await say("post", "storm", "-", "--key", "once", *to, stdin="Der Pegel fällt.")
        assert first.code == 0, first.err
        assert "Der Pegel fällt." in first.json["blocks"][0]["html"]
        again = await say("post", "storm", "-", "--key", "once", *to, stdin="Der Pegel fällt.")
        assert again.json["id"] == first.json["id"]
        made = await say("blog", "add", "flood", "--headline", "Flood", *to)
        assert made.json["slug"] == "flood"

        assert (await say("post", "fire", "Rain", *to)).code == 3
        assert (await say("post", "storm", " ", *to)).code == 2
        refused = await say("post", "storm", "Rain", "--url", server.url, "--token", "sp_wrong", "--json")
        assert refused.code == 4
        assert refused.error["code"] == "unauthenticated"


async def test_tail_resumes_after_restart(tmp_path: Path, command: Command) -> None:
    async def posted(text: str) -> str:
        """Post in the own database, with or without a server that runs; the entry's id."""
        ended = await asyncio.to_thread(command, "post", "storm", text, "--json")
        assert ended.code == 0, ended.err
        return str(ended.json["id"])

    await asyncio.to_thread(command, "blog", "add", "storm", "--headline", "Storm")
    async with serving(tmp_path, retry_ms=100) as server:
        async with server.client() as client:
            here = (await client.get("/live/storm/changes")).json()["position"]
        tail = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "tail", f"{server.url}/live/storm", "--from", here,
            "--count", "3", "--json",
            cwd=ROOT, env=environment(), stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
        )
        assert tail.stdout is not None
        try:
            async with asyncio.timeout(40):
                for text in ("One", "Two", "Three"):
                    entry = await posted(text)
                    if text != "One":  # posted while no server runs
                        await server.start()
                    assert json.loads(await tail.stdout.readline())["id"] == entry
                    if text != "Three":
                        await (server.kill() if text == "One" else server.terminate())
                assert await tail.wait() == 0
            assert await tail.stdout.read() == b""
        finally:
            if tail.returncode is None:
                tail.kill()
                await tail.wait()


async def test_tail_no_blog(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert (await run("tail", f"{server.url}/live/nothing")).code == 3
    assert (await run("tail", "nonsense")).code == 2


async def test_streams_leave_handles_for_posts(tmp_path: Path, command: Command) -> None:
    """Where a process may have few handles, streams are refused before posts are."""
    limit = count = 256  # handles and streams; half as many streams are let in
    await asyncio.to_thread(command, "blog", "add", "storm", "--headline", "Storm")
    token = await new_token(data_dir=tmp_path)
    async with serving(tmp_path) as server:
        await server.terminate()
        resource_before = resource.getrlimit(resource.RLIMIT_NOFILE)
        server.preexec = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        await server.start()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == resource_before
        assert f"allowed={limit}" in server.log
        request = b"GET /live/storm/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
        streams, reading = [], []
        try:
            for _ in range(count):
                reader, writer = await asyncio.open_connection(*server.address)
                writer.write(request)
                streams.append((reader, writer))
                reading.append(asyncio.create_task(_head(reader)))
            heads = await asyncio.gather(*reading)
            assert [head for head in heads if b" 200 " not in head.partition(b"\r\n")[0]] == []
            async with server.client(token) as client:
                ready = (await client.get("/readyz")).json()
                assert ready["listeners"] == limit // 2
                for number in range(5):
                    answer = await client.post(
                        "/api/v1/blogs/storm/entries", json={"body": f"Update {number}"}
                    )
                    assert answer.status_code == 201, answer.text
        finally:
            for _, writer in streams:
                writer.close()
        assert "Traceback" not in server.log


async def _head(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.readuntil(b"\r\n\r\n")
