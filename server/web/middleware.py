"""Pure ASGI middleware: trusted proxies, security headers, same-origin check, limits on time and size.

WebSockets and lifespan pass through unchanged; streams only get the security headers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.domain.errors import StopPressError, TooLarge, Unauthenticated
from server.web.authenticate import bearer, caller_of, client_address, confirm_caller, session_secret
from server.web.backpressure import LeastPace
from server.web.cors import CrossOrigin
from server.web.errors import answer, answer_of
from server.web.kept_responses import KeepResponses
from server.web.origin import from_this_site
from server.web.request_head import RequestHead
from server.web.site import Limits, site_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MULTIPART_SLACK = 65_536
"""Allowance for multipart fields and boundaries around an uploaded picture, in bytes."""
STRANGERS_BYTES = 16_384
"""Enough to log in."""
PIECE_BYTES = 16_384
KEPT_FORM_BYTES = 262_144
"""What an entry's form may hold when its session has ended and it is shown again to be sent again."""


def middleware(trusted_proxies: Sequence[str], limits: Limits) -> list[Middleware]:
    """The middleware in order, the outermost first.

    Args:
        trusted_proxies: addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are trusted.
        limits: limits for one request.
    """
    return [
        Middleware(LeastPace),
        Middleware(KeepResponses),
        Middleware(SecurityHeaders),
        Middleware(CrossOrigin),
        Middleware(RequestHead),
        Middleware(ProxyHeadersMiddleware, trusted_hosts=list(trusted_proxies)),
        Middleware(AuditAddress),
        Middleware(SameOrigin),
        Middleware(TimeLimit, seconds=limits.request_seconds),
        Middleware(BodyLimit, body_bytes=limits.body_bytes, upload_bytes=limits.upload_bytes),
    ]


def is_stream(path: str) -> bool:
    """Whether requests to this path are long-lived: streams and long polls."""
    return path.startswith("/live/") and path.endswith(("/stream", "/ws", "/changes"))


class SecurityHeaders:
    """Adds security headers that a response does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        security = site_of(Request(scope)).security

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                security.add(MutableHeaders(scope=message), scheme=scope["scheme"], path=scope["path"])
            await send(message)

        await self._app(scope, receive, with_headers)


class AuditAddress:
    """Puts the client's address into the log's context, for the audit lines of what a request does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            with structlog.contextvars.bound_contextvars(address=client_address(Request(scope))):
                await self._app(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SameOrigin:
    """Blocks cross-site requests (CSRF), including log-ins. Browsers send `Sec-Fetch-Site` (Fetch Metadata), or
    at least `Origin`; a client that sends neither is not a browser. Requests with a bearer token are allowed: a
    page cannot add one without knowing it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or _from_here(Request(scope)):
            await self._app(scope, receive, send)
            return
        detail = "This request came from another website and was blocked."
        await answer_of(Request(scope), "cross_site", detail)(scope, receive, send)


def _from_here(request: Request) -> bool:
    if bearer(request) is not None:
        return True
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return from_this_site(request, origin)


class TimeLimit:
    """Ends a request that takes too long: 408 if its body never arrived completely, otherwise 503."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_stream(scope["path"]):
            await self._app(scope, receive, send)
            return
        started, arriving = False, False

        async def watched_send(message: Message) -> None:
            nonlocal started
            if not started:
                started = True
                limit.reschedule(None)  # what goes out has a pace of its own
            await send(message)

        async def watched_receive() -> Message:
            nonlocal arriving
            arriving = True
            message = await receive()
            arriving = False
            return message

        try:
            async with asyncio.timeout(self._seconds) as limit:
                await self._app(scope, watched_receive, watched_send)
        except TimeoutError:
            if started or not limit.expired():
                raise
            code, detail = (
                ("request_timeout", "The request was not complete in time.") if arriving else
                ("timed_out", "The server took too long. The change may have been saved: a retry with the same "
                              "Idempotency-Key does not repeat it.")
            )
            await answer_of(Request(scope), code, detail)(scope, receive, send)


class Pieces:
    """Receives a body in pieces of at most PIECE_BYTES, with other work of the process between them. A form is
    read as it arrives: 64 KiB of small fields held the event loop for a tenth of a second, and a body can come
    in larger parts than that."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._rest, self._more = b"", False

    async def __call__(self) -> Message:
        if self._rest:
            await asyncio.sleep(0)
        else:
            message = await self._receive()
            if message["type"] != "http.request" or len(message.get("body", b"")) <= PIECE_BYTES:
                return message
            self._rest, self._more = message["body"], message.get("more_body", False)
        piece, self._rest = self._rest[:PIECE_BYTES], self._rest[PIECE_BYTES:]
        return {"type": "http.request", "body": piece, "more_body": bool(self._rest) or self._more}


class BodyLimit:
    """Refuses bodies over the limit before they are read whole; a form with a file may be larger. Who may not
    post anything but a log-in is told so before a large body is read."""

    def __init__(self, app: ASGIApp, *, body_bytes: int, upload_bytes: int) -> None:
        self._app, self._body_bytes, self._upload_bytes = app, body_bytes, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_stream(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        headers = request.headers
        is_form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = max(self._body_bytes, self._upload_bytes + MULTIPART_SLACK) if is_form else self._body_bytes
        error: StopPressError = TooLarge(f"The request is too large: at most {limit:,} bytes are allowed.")
        length = headers.get("content-length", "0")
        announced = int(length[:20]) if length.isdecimal() and length.isascii() else 0
        try:
            if announced > limit:
                raise error
            stranger = _strangers_bytes(request)
            if (announced > stranger or "transfer-encoding" in headers) and await caller_of(request) is None:
                limit, error = stranger, Unauthenticated(f"Log in to send more than {stranger} bytes.")
            if announced > limit:
                raise error
        except StopPressError as refused:
            await answer(request, refused)(scope, receive, send)
            return
        received = 0
        arriving = Pieces(receive)

        async def counted() -> Message:
            nonlocal received
            message = await arriving()
            received += len(message.get("body", b""))
            if received > limit:
                raise error
            if message["type"] == "http.request" and not message.get("more_body"):
                await confirm_caller(request)
            return message

        await self._app(scope, counted, send)


def _strangers_bytes(request: Request) -> int:
    """What may come from somebody who is not logged in: a form that outlived its session is kept for them."""
    return STRANGERS_BYTES if session_secret(request) is None else KEPT_FORM_BYTES
