"""How the acceptor asks whether a stream may be opened: as a request through the application would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.delivery.subscription import Subscription
from server.web.stream.feed_request import subscription_of


def authoriser(app: Starlette, trusted_proxies: Sequence[str]) -> Callable[[Scope], Awaitable[Subscription]]:
    """A function that resolves the ASGI scope of a stream request. Forwarding headers of trusted proxies are
    applied to the scope. It raises what `subscription_of` raises."""

    async def authorise(scope: Scope) -> Subscription:
        found: list[Subscription] = []

        async def resolve(scope: Scope, receive: Receive, send: Send) -> None:
            connection = HTTPConnection(scope)
            found.append(await subscription_of(connection, last_event_id=scope["type"] == "http"))

        scope["app"] = app
        middleware: Any = ProxyHeadersMiddleware(cast(Any, resolve), trusted_hosts=list(trusted_proxies))
        await middleware(scope, _nothing, _nothing)
        return found[0]

    return authorise


async def _nothing(*_: object) -> None:
    """Nothing is received or sent while a request is resolved."""
