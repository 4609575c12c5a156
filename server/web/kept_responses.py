"""Responses to readers that are kept as they were sent, and sent again before the ASGI stack while they hold.

What is on a reader's page depends on where the blog's public feed stands, and on a few parts of the request.
The handler says for which position its response holds (`holds_at`), the middleware keeps it, and the server
asks `KeptResponses.answer` with the bytes of each new request. What is not a usual request for a kept response
goes through the application, and gets the same answer.
"""

from __future__ import annotations

import functools
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.delivery.encoding import takes_gzip
from server.delivery.kept_answer import Answer
from server.delivery.listener_limits import StreamGate
from server.delivery.request_pattern import take_apart
from server.domain.change import FeedKey
from server.domain.position import Position
from server.web.authenticate import COOKIE
from server.web.conditional import has_version
from server.web.request_head import HOST, MAX_HEADERS

CAPACITY = 512
"""Most addresses with a kept response."""
CAPACITY_BYTES = 33_554_432
PARSED = 1024
"""Requests whose bytes are remembered: browsers of one kind ask for one page with the same bytes."""
_HOLDS = "stoppress.holds"
_LINE = re.compile(rb"(GET|HEAD) (/live/[\x21\x22\x24-\x7e]{1,300}) HTTP/1\.1")
_has_version = functools.lru_cache(maxsize=PARSED)(has_version)
_OF_BODY = frozenset((b"content-type", b"content-length", b"content-encoding"))


class Asked(NamedTuple):
    """A usual request. `host` is a well-formed one. `proto`: what a proxy says about the scheme."""

    head: bool
    target: bytes
    host: bytes
    proto: bytes | None
    gzip: bool
    tags: tuple[str, ...]
    since: str | None
    closes: bool


@dataclass(slots=True)
class Form:
    """A response in one of its forms: the lines of its head but the date, and its body."""

    status: bytes
    lines: bytes
    body: bytes
    _dates: bytes = b""
    _whole: bytes = b""

    def at(self, dates: bytes) -> bytes:
        """The whole response with the header lines of this second."""
        if self._dates is not dates:
            self._dates = dates
            self._whole = b"%b%b%b\r\n%b" % (self.status, dates, self.lines, self.body)
        return self._whole

    def head(self, dates: bytes, *, closes: bool) -> bytes:
        """The same without the body."""
        return b"%b%b%b%b\r\n" % (self.status, dates, self.lines, b"connection: close\r\n" if closes else b"")


@dataclass(slots=True)
class Kept:
    """What is kept for one address. `forms`: by whether the client takes gzip."""

    feed: FeedKey
    position: Position
    etag: str
    modified: str
    forms: dict[bool, Form] = field(default_factory=dict)
    unchanged: Form | None = None
    """304."""

    @property
    def size(self) -> int:
        """Bytes in memory, at most: a body that is asked for is there a second time, behind its head."""
        return sum(2 * len(form.body) + 1024 for form in self.forms.values())


