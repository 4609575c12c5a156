"""`stoppress bench` on a real server."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.app import running

pytestmark = pytest.mark.anyio


async def bench(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "bench", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_bench_measures_and_leaves_nothing_on_the_page(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.blog()
        code, out, err = await bench(
            f"{server.url}/live/storm", "--listeners", "50", "--posts", "3", "--seconds", "1",
            "--token", server.admin_token, "--json",
        )
        assert code == 0, err
        found = json.loads(out)
        assert (found["opened"], found["missing"], found["disorder"], found["lost"]) == (50, 0, 0, 0)
        assert 0 < found["p50_ms"] <= found["last_ms"]
        assert "Load test" not in (await server.anonymous.get("/live/storm")).text


async def test_bench_says_when_streams_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        code, _, err = await bench(f"{server.url}/live/nothing", "--listeners", "2", "--seconds", "1")
        assert code == 5
        assert "404" in err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://203.0.113.9/live/storm", "--mine"),
        ("ftp://localhost/live/storm", "URL"),
        ("http://localhost/", "URL"),
    ],
)
async def test_bench_rejects_servers_elsewhere(url: str, said: str) -> None:
    code, _, err = await bench(url)
    assert code == 2
    assert said in err
