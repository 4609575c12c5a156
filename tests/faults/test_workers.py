"""Several server processes on one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
from pathlib import Path

import httpx2
import pytest

from tests.support.listeners import sse
from tests.support.ports import free_port
from tests.support.process import Process, new_token, run, serving
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.redis]


def children(pid: int) -> set[int]:
    """Processes that this one started and that run."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has just ended
        if int(parent) == pid and state != "Z":
            found.add(int(stat.parent.name))
    return found


async def serving_pids(server: Process, wanted: int) -> set[int]:
    """Ask over new connections until so many workers have answered."""
    seen: set[int] = set()
    async with asyncio.timeout(60):
        while len(seen) < wanted:
            async with server.client() as client:
                seen.add(pid_of((await client.get("/metrics")).text))
    return seen


def pid_of(metrics: str) -> int:
    """Which process answered."""
    found = re.search(r'^stoppress_process_info\{pid="([0-9]+)"\} 1', metrics, re.M)
    assert found is not None
    return int(found[1])


async def until_gone(pids: set[int]) -> None:
    async with asyncio.timeout(60):
        while any(map(is_alive, pids)):
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def stubborn(client: httpx2.AsyncClient, path: str, body: dict[str, str]) -> httpx2.Response:
    """Post as a client should: again with the same key when the connection broke."""
    while True:
        with contextlib.suppress(httpx2.TransportError):
            return await client.post(path, json=body, headers={"Idempotency-Key": "one"})


async def test_workers_both_serve_and_one_is_replaced(tmp_path: Path, valkey_server: Valkey) -> None:
    settings = {"workers": 2, "redis_url": valkey_server.url}
    token = await new_token(data_dir=tmp_path, **settings)
    async with serving(tmp_path, **settings) as server:
        first = children(server.pid)
        assert len(first) == 2
        await serving_pids(server, 2)
        async with server.client(token) as client:
            await client.post("/api/v1/blogs", json={"slug": "storm", "headline": "Storm", "status": "live"})
            here = (await client.get("/live/storm/changes")).json()["position"]

            killed = min(first)
            os.kill(killed, signal.SIGKILL)
            await until_gone({killed})
            # the other one still takes posts; a connection that the killed one held is broken:
            # a retry posts once
            posted = await stubborn(client, "/api/v1/blogs/storm/entries", {"body": "The pier holds."})
            assert posted.status_code == 201, posted.text
        async with asyncio.timeout(60):
            while len(children(server.pid)) < 2:
                await asyncio.sleep(0.02)
        assert killed not in children(server.pid)
        await serving_pids(server, 2)
        async with sse(server.address, "/live/storm/stream?view=json", last_event_id=here) as listener:
            state = await listener.follow(lambda s: len(s.log) == 1)
        assert state.log[0]["number"] == 1

        pids = children(server.pid)
        # looked at before `ended`, which sweeps up whatever is left
        server.signal(signal.SIGTERM)
        await until_gone(pids)
        assert await server.ended() == 0, server.log


async def test_workers_end_with_their_parent(tmp_path: Path, valkey_server: Valkey) -> None:
    settings = {"workers": 2, "redis_url": valkey_server.url}
    async with serving(tmp_path, **settings) as server:
        pids = children(server.pid)
        server.signal(signal.SIGKILL)
        await until_gone(pids)
        await server.ended()


async def test_workers_need_redis(tmp_path: Path) -> None:
    ended = await run("serve", "--port", "0", data_dir=tmp_path, workers=2)
    assert ended.code == 2
    assert "STOPPRESS_REDIS_URL" in ended.err
    assert "STOPPRESS_WORKERS" in ended.err
    assert not (tmp_path / "stoppress.db").exists()


async def test_each_worker_is_read_on_its_own_port(tmp_path: Path, valkey_server: Valkey) -> None:
    first = free_port()
    settings = {"workers": 2, "redis_url": valkey_server.url, "metrics_port": first}
    async with serving(tmp_path, **settings) as server, httpx2.AsyncClient(timeout=15) as client:

        async def pid(place: int) -> int:
            return pid_of((await client.get(f"http://127.0.0.1:{first + place}/metrics")).text)

        pids = [await pid(0), await pid(1)]
        assert set(pids) == children(server.pid) == await serving_pids(server, 2)
        for _ in range(3):
            assert [await pid(0), await pid(1)] == pids
        answer = await client.get(f"http://127.0.0.1:{first + 1}/readyz")
        assert answer.status_code == 200

        # who comes in place of one that died has its port
        os.kill(pids[1], signal.SIGKILL)
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    if (now := await pid(1)) != pids[1]:
                        break
                await asyncio.sleep(0.05)
        assert now in children(server.pid)
        assert await pid(0) == pids[0]


async def test_a_worker_port_in_use_prevents_the_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await run("serve", "--port", "0", data_dir=tmp_path, metrics_port=port)
    assert ended.code != 0
    assert f"127.0.0.1:{port}" in ended.err
