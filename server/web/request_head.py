"""What a request's head must look like, on any server: its size, one host, a plain address.

Everything behind this may take the host and the address for well-formed.
"""

from __future__ import annotations

import re
from collections import Counter

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from server.web.errors import answer_of

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_768
"""All names and values together. A browser's cookies and a proxy's headers take a quarter of it."""
HOST = re.compile(rb"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""RFC 3986 §3.2.2 without percent-encoding: names, IPv4 and IPv6 addresses, and a port."""
_ONCE = frozenset(
    (b"authorization", b"content-type", b"idempotency-key", b"if-match", b"origin", b"sec-fetch-site")
)
"""A second one would be read by one part of the way and not by another."""
_PLAIN_QUERY = re.compile(rb"[\x21-\x7e]*")
_NUL = re.compile(rb"%00")


class RequestHead:
    """Refuses requests with a head that is too large (431) or that cannot be understood in one way only (400):
    no host or several (RFC 9112 §3.2), a second header that decides, control characters in the address.

    The list of headers is copied before anything waits: uvicorn appends trailers to the list that it handed
    out, and those must never count as headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = scope["headers"] = list(scope["headers"])
        if too_large(headers):
            detail = f"A request may have at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES:,} bytes of them."
            response = answer_of(HTTPConnection(scope), "headers_too_large", detail)
        elif wrong := fault(scope):
            response = answer_of(HTTPConnection(scope), "bad_request", wrong)
        else:
            await self._app(scope, receive, send)
            return
        await response(scope, receive, send)


def too_large(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether there are too many headers or too many bytes of them."""
    return len(headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in headers) > MAX_HEADER_BYTES


def fault(scope: Scope) -> str:
    """What is wrong with the head, in words; empty when nothing is."""
    names = Counter(name for name, _ in scope["headers"])
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 and (hosts or scope.get("http_version") != "1.0"):
        return "Send exactly one Host header."
    if hosts and not HOST.fullmatch(hosts[0]):
        return "The Host header is no host name or address."
    twice = sorted(name for name in _ONCE if names[name] > 1)
    if twice:
        return f"The header {twice[0].decode().title()} may come only once."
    path: str = scope["path"]
    if not path.startswith("/") and path != "*":
        return "The path must start with a slash."
    # PostgreSQL takes no NUL in a text: looking for one would seem like a database that is away
    if any(c < " " or c == "\x7f" for c in path) or _NUL.search(scope["query_string"]):
        return "An address holds no control characters."
    if not _PLAIN_QUERY.fullmatch(scope["query_string"]):
        return "Characters outside ASCII are percent-encoded in an address."
    return ""
