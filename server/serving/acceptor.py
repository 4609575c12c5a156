"""Owns the listening sockets and reads the first bytes of every connection.

Serves every stream request of HTTP/1.1: the usual ones by pattern (fast_path.py), the others parsed
(stream_request.py). A request whose response is kept is answered at once. Any other, and a stream request that
is refused, goes to the HTTP server whole. A request head that is too long is answered with 431, one that does
not arrive in time is cut off.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import structlog
from starlette.types import Scope

from server.delivery.connections import Connection, WebSocketConnection
from server.delivery.deadlines import KEEP_ALIVE_SECONDS, Deadlines, half_of_all_files, last_file_of_connections
from server.delivery.framing import Wire
from server.delivery.join_feed import join
from server.delivery.kept_answer import AnswerKept
from server.delivery.listener_limits import StreamGate
from server.delivery.poller import Poller, read_available
from server.delivery.subscription import Subscription
from server.serving import stream_request
from server.serving.fast_path import StreamRequest, recognise
from server.serving.stream_head import StreamHeads
from server.serving.stream_request import Parsed

log = structlog.get_logger()

HEADER_SECONDS = 15.0
"""How long a client may take from its connection to the end of its request head."""
HEAD_BYTES = 8192
"""Read at once: hardly any request head is longer."""
MAX_HEAD_BYTES = 65_536
"""Bytes of a request line and its headers."""
ACCEPT_GROUP = 200
"""Connections accepted before other work of the process gets its turn."""
PAUSE_SECONDS = 0.5
"""Before accepting again when the process is out of files."""
BACKLOG = 4096

Authorise: TypeAlias = Callable[[Scope], Awaitable[Subscription]]
"""What a stream request may follow. Raises StopPressError when it is refused."""
HandOver: TypeAlias = Callable[[socket.socket, bytes], Awaitable[None]]
"""Gives a connection with its first bytes to the HTTP server."""


HEAD_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class Acceptor:
    """Takes the place of uvicorn's servers; see uvicorn_server.py.

    Args:
        authorise: resolves a parsed request, as the portable path does.
        hand_over: takes what is not a stream.
        date_lines, security_headers: see StreamHeads.
        answer_kept: None where requests are not recognised by pattern: neither these nor those for streams.
        header_seconds: see HEADER_SECONDS.
    """

    def __init__(
        self,
        gate: StreamGate,
        *,
        authorise: Authorise,
        hand_over: HandOver,
        date_lines: Callable[[], bytes],
        security_headers: Callable[[str], dict[str, str]],
        answer_kept: AnswerKept | None,
        header_seconds: float = HEADER_SECONDS,
    ) -> None:
        self.gate, self.authorise, self.answer_kept = gate, authorise, answer_kept
        self.date_lines = date_lines
        self._heads = StreamHeads(gate, date_lines=date_lines, security_headers=security_headers)
        self._hand_over = hand_over
        self._loop = asyncio.get_running_loop()
        self.poller = Poller(self._loop)
        self.headers = Deadlines(header_seconds, most=half_of_all_files())
        self.idle = Deadlines(KEEP_ALIVE_SECONDS, most=half_of_all_files())
        self.sending: set[Request] = set()
        """Those whose response the kernel did not take whole."""
        self._last_file = last_file_of_connections()
        self.sockets: list[socket.socket] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def listen(self, listening: socket.socket) -> None:
        """Accept the connections of a bound socket."""
        listening.setblocking(False)
        listening.listen(BACKLOG)
        self.sockets.append(listening)
        self._loop.add_reader(listening.fileno(), self._accept, listening)

    def take_back(self, descriptor: int, peer: Any, data: bytes) -> None:
        """A later request of a kept connection asks for a stream: serve it as if it were the first."""
        request = Request(self, descriptor, peer)
        self.poller.add(descriptor, request)
        request.receive(data)

    # asyncio.Server, as uvicorn uses it

    def close(self) -> None:
        """Accept nothing more; drop what has not asked for anything yet."""
        for listening in self.sockets:
            self._loop.remove_reader(listening.fileno())
        self.sockets = []
        for watched in self.poller.watched():
            if isinstance(watched, Request):
                watched.finish()

    async def wait_closed(self) -> None:
        """Wait until the requests that are being answered are, and the last bytes of streams are sent."""
        while self.tasks:
            await asyncio.wait(self.tasks)
        deadline = self._loop.time() + 1.0
        while (len(self.gate.closing) or self.sending) and self._loop.time() < deadline:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.02)

    # accepting

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPT_GROUP):
            try:
                descriptor, peer = listening._accept()  # type: ignore[attr-defined]  # no object for each
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    raise
                self._pause(listening, error.strerror or "")
                return
            os.set_blocking(descriptor, False)
            if self.headers.full:
                self.poller.dispatch()  # who has sent its head meanwhile must not make room for the newest
            request = Request(self, descriptor, peer)
            self.poller.add(descriptor, request)
            self.headers.add(request)
            if descriptor >= self._last_file:
                self._pause(listening, "The last files are kept for posts")
                return

    def _pause(self, listening: socket.socket, reason: str) -> None:
        """Out of files: the socket stays readable, so that accepting again at once would hold the loop."""
        log.error("accept.failed", reason=reason, open_connections=len(self.poller))
        self._loop.remove_reader(listening.fileno())
        self._loop.call_later(PAUSE_SECONDS, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening in self.sockets:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    # serving

    def serve_at_once(self, request: Request, wanted: StreamRequest) -> bool:
        """Answer a recognised request. False when it is refused: the HTTP server answers it."""
        gate, feed = self.gate, wanted.feed
        address = gate.address_of(request.host, wanted.forwarded_for)
        if not gate.has_room(address):
            return False
        gate.admit(address)
        scheme = request.scheme(wanted.forwarded_proto)
        wire, opening = self._heads.opening(scheme, wanted)
        connection = self._connection(request, wire, address, compressed=wanted.compressed)
        connection.write(opening)
        connection.follow(feed, wanted.seq, seconds=None)
        gate.hub.stats.resumes["memory" if wanted.resumes else "head"] += 1
        return True

    def serve_kept(self, request: Request, data: bytes) -> bool:
        """Answer a request whose response is kept. False for any other."""
        assert self.answer_kept is not None
        answer = self.answer_kept(data, request.host, self.date_lines())
        if answer is None:
            return False
        if answer.closes:
            self.end(request, answer.data)
        else:
            request.send(answer.data)
        return True

    async def serve(self, request: Request, parsed: Parsed) -> None:
        """Answer a parsed request: look up what it may follow, and bring it level with that."""
        scope = parsed.scope
        address = self.gate.address_of(request.host, parsed.header(b"x-forwarded-for"))
        try:
            wanted = await self.authorise(scope)
        except Exception:  # whatever it is, the HTTP server answers it, and logs it where it is a defect
            await request.hand_over()
            return
        if not self.gate.has_room(address):
            await request.hand_over()
            return
        self.gate.admit(address)
        wire, head = self._heads.head(scope["scheme"], wanted.view, parsed.compressed, parsed.handshake)
        connection = self._connection(request, wire, address, compressed=parsed.deflated)
        connection.write(head)
        if parsed.rest:
            connection.receive(parsed.rest)
        await join(connection, wire, self.gate, wanted)

    def end(self, request: Request, response: bytes) -> None:
        """Send a last response, and close, in an order in which it arrives: the peer's bytes are discarded."""
        self._connection(request, Wire("html", "sse"), "", compressed=False).end(response)

    def _connection(self, request: Request, wire: Wire, address: str, *, compressed: bool) -> Connection:
        watch = self.poller.replace if request.watched else self.poller.add
        descriptor = request.release()
        connection = (
            WebSocketConnection(wire, self.gate, self.poller, descriptor, address, compressed=compressed)
            if wire.transport == "ws" else Connection(wire, self.gate, self.poller, descriptor, address)
        )
        watch(descriptor, connection)
        return connection

    def start(self, work: Any) -> None:
        """Run something for one connection."""
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def give(self, descriptor: int, family: int, data: bytes) -> None:
        """Give a connection to the HTTP server."""
        accepted = socket.socket(family, socket.SOCK_STREAM, 0, fileno=descriptor)
        try:
            await self._hand_over(accepted, data)
        except OSError:  # the peer is gone
            accepted.close()
        except BaseException:  # cancelled, or a defect: nobody else knows of this socket
            accepted.close()
            raise


