"""Requests that were sent without waiting for the answer to the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from server.web.ops import health
from tests.support.app import running
from tests.support.listeners import until

pytestmark = pytest.mark.anyio

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_a_request_hears_that_its_client_has_gone_though_others_wait_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wrote into the closed connection instead: an error in the log for each client that did not wait."""
    begun, gone = asyncio.Event(), asyncio.Event()
    heard: list[bool] = []

    async def waits(request: Request) -> Response:
        begun.set()
        await gone.wait()
        heard.append(await request.is_disconnected())
        return Response("late")

    monkeypatch.setattr(health, "alive", waits)
    async with running(tmp_path) as server:
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(REQUEST * 3)
        await begun.wait()
        writer.transport.abort()
        connections = server.server.server_state.connections
        await until(lambda: not connections)
        gone.set()
        await until(lambda: bool(heard))
    assert heard == [True]
