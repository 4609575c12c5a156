"""A usual stream request, recognised before the ASGI stack is built for it.

Most listeners of a breaking story ask for the same thing: the public feed of a blog that is warm here, from a
position that memory holds. Such a request is answered in place. Everything else (the newsroom feed, a cold
blog, an old position, anything odd) goes the long way, which gives the same answer; the same tests run over
both.

What is here runs once for every connection of a crowd that comes at once, so it is written to be short in
time: one pattern judges the whole request, another takes its headers apart.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import NamedTuple

from server.delivery.framing import View
from server.delivery.limits import StreamGate
from server.domain.position import MAX_SEQ
from server.hub.feed import Feed

LONGEST = 4096
"""Bytes of a request that is looked at here."""
_REQUEST = re.compile(
    rb"GET /live/([a-z0-9-]{1,100})/(stream|ws)(?:\?([\x21-\x7e]{0,200}))? HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?(?:[\x21-\x7e][\x20-\x7e]*)?\r\n)+)\r\n"
)
"""RFC 9112 §3 and §5, without what nobody sends: tabs, more than one space, bytes beyond ASCII."""
_HEADER = re.compile(rb"([^:]+): ?([^\r]*)\r\n")
_PARAMETER = re.compile(rb"(after|view)=([a-z0-9.]{1,40})")
_POSITION = re.compile(rb"([a-z0-9]{1,16})\.(0|[1-9][0-9]{0,18})")
_NOT_USUAL = frozenset((b"content-length", b"transfer-encoding", b"expect"))
_DEFLATE = (b"permessage-deflate", b"permessage-deflate; client_max_window_bits")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SHA1 = hashlib.sha1(usedforsecurity=False)
SUBPROTOCOL = b"stoppress.v1"


class Usual(NamedTuple):
    """What a recognised request asks for. `seq` is where to seat it; `at` is told to who came without a
    position. `reply` (WebSocket) holds the lines of the handshake that depend on the request."""

    feed: Feed
    seq: int
    at: str | None
    view: View
    compressed: bool
    forwarded: bytes | None
    reply: bytes | None


def recognise(gate: StreamGate, data: bytes) -> Usual | None:
    """The request in `data`, if it is a usual one, whole and alone, that can be answered at once."""
    request = _REQUEST.fullmatch(data) if len(data) <= LONGEST else None
    if request is None:
        return None
    slug, kind, query, lines = request.groups()
    key = gate.public.get(slug.decode())
    feed = gate.hub.feeds.get(key) if key is not None else None
    if feed is None or gate.hub.draining:
        return None
    found = _HEADER.findall(lines)
    headers = {name.lower(): value for name, value in found}
    # a header that comes twice, or one that speaks of a body: let a real parser judge it
    if len(headers) != len(found) or not _NOT_USUAL.isdisjoint(headers):
        return None
    view: View = "html"
    after: bytes | None = None
    if query:
        for parameter in query.split(b"&"):
            match = _PARAMETER.fullmatch(parameter)
            if match is None:
                return None
            if match[1] == b"after":
                after = match[2]
            elif match[2] == b"json":
                view = "json"
            elif match[2] != b"html":
                return None
    if kind == b"ws":
        shaken = handshake(headers, compress=gate.compress)
        if shaken is None:
            return None
        reply, compressed = shaken
    elif b"upgrade" in headers:
        return None
    else:
        reply = None
        after = headers.get(b"last-event-id") or after
        accepted = headers.get(b"accept-encoding", b"")
        if b"q=" in accepted:
            return None  # weights: see web/encoding.py
        compressed = gate.compress and b"gzip" in accepted
    seq = _place(feed, after)
    if seq is None:
        return None
    at = None if after else f"{feed.epoch}.{seq}"
    return Usual(feed, seq, at, view, compressed, headers.get(b"x-forwarded-for"), reply)


def _place(feed: Feed, after: bytes | None) -> int | None:
    """The seq to seat a listener at that comes from `after`, when memory holds what it misses."""
    if not after:
        return feed.delivered if feed.delivered == feed.head else None
    position = _POSITION.fullmatch(after)
    if position is None or position[1] != feed.epoch.encode():
        return None
    seq = int(position[2])
    return seq if seq <= MAX_SEQ and feed.ring.floor <= seq <= feed.delivered else None


def _names_upgrade(connection: bytes) -> bool:
    return connection == b"upgrade" or b"upgrade" in [token.strip() for token in connection.split(b",")]


def handshake(headers: dict[bytes, bytes], *, compress: bool) -> tuple[bytes, bool] | None:
    """The lines that accept a plain WebSocket handshake (RFC 6455 §4.2.2) and whether messages are compressed
    (RFC 7692 §7.1), or None for one that the library should judge."""
    key = headers.get(b"sec-websocket-key", b"")
    if (
        headers.get(b"upgrade", b"").lower() != b"websocket"
        or not _names_upgrade(headers.get(b"connection", b"").lower())
        or headers.get(b"sec-websocket-version") != b"13"
    ):
        return None
    try:
        if len(key) != 24 or len(binascii.a2b_base64(key, strict_mode=True)) != 16:
            return None
    except binascii.Error:
        return None
    digest = _SHA1.copy()
    digest.update(key + _GUID)
    accept = binascii.b2a_base64(digest.digest(), newline=False)
    offered = headers.get(b"sec-websocket-protocol")
    chosen = b""
    if offered is not None:
        if SUBPROTOCOL not in [name.strip() for name in offered.split(b",")]:
            return None
        chosen = b"sec-websocket-protocol: stoppress.v1\r\n"
    extensions = headers.get(b"sec-websocket-extensions")
    agreed = b""
    if extensions and compress:
        if extensions not in _DEFLATE:
            return None
        agreed = (
            b"sec-websocket-extensions: permessage-deflate; "
            b"server_no_context_takeover; client_no_context_takeover\r\n"
        )
    lines = b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: %b\r\n" % accept
    return lines + chosen + agreed, bool(agreed)
