"""A stream request, parsed: what the pattern of fast_path.py does not match. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server.delivery.encoding import takes_gzip
from server.delivery.framing import LEVEL
from server.delivery.listener_limits import StreamGate
from server.delivery.sse_headers import SUBPROTOCOL

_LINE = re.compile(rb"GET [^ \r\n]+ HTTP/1\.1\r\n")
_STREAM = re.compile(rb"GET /live/[a-z0-9-]{1,100}/(?:stream|ws)(?:\?[^ \r\n]*)? HTTP/1\.1\r\n")
_PATH = re.compile(r"/live/([a-z0-9-]{1,100})/(stream|ws)")
_NOT_HERE = frozenset((b"expect", b"transfer-encoding"))


class Parsed(NamedTuple):
    """A stream request as an ASGI scope. `compressed`: whether what is sent may be compressed. For a WebSocket:
    the lines that accept it, whether it `deflated` is in use, and the `rest`, which belongs to it already."""

    scope: Scope
    compressed: bool
    handshake: bytes | None = None
    deflated: bool = False
    rest: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """The value of a header, several joined as one list (RFC 9110 §5.3)."""
        found = [value for key, value in self.scope["headers"] if key == name]
        return b", ".join(found) if found else None


def is_whole(data: bytes) -> bool:
    """Whether the request head ends in here. Line feeds alone are for the HTTP server to judge."""
    return b"\r\n\r\n" in data or b"\n\n" in data or b"\n\r\n" in data


def looks_like_http(data: bytes) -> bool:
    """Whether this may become a request: it begins with a method."""
    return b"A" <= data[:1] <= b"Z"


def is_stream(data: bytes) -> bool:
    """Whether a request that arrived whole asks for a stream, as far as its first line tells."""
    return _STREAM.match(data) is not None


def deflate_factory() -> ServerPerMessageDeflateFactory:
    """Compression that can be shared: no context is kept, in either direction (RFC 7692 §7.1.1)."""
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        compress_settings={"level": LEVEL, "memLevel": 5},
    )


def parse(data: bytes, gate: StreamGate, host: str) -> Parsed | None:
    """The stream request at the start of `data`; None for any other, and for what is not in order: the HTTP
    server answers that."""
    line = _LINE.match(data)
    if line is None or not any(mark in line[0] for mark in (b"/stream", b"/ws", b"%")):
        return None
    head = _Head()
    offset = head.feed(data)
    if offset is None or not head.is_plain():
        return None
    url = httptools.parse_url(head.url)
    path = _PATH.fullmatch(unquote(url.path.decode("latin-1")))
    if path is None or (path[2] == "ws") is not head.upgrades:
        return None
    scope = _scope(head, path, url.path, url.query or b"", host)
    if path[2] == "ws":
        return _websocket(scope, head, gate, data[offset:])
    accepted = [v.decode("latin-1") for k, v in head.headers if k == b"accept-encoding"]
    return Parsed(scope, gate.compress and takes_gzip(*accepted))


class _Head:
    """What httptools calls."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.upgrades = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> int | None:
        """Parse the first request. Returns where it ends; None when it cannot be parsed."""
        end = data.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else len(data)
        parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(data[:end])
        except httptools.HttpParserUpgrade:
            self.upgrades = self.complete = True
        except httptools.HttpParserError:
            return None
        return end if self.complete else None

    def is_plain(self) -> bool:
        """Whether there is one host, and nothing that announces a body."""
        names = [name for name, _ in self.headers]
        lengths = [value for name, value in self.headers if name == b"content-length"]
        return names.count(b"host") == 1 and _NOT_HERE.isdisjoint(names) and lengths in ([], [b"0"])


def _scope(head: _Head, path: re.Match[str], raw_path: bytes, query: bytes, host: str) -> Scope:
    websocket = path[2] == "ws"
    return {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "ws" if websocket else "http",
        "path": path[0],
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": head.headers,
        "client": (host, 0) if host else None,
        "server": None,
        "path_params": {"slug": path[1]},
        "state": {},
    }


def _websocket(scope: Scope, head: _Head, gate: StreamGate, rest: bytes) -> Parsed | None:
    protocol = ServerProtocol(
        extensions=[deflate_factory()] if gate.compress else [], select_subprotocol=_select_subprotocol
    )
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers])
    response = protocol.accept(Request(head.url.decode("latin-1"), headers))
    if response.status_code != 101:
        return None
    lines = b"".join(
        f"{name}: {value}\r\n".encode("latin-1")
        for name, value in response.headers.raw_items() if name.lower() != "date"
    )
    return Parsed(scope, _can_share(protocol.extensions), lines, bool(protocol.extensions), rest)


def _select_subprotocol(_protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Ours if it is offered, none if none is. Raises NegotiationError for a client that offers only others."""
    if offered and SUBPROTOCOL not in offered:
        raise NegotiationError("offer the subprotocol " + SUBPROTOCOL)
    return Subprotocol(SUBPROTOCOL) if offered else None


def _can_share(extensions: Any) -> bool:
    """Whether frames that were compressed for everybody suit this client: it takes the largest window."""
    return any(isinstance(x, PerMessageDeflate) and x.local_max_window_bits == 15 for x in extensions)
