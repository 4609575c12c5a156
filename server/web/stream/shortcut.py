"""A usual stream request, recognised before the ASGI stack is built for it.

Most listeners of a breaking story ask for the same thing: the public feed of a blog that is warm here, from a
position that memory holds. Such a request is answered in place. Everything else (the newsroom feed, a cold
blog, an old position, anything odd) goes the long way, which gives the same answer; the same tests run over
both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from server.domain.errors import Invalid
from server.domain.position import Position
from server.hub.feed import Feed
from server.web.stream.gate import StreamGate
from server.web.stream.wire import View

_PATH = re.compile(rb"/live/([a-z0-9-]{1,100})/(stream|ws)(?:\?([\x21-\x7e]{0,200}))?", re.ASCII)
_PARAMETER = re.compile(rb"(after|view)=([a-z0-9.]{1,40})", re.ASCII)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SUBPROTOCOL = b"stoppress.v1"


@dataclass(frozen=True, slots=True)
class Usual:
    """What a recognised request asks for. `seq` is where to seat it; `at` is told to who came without a
    position. `reply` (WebSocket) holds the lines of the handshake that depend on the request."""

    feed: Feed
    seq: int
    at: str | None
    view: View
    compressed: bool
    forwarded: bytes | None
    reply: bytes = b""


def recognise(gate: StreamGate, url: bytes, headers: list[tuple[bytes, bytes]]) -> Usual | None:
    """The request, if it is a usual one that can be answered at once."""
    path = _PATH.fullmatch(url)
    if path is None:
        return None
    key = gate.public.get(path[1].decode())
    feed = gate.hub.feeds.get(key) if key is not None else None
    if feed is None or gate.hub.draining:
        return None
    view: View = "html"
    after = b""
    for parameter in path[3].split(b"&") if path[3] else ():
        match = _PARAMETER.fullmatch(parameter)
        if match is None:
            return None
        if match[1] == b"after":
            after = match[2]
        elif match[2] == b"json":
            view = "json"
        elif match[2] != b"html":
            return None
    kind: Literal["stream", "ws"] = "stream" if path[2] == b"stream" else "ws"
    return _with_headers(gate, feed, kind, view, after, headers)


def _with_headers(
    gate: StreamGate,
    feed: Feed,
    kind: Literal["stream", "ws"],
    view: View,
    after: bytes,
    headers: list[tuple[bytes, bytes]],
) -> Usual | None:
    found = dict(headers)
    if len(found) != len(headers) and kind == "ws":
        return None  # a header that comes twice: let the library judge it
    compressed = False
    reply = b""
    if kind == "stream":
        if b"upgrade" in found:
            return None
        after = found.get(b"last-event-id") or after
        compressed = gate.compress and b"gzip" in found.get(b"accept-encoding", b"")
    elif found.get(b"upgrade", b"").lower() != b"websocket":
        return None
    else:
        shaken = handshake(found, compress=gate.compress)
        if shaken is None:
            return None
        reply, compressed = shaken
    seq, at = feed.delivered, None
    if after:
        try:
            position = Position.parse(after.decode("ascii"))
        except (Invalid, UnicodeDecodeError):
            return None
        if position.epoch != feed.epoch:
            return None
        seq = position.seq
    elif feed.delivered != feed.head:
        return None
    else:
        at = f"{feed.epoch}.{seq}"
    if not feed.ring.floor <= seq <= feed.delivered:
        return None
    return Usual(feed, seq, at, view, compressed, found.get(b"x-forwarded-for"), reply)


def handshake(headers: dict[bytes, bytes], *, compress: bool) -> tuple[bytes, bool] | None:
    """The lines that accept a plain WebSocket handshake (RFC 6455 §4.2.2) and whether messages are compressed
    (RFC 7692 §7.1), or None for one that the library should judge."""
    key = headers.get(b"sec-websocket-key", b"")
    if b"upgrade" not in headers.get(b"connection", b"").lower():
        return None
    try:
        if len(base64.b64decode(key, validate=True)) != 16:
            return None
    except (binascii.Error, ValueError):
        return None
    if headers.get(b"sec-websocket-version") != b"13":
        return None
    offered = headers.get(b"sec-websocket-protocol")
    if offered is not None and SUBPROTOCOL not in [p.strip() for p in offered.split(b",")]:
        return None
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    lines = b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: %b\r\n" % accept
    if offered is not None:
        lines += b"sec-websocket-protocol: %b\r\n" % SUBPROTOCOL
    extensions = headers.get(b"sec-websocket-extensions", b"")
    deflate = compress and extensions.strip() in (
        b"permessage-deflate", b"permessage-deflate; client_max_window_bits"
    )
    if extensions and not deflate and compress:
        return None
    if deflate:
        lines += (
            b"sec-websocket-extensions: permessage-deflate; "
            b"server_no_context_takeover; client_no_context_takeover\r\n"
        )
    return lines, deflate
