"""Usual stream requests, recognised by pattern.

Most listeners of a breaking story ask for the same thing: the public feed of a blog that is open here, from a
position that memory holds. Such a request is answered from its first bytes. Everything else (the newsroom feed,
a cold blog, an old position, anything odd) is parsed by acceptor.py and gets the same answer.

This runs once for every connection of a crowd that arrives at once, so it is written to be short in time: one
pattern judges the whole request, another takes its headers apart.
"""

from __future__ import annotations

import binascii
import functools
import hashlib
import re
from typing import NamedTuple

from server.delivery.framing import View
from server.delivery.listener_limits import StreamGate
from server.delivery.request_pattern import take_apart
from server.delivery.sse_headers import SUBPROTOCOL
from server.domain.position import MAX_SEQ
from server.hub.feed import Feed

_LINE = re.compile(rb"GET /live/([a-z0-9-]{1,100})/(stream|ws)(?:\?([\x21-\x7e]{0,200}))? HTTP/1\.1")
PARSED = 1024
"""Requests whose bytes are remembered: browsers of one kind that follow one page send the same bytes."""
_PARAMETER = re.compile(rb"(after|view)=([a-z0-9.]{1,40})")
_POSITION = re.compile(rb"([a-z0-9]{1,16})\.(0|[1-9][0-9]{0,18})")
_DEFLATE = (b"permessage-deflate", b"permessage-deflate; client_max_window_bits")
_NONCE = b"\r\nSec-WebSocket-Key: "
NONCE_BYTES = 24
_ACCEPTED = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n%b"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SHA1 = hashlib.sha1(usedforsecurity=False)
_SUBPROTOCOL = SUBPROTOCOL.encode()
_PROTOCOL_LINE = b"Sec-WebSocket-Protocol: %b\r\n" % _SUBPROTOCOL
_EXTENSION_LINE = (
    b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
)


class StreamRequest(NamedTuple):
    """A recognised request. `seq`: the position after which to subscribe. `resumes`: the client named it.
    `forwarded_for`, `forwarded_proto`: the headers of proxies. `handshake`: the lines that accept a WebSocket,
    None for an event stream."""

    feed: Feed
    seq: int
    resumes: bool
    view: View
    compressed: bool
    forwarded_for: bytes | None
    forwarded_proto: bytes | None
    handshake: bytes | None


class Asked(NamedTuple):
    """What the bytes of a request say."""

    slug: str
    after: bytes | None
    view: View
    compressed: bool
    forwarded_for: bytes | None
    forwarded_proto: bytes | None
    handshake: bytes | None
    """For a WebSocket: what its acceptance says beside the nonce."""


def recognise(gate: StreamGate, data: bytes) -> StreamRequest | None:
    """The request in `data`, if it is a usual one, whole and alone, that can be answered at once."""
    if not data.startswith(b"GET /live/"):
        return None
    data, nonce = _without_nonce(data)
    asked = _asked(data, gate.compress)
    key = gate.public.get(asked.slug) if asked is not None else None
    feed = gate.hub.feeds.get(key) if key is not None else None
    if asked is None or feed is None or gate.hub.draining:
        return None
    seq = _place(feed, asked.after)
    if seq is None:
        return None
    reply = None
    if asked.handshake is not None:
        accept = _accept(nonce)
        if accept is None:
            return None
        reply = _ACCEPTED % (accept, asked.handshake)
    return StreamRequest(feed, seq, bool(asked.after), *asked[2:6], reply)


def _without_nonce(data: bytes) -> tuple[bytes, bytes]:
    """A handshake without the one line that is its own, so that it is known again, and what that line says."""
    start = data.find(_NONCE)
    end = start + len(_NONCE) + NONCE_BYTES
    if start < 0 or data[end:end + 2] != b"\r\n":
        return data, b""
    return data[:start] + data[end:], data[start + len(_NONCE):end]


@functools.lru_cache(maxsize=PARSED)
def _asked(data: bytes, compress: bool) -> Asked | None:
    found = take_apart(data)
    line = _LINE.fullmatch(found[0]) if found is not None else None
    if found is None or line is None:
        return None
    slug, kind, query = line.groups()
    headers = found[1]
    parameters = _parameters(query) if query else (None, "html")
    if parameters is None:
        return None
    after, view = parameters
    if kind == b"ws":
        shaken = _handshake(headers, compress=compress)
        if shaken is None:
            return None
        reply, compressed = shaken
    elif b"upgrade" in headers:
        return None
    else:
        reply = None
        after = headers.get(b"last-event-id") or after
        accepted = headers.get(b"accept-encoding", b"")
        if b";" in accepted or b"*" in accepted:
            return None  # weights: see delivery/encoding.py
        compressed = compress and b"gzip" in [name.strip().lower() for name in accepted.split(b",")]
    forwarded = headers.get(b"x-forwarded-for"), headers.get(b"x-forwarded-proto")
    return Asked(slug.decode(), after, view, compressed, *forwarded, reply)


def _parameters(query: bytes) -> tuple[bytes | None, View] | None:
    """`after` and `view` of a query; None for one that holds anything else."""
    after: bytes | None = None
    view: View | None = None
    for parameter in query.split(b"&"):
        match = _PARAMETER.fullmatch(parameter)
        if match is None:
            return None
        name, value = match.groups()
        if name == b"after" and after is None:
            after = value
        elif name == b"view" and view is None and value in (b"html", b"json"):
            view = "json" if value == b"json" else "html"
        else:
            return None
    return after, view or "html"


def _place(feed: Feed, after: bytes | None) -> int | None:
    """The seq at which to subscribe a listener that comes from `after`, when memory holds what it misses."""
    if not after:
        return feed.delivered if feed.delivered == feed.head else None
    position = _POSITION.fullmatch(after)
    if position is None or position[1] != feed.epoch.encode():
        return None
    seq = int(position[2])
    return seq if seq <= MAX_SEQ and feed.can_add_at(seq) else None


def _names_upgrade(connection: bytes) -> bool:
    return connection == b"upgrade" or b"upgrade" in [token.strip() for token in connection.split(b",")]


def _handshake(headers: dict[bytes, bytes], *, compress: bool) -> tuple[bytes, bool] | None:
    """What the acceptance of a plain WebSocket handshake (RFC 6455 §4.2.2) says beside its nonce, and whether
    messages are compressed (RFC 7692 §7.1), or None for one that the library should judge."""
    if (
        headers.get(b"upgrade", b"").lower() != b"websocket"
        or not _names_upgrade(headers.get(b"connection", b"").lower())
        or headers.get(b"sec-websocket-version") != b"13"
        or b"sec-websocket-key" in headers
    ):
        return None
    offered = headers.get(b"sec-websocket-protocol")
    if offered is not None and _SUBPROTOCOL not in [name.strip() for name in offered.split(b",")]:
        return None
    extensions = headers.get(b"sec-websocket-extensions")
    compressed = bool(extensions) and compress
    if compressed and extensions not in _DEFLATE:
        return None
    lines = _PROTOCOL_LINE if offered is not None else b""
    return lines + (_EXTENSION_LINE if compressed else b""), compressed


def _accept(nonce: bytes) -> bytes | None:
    """The proof that a handshake was read. None for a nonce that is not 16 bytes in base64."""
    try:
        if len(nonce) != NONCE_BYTES or len(binascii.a2b_base64(nonce, strict_mode=True)) != 16:
            return None
    except binascii.Error:
        return None
    digest = _SHA1.copy()
    digest.update(nonce + _GUID)
    return binascii.b2a_base64(digest.digest(), newline=False)
