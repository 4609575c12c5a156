"""One order to end, however often it is told; and a second one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from server.app import make_server
from server.serving import uvicorn_server
from server.settings import Settings
from tests.support.app import running

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic


async def test_the_same_order_told_twice_drains_and_a_second_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the real one is told by sse-starlette to end the streams of the whole process
    monkeypatch.setattr(uvicorn.Server, "handle_exit", lambda self, *_: setattr(self, "should_exit", True))
    now = 1000.0
    async with running(tmp_path) as found:
        server = make_server(found.app, Settings(data_dir=tmp_path, drain_seconds=10.0))
        monkeypatch.setattr(uvicorn_server, "time", Clock(lambda: now))
        server.handle_exit(signal.SIGTERM, None)  # from the service manager
        now += 0.1
        server.handle_exit(signal.SIGTERM, None)  # from the parent
        assert not server.should_exit
        assert found.gate.hub.draining
        now += 2.0
        server.handle_exit(signal.SIGTERM, None)  # from somebody who does not want to wait
        assert server.should_exit
        assert server.force_exit
        found.gate.hub.draining = False
