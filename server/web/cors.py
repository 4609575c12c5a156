"""Cross-origin reads (CORS, Fetch Standard §3.3): scripts of any site may read what is public, and programs in
a browser may use the API with a token.

The answer is the same for everybody, so that caches need not tell origins apart. Without
`Access-Control-Allow-Credentials` a browser hides from a script whatever it fetched with a person's cookie.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SHARED = re.compile(
    r"/api/v1(/.*)?|/static/.*|/oembed|/embed\.js"
    r"|/live/[^/]+/(stream|changes|component|feed\.(rss|atom|json))",
    re.DOTALL,
)
_READ = "GET, HEAD"
_WRITE = "GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"
)
EXPOSED_HEADERS = ("ETag", "Location", "Retry-After", "Idempotency-Replayed")
PREFLIGHT_SECONDS = 7200
"""How long a browser keeps the answer to a preflight; Chromium keeps none longer."""


class CrossOrigin:
    """Answers preflights, and marks every answer of a shared address, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_shared(scope["path"]):
            await self._app(scope, receive, send)
            return
        if _is_preflight(Request(scope)):
            await _preflight(scope["path"])(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_cors(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, marked)


def is_shared(path: str) -> bool:
    """Whether scripts of other sites may read what is at this path."""
    return _SHARED.fullmatch(path) is not None


def add_cors(headers: MutableHeaders, path: str) -> None:
    """Mark the answer of a shared address as readable by scripts of any site. Of an event stream no browser
    shows the headers."""
    if is_shared(path):
        headers["Access-Control-Allow-Origin"] = "*"
        if not headers.get("Content-Type", "").startswith("text/event-stream"):
            headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def _preflight(path: str) -> Response:
    """What may be sent to this address, whether or not anything is there: the request itself is told that."""
    response = Response(status_code=204, headers={
        "Access-Control-Allow-Methods": _WRITE if path.startswith("/api/") else _READ,
        "Access-Control-Allow-Headers": ", ".join(ALLOWED_HEADERS),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        "Cache-Control": "no-store",
    })
    add_cors(response.headers, path)
    return response