class Request:
    """A connection whose request head is being read, or the next one waited for. `Watched` by the poller, and
    `Answering` while a response is on its way."""

    __slots__ = ("_acceptor", "_data", "_ends", "_family", "_unsent", "descriptor", "host", "watched")
    finished = True

    def __init__(self, acceptor: Acceptor, descriptor: int, peer: Any) -> None:
        self._acceptor, self.descriptor = acceptor, descriptor
        self.host: str = peer[0] if isinstance(peer, tuple) else ""
        self._family = socket.AF_INET6 if isinstance(peer, tuple) and len(peer) == 4 else socket.AF_INET
        self._data = b""
        self._unsent = memoryview(b"")
        self._ends = False
        self.watched = True

    @property
    def unread(self) -> int:
        """See `Answering`."""
        return len(self._unsent)

    def scheme(self, forwarded: bytes | None) -> str:
        """The scheme as the client sees it; a trusted proxy's word is taken for it."""
        if forwarded in (b"https", b"wss") and self._acceptor.gate.trusts(self.host):
            return "https"
        return "http"

    def readable(self) -> None:
        if self._unsent:  # nothing to read was asked for: the peer is gone
            self.abort()
            return
        data = read_available(self.descriptor, HEAD_BYTES)
        if data:
            self.receive(data)
        elif data is not None:
            self.abort()

    def writable(self) -> None:
        if self._unsent:
            self._send(self._unsent)

    def send(self, response: bytes) -> None:
        """Send a response, and wait for the next request. What comes before it is sent waits in the kernel."""
        self._acceptor.headers.remove(self)
        self._send(response)

    def _send(self, data: bytes | memoryview) -> None:
        acceptor = self._acceptor
        try:
            sent = os.write(self.descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return
        if sent < len(data):
            self._unsent = memoryview(data)[sent:]  # no copy: the kept response is everybody's
            acceptor.idle.remove(self)
            acceptor.sending.add(self)
            acceptor.poller.watch(self.descriptor, reading=False, writing=True)
            return
        if self._unsent:
            self._unsent = memoryview(b"")
            acceptor.sending.discard(self)
            acceptor.poller.watch(self.descriptor, reading=True, writing=False)
        if self._ends:
            self.abort()
        else:
            acceptor.idle.restart(self)

    def receive(self, data: bytes) -> None:
        acceptor = self._acceptor
        if not self._data:
            if acceptor.answer_kept is not None:
                wanted = recognise(acceptor.gate, data)
                if acceptor.serve_at_once(self, wanted) if wanted else acceptor.serve_kept(self, data):
                    return
            data = data.lstrip(b"\r\n")  # RFC 9112 §2.2
            acceptor.idle.remove(self)
            acceptor.headers.add(self)
        self._data += data
        if stream_request.is_whole(self._data):
            self._answer()
        elif len(self._data) > MAX_HEAD_BYTES:
            self._acceptor.end(self, HEAD_TOO_LONG)
        elif self._data and not stream_request.looks_like_http(self._data):
            self._pause()
            acceptor.start(self.hand_over())  # it knows how to refuse it

    def _answer(self) -> None:
        """The head is whole."""
        end = self._data.find(b"\r\n\r\n")
        if end > MAX_HEAD_BYTES:
            self._acceptor.end(self, HEAD_TOO_LONG)
            return
        parsed = stream_request.parse(self._data, self._acceptor.gate, self.host)
        self._pause()
        self._acceptor.start(self.hand_over() if parsed is None else self._acceptor.serve(self, parsed))

    def _pause(self) -> None:
        """Read nothing more for now: what follows waits in the kernel."""
        self._acceptor.headers.remove(self)
        self._acceptor.poller.remove(self.descriptor)
        self.watched = False

    def release(self) -> int:
        """Give the descriptor away."""
        self._acceptor.headers.remove(self)
        self._acceptor.idle.remove(self)
        self._acceptor.sending.discard(self)
        descriptor, self.descriptor = self.descriptor, -1
        return descriptor

    async def hand_over(self) -> None:
        """Give the connection to the HTTP server, with what was read. Only when it is paused."""
        await self._acceptor.give(self.release(), self._family, self._data)

    def finish(self) -> None:
        """Close, once a response that is on its way is sent."""
        self._ends = True
        if not self._unsent:
            self.abort()

    def abort(self) -> None:
        """Close now. Only while it is watched."""
        descriptor = self.release()
        self._acceptor.poller.remove(descriptor)
        os.close(descriptor)
