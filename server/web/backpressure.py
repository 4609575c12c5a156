"""How an answer goes out: in pieces, each when the client has taken the one before, and not for ever.

A body that is handed to the transport whole lies in memory until the client has read it, however slowly it
reads. Streams are not concerned: the hub has bounds of its own for them.
"""

from __future__ import annotations

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

PIECE_BYTES = 32_768
GRACE_SECONDS = 20.0
"""For any answer, however small."""
LEAST_BYTES_A_SECOND = 4_096
"""Slower than any connection that people read news over."""


class _TooSlow(BaseException):
    """Ends the request. No exception of the usual kind, so that no handler answers it: nobody reads."""


class LeastPace:
    """Sends bodies in pieces and cuts clients off that take them more slowly than `LEAST_BYTES_A_SECOND`: it
    ends the request without the rest of the answer, and the server closes the connection."""

    def __init__(
        self, app: ASGIApp, *, grace: float = GRACE_SECONDS, rate: float = LEAST_BYTES_A_SECOND
    ) -> None:
        self._app, self._grace, self._rate = app, grace, rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith("/stream"):
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        began, sent = 0.0, 0

        async def paced(message: Message) -> None:
            nonlocal began, sent
            began = began or loop.time()
            for part in _pieces(message):
                try:
                    async with asyncio.timeout_at(began + self._grace + sent / self._rate):
                        await send(part)
                except TimeoutError:
                    raise _TooSlow from None
                sent += len(part.get("body", b""))

        try:
            await self._app(scope, receive, paced)
        except _TooSlow:
            log.info("answer.cut_off", path=scope["path"][:100], sent=sent)


def _pieces(message: Message) -> list[Message]:
    body = message.get("body", b"")
    if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
        return [message]
    parts = [body[start : start + PIECE_BYTES] for start in range(0, len(body), PIECE_BYTES)]
    more = message.get("more_body", False)
    return [
        {"type": "http.response.body", "body": part, "more_body": more or index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]
