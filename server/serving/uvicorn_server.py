"""uvicorn as Stop Press runs it: connections can be handed over, and streams end before the server does."""

from __future__ import annotations

import asyncio
import socket
import time
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from server.delivery.connections import MAX_MESSAGE
from server.delivery.limits import StreamGate
from server.serving.acceptor import Door
from server.serving.handover import HandoverHttp, HandoverWebSocket
from server.serving.header_timeout import HEADER_SECONDS, Patience, half_of_all_files

KEEP_ALIVE_SECONDS = 5
BACKLOG = 4096
SEND_BUFFER = 262_144
"""Bytes that the kernel keeps for one connection. Left to itself it lets a listener that reads nothing grow to
several megabytes."""
SAME_ORDER_SECONDS = 0.5
READINESS_SHARE = 0.2
"""The part of the drain time for load balancers to notice that /readyz fails, before streams end."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket of its own, which other processes may share the port with (SO_REUSEPORT). What is set
    here holds for every connection that it accepts: dead peers are found by TCP itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    for name, value in (
        ("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 60_000)
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    sock.bind((host, port))
    sock.set_inheritable(True)
    return sock


def make_config(
    app: Starlette,
    *,
    compress: bool = True,
    request_seconds: float = 30.0,
    header_seconds: float = HEADER_SECONDS,
) -> uvicorn.Config:
    """The server's settings. Proxy headers, access log and limits are the application's own."""

    class Http(HandoverHttp):
        patience = Patience(header_seconds, most=half_of_all_files())

    class Entrance(Door):
        gate = app.state.gate if app.state.gate.handover else None
        patience = Http.patience
        protocol = Http

    class WebSocket(HandoverWebSocket):
        pass

    WebSocket.compress = compress
    return uvicorn.Config(
        app,
        http=Entrance,
        ws=WebSocket,
        loop="uvloop" if _has_uvloop() else "asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(request_seconds)),
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,  # HandoverWebSocket negotiates its own, which can be shared
    )


class Server(uvicorn.Server):
    """Ends in order: on the first signal `/readyz` fails, streams are ended in jittered batches, and only
    then does uvicorn close. A second signal ends at once, unless it comes so soon that it must be the same
    order: a service manager tells every process of a service, and the parent of the workers tells them too.

    Args:
        drain_seconds: for all of that together.
    """

    def __init__(self, config: uvicorn.Config, gate: StreamGate, *, drain_seconds: float) -> None:
        super().__init__(config)
        self._gate = gate
        self._drain_seconds = drain_seconds
        self._signals = 0
        self._told = 0.0
        self._signal: int | None = None
        self._drain: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._signals and now - self._told < SAME_ORDER_SECONDS:
            return
        self._signals, self._told = self._signals + 1, now
        self._signal = sig
        self._gate.hub.draining = True
        if self._signals > 1 or self._drain_seconds <= 0:
            super().handle_exit(sig, frame)
            self.force_exit = self._signals > 1

    async def on_tick(self, counter: int) -> bool:
        if self._signals and self._drain is None:
            self._drain = asyncio.create_task(self._end_streams(), name="drain")
        return await super().on_tick(counter)

    async def _end_streams(self) -> None:
        try:
            if self._gate.count:
                await asyncio.sleep(self._drain_seconds * READINESS_SHARE)
            seconds = self._drain_seconds * (1 - READINESS_SHARE)
            await self._gate.hub.drain(seconds, self._gate.retry_ms)
        finally:
            if self._signal is None:
                self.should_exit = True
            elif not self.should_exit:  # told twice of a SIGINT, uvicorn would end at once
                # uvicorn raises it again after the end, for whoever waits for this process
                super().handle_exit(self._signal, None)

    def stop(self) -> None:
        """End as on SIGTERM, for whoever runs the server inside another program."""
        self._signals += 1
        self._gate.hub.draining = True

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the server listens on, once it does."""
        name: Any = self.servers[0].sockets[0].getsockname()
        return str(name[0]), int(name[1])


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
