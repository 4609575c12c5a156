"""Rights end in every process: what somebody follows at one server ends when the log-out, the revocation or the
lowered role is done at another. This other one is not let look by itself: Redis has to bring the signal."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.listeners import sse, websocket
from tests.support.process import Process, new_token, run, serving
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.redis]

PASSWORD = "correct horse battery"
SECONDS = 20.0
"""Far less than a poll waits, and than a private stream takes to end by itself."""
NEWSROOM = "feed=newsroom&view=json"


class Following:
    """Somebody's stream, WebSocket and waiting poll of the newsroom feed, at one server."""

    def __init__(self, server: Process, headers: dict[str, str]) -> None:
        self._server, self._headers = server, headers
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Following:
        try:
            await self._open()
        except BaseException:
            await self.__aexit__()  # what is open already would outlive the servers
            raise
        return self

    async def _open(self) -> None:
        address, stack = self._server.address, self._stack
        self._stream = await stack.enter_async_context(
            sse(address, f"/live/storm/stream?{NEWSROOM}", headers=self._headers)
        )
        self._socket = await stack.enter_async_context(
            websocket(address, f"/live/storm/ws?{NEWSROOM}", additional_headers=self._headers)
        )
        client = await stack.enter_async_context(self._server.client(timeout=70))
        path = f"/live/storm/changes?{NEWSROOM}"
        here = (await client.get(path, headers=self._headers)).json()["position"]
        self._poll = asyncio.create_task(client.get(f"{path}&after={here}&wait=50", headers=self._headers))
        stack.push_async_callback(cancelled, self._poll)  # before its client is closed
        await listening(self._server, 3)

    async def __aexit__(self, *raised: object) -> None:
        async with asyncio.timeout(SECONDS):
            await self._stack.aclose()

    async def ended(self) -> None:
        """All three end, and none of them may be opened again."""
        async with asyncio.timeout(SECONDS):
            while await self._stream.next() is not None:
                pass
            answer = await self._poll
        assert answer.status_code == 200
        assert answer.json()["changes"] == []
        with pytest.raises(ConnectionClosed):
            await self._socket.follow(lambda _: False, seconds=SECONDS)
        async with self._server.client() as client:
            again = await client.get(f"/live/storm/changes?{NEWSROOM}", headers=self._headers)
        assert again.status_code in (401, 403)


async def cancelled(task: asyncio.Task[httpx2.Response]) -> None:
    """End a request, and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])


async def listening(server: Process, count: int) -> None:
    """Wait until so many kinds of listeners follow the newsroom feed."""
    async with server.client() as client, asyncio.timeout(SECONDS):
        while (await client.get("/metrics")).text.count('feed="newsroom"') != count:
            await asyncio.sleep(0.02)


async def log_in(client: httpx2.AsyncClient, username: str) -> dict[str, str]:
    answer = await client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code in (200, 201), answer.text
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def add_user(admin: httpx2.AsyncClient, username: str) -> str:
    body = {"username": username, "name": username, "password": PASSWORD, "role": "editor"}
    answer = await admin.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_rights_end_in_every_process(tmp_path: Path, valkey_server: Valkey) -> None:
    shared: dict[str, Any] = {"redis_url": valkey_server.url, "data_dir": tmp_path / "data"}
    token = await new_token(**shared)
    async with (
        serving(tmp_path / "one", **shared) as one,
        serving(tmp_path / "two", module="tests.faults.signals_only", **shared) as two,
        one.client(token) as admin,
    ):
        made = await admin.post(
            "/api/v1/blogs", json={"slug": "storm", "headline": "Storm at the coast", "status": "live"}
        )
        assert made.status_code == 201, made.text

        user = await add_user(admin, "ada")
        async with one.client() as client:
            cookie = await log_in(client, "ada")
            async with Following(two, cookie) as following:
                assert (await client.delete("/api/v1/session", headers=cookie)).status_code == 204
                await following.ended()

            cookie = await log_in(client, "ada")
            async with Following(two, cookie) as following:
                body = {"role": "contributor"}
                assert (await admin.patch(f"/api/v1/users/{user}", json=body)).status_code == 200
                await following.ended()

            user = await add_user(admin, "bo")
            cookie = await log_in(client, "bo")
            async with Following(two, cookie) as following:
                answer = await admin.patch(f"/api/v1/users/{user}", json={"active": False})
                assert answer.status_code == 200
                await following.ended()

        made = await admin.post("/api/v1/tokens", json={"name": "wire", "role": "editor"})
        wire = {"Authorization": f"Bearer {made.json()['token']}"}
        async with Following(two, wire) as following:
            assert (await admin.delete(f"/api/v1/tokens/{made.json()['id']}")).status_code == 204
            await following.ended()

        other = {"Authorization": f"Bearer {await new_token('editor', name='desk', **shared)}"}
        async with Following(two, other) as following:
            ended = await run("token", "revoke", "desk", **shared)
            assert ended.code == 0, ended.err
            await following.ended()
