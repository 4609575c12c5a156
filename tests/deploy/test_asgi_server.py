"""The portable path: another ASGI server, started as docs/deployment.md says, brings an update to every
transport."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.deploy.documented import block
from tests.support.listeners import sse, websocket
from tests.support.ports import free_port
from tests.support.process import ROOT, new_token
from tests.support.program import program

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DEADLINE = 20.0


@contextlib.asynccontextmanager
async def hypercorn(data: Path, folder: Path) -> AsyncIterator[int]:
    """The documented command, with a folder and a port of the test's own; its port."""
    port = free_port()
    words = shlex.split(block("Another ASGI server", "sh"))
    settings = dict(word.split("=", 1) for word in words if word.startswith("STOPPRESS_"))
    assert settings.keys() == {"STOPPRESS_DATA_DIR"}
    command = [word.replace(":8000", f":{port}") for word in words[len(settings):]]
    assert command[0] == "hypercorn"
    command[0] = str(Path(sys.executable).parent / "hypercorn")
    variables = {"STOPPRESS_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
    async with program(folder, *command, port=port, variables=variables):
        yield port


async def test_another_asgi_server_brings_an_update_over_every_transport(tmp_path: Path) -> None:
    data, own = tmp_path / "data", tmp_path / "hypercorn"
    own.mkdir()
    token = await new_token(data_dir=data)
    async with hypercorn(data, own) as port:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{port}"
        async with (
            httpx2.AsyncClient(base_url=url, headers=headers, timeout=DEADLINE) as editor,
            httpx2.AsyncClient(base_url=url, timeout=DEADLINE) as reader,
        ):
            blog = {"slug": "storm", "headline": "Storm", "status": "live"}
            assert (await editor.post("/api/v1/blogs", json=blog)).status_code == 201
            begin = (await reader.get("/live/storm/changes")).json()["position"]
            address = ("127.0.0.1", port)
            async with (
                sse(address, "/live/storm/stream") as plain,
                sse(address, f"/live/storm/stream?after={begin}", gzip=True) as packed,
                websocket(address, "/live/storm/ws") as socket,
            ):
                await plain.next()  # the first heartbeat: it follows
                query = {"after": begin, "wait": "30"}
                waiting = asyncio.create_task(reader.get("/live/storm/changes", params=query))
                answer = await editor.post("/api/v1/blogs/storm/entries", json={"body": "The harbour is open"})
                assert answer.status_code == 201
                made = answer.json()
                for listener in (plain, packed, socket):
                    state = await listener.follow(lambda state: bool(state.log))
                    assert list(state.things) == [made["id"]]
                    assert state.position == made["position"]
                body = (await waiting).json()
                assert [change["id"] for change in body["changes"]] == [made["id"]]
                assert body["position"] == made["position"]
            assert "The harbour is open" in (await reader.get("/live/storm")).text
