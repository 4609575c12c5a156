"""uvicorn as Stop Press runs it. The only file that uses its private parts; tests/contracts/test_uvicorn.py
says which.

The acceptor takes the place of uvicorn's own servers where the platform has epoll. On the first signal streams
are ended before uvicorn closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, cast

import uvicorn
from httptools import HttpParserUpgrade
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.delivery.connections import MAX_MESSAGE
from server.delivery.deadlines import KEEP_ALIVE_SECONDS, Deadlines, half_of_all_files
from server.delivery.kept_answer import AnswerKept
from server.delivery.listener_limits import StreamGate
from server.delivery.poller import AVAILABLE
from server.delivery.subscription import Subscription
from server.serving import stream_request
from server.serving.acceptor import BACKLOG, HEAD_TOO_LONG, HEADER_SECONDS, MAX_HEAD_BYTES, Acceptor
from server.serving.unread_responses import Answering, UnreadAnswers

SAME_ORDER_SECONDS = 0.5
TICK_SECONDS = 0.1
TICKS_A_DAY = 864_000
WRITE_BUFFER_BYTES = 32_768
"""What waits in a transport before the application waits too."""
TICKS_A_SECOND = round(1 / TICK_SECONDS)
READINESS_SHARE = 0.2
"""The part of the drain time for load balancers to notice that /readyz fails, before streams end."""


class Http(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with bounds on what a client sends before its request is complete.

    `first` is what the acceptor read. A later request on the same connection that asks for a stream goes back
    to the acceptor.
    """

    acceptor: Acceptor | None = None
    deadlines: Deadlines
    _first = b""
    _piece = b""
    _head_bytes = 0
    _head_complete = True
    _refused = False
    _answering: RequestResponseCycle | None = None

    @classmethod
    def with_first(cls, first: bytes, **parts: Any) -> Http:
        """A protocol that begins with what was read already."""
        protocol = cls(**parts)
        protocol._first = first
        return protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        if self._first:
            first, self._first = self._first, b""
            self.data_received(first)
        else:
            self.deadlines.add(self)

    def abort(self) -> None:
        """The time for the request head is up, or nobody reads the answer."""
        self.transport.abort()

    @property
    def unread(self) -> int:
        """See `Answering`."""
        return self.transport.get_write_buffer_size()

    @property
    def finished(self) -> bool:
        """See `Answering`."""
        return self._idles or self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self.acceptor is not None and self._is_next_request(data):
            if stream_request.is_stream(data):
                self._give_back(self.acceptor, data)
                return
            if self._answer_kept(self.acceptor, data):
                return
        self._piece = data
        super().data_received(data)
        self._piece = b""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._idles:
            self.deadlines.add(self)  # bytes that begin no request, such as an empty line
        if not self._head_complete:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse_long_head()

    @property
    def _idles(self) -> bool:
        """Whether no request runs."""
        return self.cycle is None or self.cycle.response_complete

    def _is_next_request(self, data: bytes) -> bool:
        """Whether everything before was answered and sent, and this is a reader's whole request."""
        return (
            self.cycle is not None and self._idles and self._head_complete and not self.pipeline
            and data.startswith((b"GET /live/", b"HEAD /live/")) and data.endswith(b"\r\n\r\n")
            and not self.transport.get_write_buffer_size() and not self.transport.is_closing()
        )

    def _answer_kept(self, acceptor: Acceptor, data: bytes) -> bool:
        host = self.client[0] if self.client else ""
        answer = acceptor.answer_kept(data, host, acceptor.date_lines()) if acceptor.answer_kept else None
        if answer is None:
            return False
        self._unset_keepalive_if_required()
        self.transport.write(answer.data)
        if answer.closes:
            self.transport.close()
        self.on_response_complete()
        return True

    def _give_back(self, acceptor: Acceptor, data: bytes) -> None:
        self._unset_keepalive_if_required()
        descriptor = os.dup(self.transport.get_extra_info("socket").fileno())
        peer = self.transport.get_extra_info("peername")
        self.transport.abort()  # closes its own descriptor; the connection lives on in ours
        acceptor.take_back(descriptor, peer, data)

    def _refuse_long_head(self) -> None:
        self._refused = True
        self.deadlines.add(self)
        self.transport.write(HEAD_TOO_LONG)
        self.transport.write_eof()  # closing now, with something unread, would drop the answer

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes, self._head_complete = 0, False
        self.deadlines.add(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        # httptools reports trailers as headers: they come after the request was authenticated
        if not self._head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_complete = True
        self.deadlines.remove(self)
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadlines.remove(self)
        if self._answering is not None and not self._answering.response_complete:
            # uvicorn tells only the newest request; one that others were sent behind would write on, and fail
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        if self.scope["http_version"] != "1.1":  # RFC 6455 §4.2.1: at least 1.1
            self.send_400_response("A WebSocket begins with HTTP/1.1.")
            return
        if any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
            self.send_400_response("A WebSocket handshake has no body.")  # uvicorn would not answer at all
            return
        # uvicorn calls this while it handles HttpParserUpgrade, which says where in the piece the request ends;
        # what follows belongs to the WebSocket, and uvicorn drops it
        error = sys.exc_info()[1]
        rest = self._piece[error.args[0] :] if isinstance(error, HttpParserUpgrade) else b""
        super().handle_websocket_upgrade()
        if rest and not self.transport.is_closing():
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(rest)


class WebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol for the portable path, with the handshake of the acceptor."""

    compress = True
    _early = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.available_extensions = [stream_request.deflate_factory()] if self.compress else []

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self.handshake_complete:
            # a client that does not wait for the answer: its pong must not come before the answer
            self._early += data
            self.transport.pause_reading()
            return
        super().data_received(data)

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True  # refused in good order: uvicorn would log an error
        if self._early and self.handshake_complete and not self.transport.is_closing():
            data, self._early = self._early, b""
            self.transport.resume_reading()
            self.data_received(data)

    def handle_connect(self, event: Request) -> None:
        if event.headers.get_all("Sec-WebSocket-Version") not in ([], ["13"]):
            self._refuse_version()
            return
        super().handle_connect(event)

    def _refuse_version(self) -> None:
        """RFC 6455 §4.4; the library says 400."""
        response = self.conn.reject(426, "This server speaks version 13 of the WebSocket protocol.\n")
        response.headers["Upgrade"] = "websocket"
        response.headers["Sec-WebSocket-Version"] = "13"
        self.conn.send_response(response)
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()


def make_config(
    app: Any, *, compress: bool = True, request_seconds: float = 30.0, header_seconds: float = HEADER_SECONDS
) -> uvicorn.Config:
    """uvicorn's configuration. Proxy headers, access log and limits are off here because the application
    handles them."""

    class OwnHttp(Http):
        deadlines = Deadlines(header_seconds, most=half_of_all_files())

    class OwnWebSocket(WebSocket):
        pass

    OwnWebSocket.compress = compress
    return uvicorn.Config(
        app,
        http=OwnHttp,
        ws=OwnWebSocket,
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
        ws_per_message_deflate=False,  # WebSocket negotiates its own, which can be shared
    )


class Server(uvicorn.Server):
    """Ends in order: on the first signal `/readyz` fails, streams are ended in jittered batches, and only
    then does uvicorn close. A second signal ends at once, unless it comes so soon that it must be the same
    order: a service manager signals every process of a service, and the parent of the workers signals them too.

    Args:
        path: how streams are served: by the acceptor with the fast path, by the acceptor without it
            (`parsed`), or by the application (`portable`). On the fast path kept responses are sent, too.
        authorise, answer_kept, security_headers: see Acceptor.
        drain_seconds: for the end of all streams together.
        header_seconds: for a request head to arrive.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        gate: StreamGate,
        *,
        path: str,
        authorise: Callable[[Scope], Awaitable[Subscription]],
        answer_kept: AnswerKept,
        security_headers: Callable[[str], dict[str, str]],
        drain_seconds: float,
        header_seconds: float = HEADER_SECONDS,
    ) -> None:
        super().__init__(config)
        self.acceptor: Acceptor | None = None
        self._gate = gate
        self._path = path if AVAILABLE else "portable"
        self._authorise, self._security_headers = authorise, security_headers
        self._answer_kept = answer_kept if path == "fast" else None
        self._drain_seconds, self._header_seconds = drain_seconds, header_seconds
        self._signals = 0
        self._signalled_at = 0.0
        self._signal: int | None = None
        self._drain: asyncio.Task[None] | None = None
        self._tick = asyncio.Event()
        self._unread = UnreadAnswers()
        self._date: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._path == "portable" or sockets is None:
            await super().startup(sockets)
            return
        await super().startup([])
        self.acceptor = Acceptor(
            self._gate, authorise=self._authorise, hand_over=self._serve_http, date_lines=self._date_lines,
            security_headers=self._security_headers, answer_kept=self._answer_kept,
            header_seconds=self._header_seconds,
        )
        cast(type[Http], self.config.http_protocol_class).acceptor = self.acceptor
        for listening in sockets:
            self.acceptor.listen(listening)
        self.servers = [cast(Any, self.acceptor)]

    async def _serve_http(self, accepted: socket.socket, first: bytes) -> None:
        http = cast(type[Http], self.config.http_protocol_class)

        def make() -> Http:
            return http.with_first(
                first, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        await asyncio.get_running_loop().connect_accepted_socket(make, accepted)

    def _date_lines(self) -> bytes:
        """The headers that uvicorn adds to every response. It makes the list anew each second."""
        headers = self.server_state.default_headers
        made_of, lines = self._date
        if made_of is not headers:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self._date = (headers, lines)
        return lines

    # ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._signals and now - self._signalled_at < SAME_ORDER_SECONDS:
            return
        self._signals, self._signalled_at = self._signals + 1, now
        self._signal = sig
        self._gate.hub.draining = True
        if self._signals > 1 or self._drain_seconds <= 0:
            super().handle_exit(sig, frame)
            self.force_exit = self._signals > 1

    async def main_loop(self) -> None:
        """As uvicorn's, and the next tick comes at once when there is something to do. A signal handler cannot
        wake the loop; it is seen within a tick."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % TICKS_A_DAY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._tick.wait(), TICK_SECONDS)
            self._tick.clear()

    async def on_tick(self, counter: int) -> bool:
        if self._signals and self._drain is None:
            self._drain = asyncio.create_task(self._end_streams(), name="drain")
        if counter % TICKS_A_SECOND == 0:
            answering: list[Answering] = [c for c in self.server_state.connections if isinstance(c, Http)]
            answering += self.acceptor.sending if self.acceptor is not None else ()
            self._unread.sweep(answering, time.monotonic())
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
                # uvicorn raises it again after the end, for whatever waits for this process
                super().handle_exit(self._signal, None)
            self._tick.set()

    def stop(self) -> None:
        """End as on SIGTERM, for a program that runs the server inside itself."""
        self._signals += 1
        self._gate.hub.draining = True
        self._tick.set()

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