class KeptResponses:
    """Kept responses of this process.

    Args:
        one_host: the site has one address of its own, whatever the Host header says.
    """

    def __init__(self, gate: StreamGate, *, one_host: bool) -> None:
        self.answered = 0
        self._gate, self._one_host = gate, one_host
        self._kept: OrderedDict[tuple[bytes, bytes, str], Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def answer(self, data: bytes, peer: str, dates: bytes) -> Answer | None:
        """The response to a request that came whole and alone, if it is known without asking anything. See
        `AnswerKept`."""
        asked = _asked(data)
        if asked is None:
            return None
        secure = asked.proto == b"https" and self._gate.trusts(peer)
        place = asked.target, b"" if self._one_host else asked.host, "https" if secure else "http"
        kept = self._kept.get(place)
        if kept is None:
            return None
        hub = self._gate.hub
        if not hub.stands_at(kept.feed, kept.position):
            return None
        form = kept.forms.get(asked.gzip)
        if kept.unchanged and (asked.tags or asked.since) and (
            _has_version(asked.tags, asked.since, kept.etag, kept.modified)
        ):
            form = kept.unchanged
        if form is None:
            return None
        hub.keep_warm(kept.feed)
        self._kept.move_to_end(place)
        self.answered += 1
        if asked.closes or asked.head:
            body = b"" if asked.head else form.body
            return Answer(form.head(dates, closes=asked.closes) + body, asked.closes)
        return Answer(form.at(dates), False)

    def keep(self, scope: Scope, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep what the application answered."""
        feed, position = scope[_HOLDS]
        sent = {name.lower(): value for name, value in headers}
        if status not in (200, 304) or b"set-cookie" in sent or not self._gate.hub.stands_at(feed, position):
            return
        place = _place(scope, one_host=self._one_host)
        kept = self._kept.pop(place, None)
        self._bytes -= kept.size if kept else 0
        etag = sent.get(b"etag", b"").decode("latin-1")
        modified = sent.get(b"last-modified", b"").decode("latin-1")
        version = feed, position, etag, modified
        if kept is None or (kept.feed, kept.position, kept.etag, kept.modified) != version:
            kept = Kept(*version)
        if status == 200:
            accepted = [v.decode("latin-1") for name, v in scope["headers"] if name == b"accept-encoding"]
            kept.forms[takes_gzip(*accepted)] = Form(b"HTTP/1.1 200 OK\r\n", _lines(headers), body)
        if etag:
            lines = _lines([header for header in headers if header[0].lower() not in _OF_BODY])
            kept.unchanged = Form(b"HTTP/1.1 304 Not Modified\r\n", lines, b"")
        self._kept[place] = kept
        self._bytes += kept.size
        while len(self._kept) > CAPACITY or self._bytes > CAPACITY_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].size


class KeepResponses:
    """Middleware outside of whatever adds to a response: keeps the ones that hold for a position."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/live/"):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def noted(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif start is not None and _HOLDS in scope:
                if not message.get("more_body"):
                    kept: KeptResponses = scope["app"].state.kept
                    kept.keep(scope, start["status"], start["headers"], message.get("body", b""))
                start = None  # what comes in pieces is not kept
            await send(message)

        await self._app(scope, receive, noted)


def holds_at(connection: HTTPConnection, feed: FeedKey, position: Position) -> None:
    """The response to this request is the same for everybody who asks with the same address, host and encoding,
    as long as the feed stands at this position."""
    connection.scope[_HOLDS] = feed, position


@functools.lru_cache(maxsize=PARSED)
def _asked(data: bytes) -> Asked | None:
    """The request in `data`, if it is a usual one of an anonymous reader, whole and alone."""
    found = take_apart(data)
    line = _LINE.fullmatch(found[0]) if found is not None else None
    if found is None or line is None:
        return None
    headers = found[1]
    if len(headers) > MAX_HEADERS or not HOST.fullmatch(headers[b"host"]):
        return None
    proto = headers.get(b"x-forwarded-proto")
    connection = headers.get(b"connection", b"keep-alive").lower()
    if (
        b"upgrade" in headers or b"authorization" in headers or COOKIE.encode() in headers.get(b"cookie", b"")
        or proto not in (None, b"http", b"https") or connection not in (b"keep-alive", b"close")
    ):
        return None
    named, since = headers.get(b"if-none-match"), headers.get(b"if-modified-since")
    return Asked(
        line[1] == b"HEAD", line[2], headers[b"host"], proto,
        takes_gzip(headers.get(b"accept-encoding", b"").decode()),
        (named.decode(),) if named is not None else (), since.decode().rstrip() if since is not None else None,
        connection == b"close",
    )


def _place(scope: Scope, *, one_host: bool) -> tuple[bytes, bytes, str]:
    query: bytes = scope["query_string"]
    host = b"" if one_host else next((v for name, v in scope["headers"] if name == b"host"), b"")
    return scope["raw_path"] + (b"?" + query if query else b""), host, scope["scheme"]


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % (name.lower(), value) for name, value in headers)
