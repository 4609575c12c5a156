"""Identifies the caller of a request by session cookie or API token, and the client address."""

from __future__ import annotations

import time

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.auth import credentials
from server.delivery.listener_limits import counted_address
from server.domain.errors import Unauthenticated
from server.domain.permissions import Action, Authority, Caller, require
from server.newsroom import callers
from server.store import blogs
from server.web.origin import from_this_site
from server.web.site import site_of

COOKIE = "stoppress_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Cookie name over TLS: browsers accept it only from this host, so that another site of the same domain cannot
set it (RFC 6265bis, section 4.1.3.2)."""
COOKIE_SECONDS = 400 * 86_400
"""The longest that browsers allow; the server decides when a session ends."""

_CACHED = "stoppress.caller"
_LOOKED_UP = "stoppress.looked_up"
TRUSTED_SECONDS = 1.0
"""How long a look-up counts for a request whose body is still arriving."""


async def caller_of(connection: HTTPConnection) -> Caller | None:
    """The caller, or None for an anonymous request. Looked up once for each request.

    Raises:
        Unauthenticated: the bearer token is unknown or revoked. An error is more helpful than the public view.
    """
    if _CACHED not in connection.scope:
        connection.scope[_LOOKED_UP] = time.monotonic()
        try:
            connection.scope[_CACHED] = await _look_up(connection)
        except Unauthenticated as error:
            connection.scope[_CACHED] = error
    found: Caller | Unauthenticated | None = connection.scope[_CACHED]
    if isinstance(found, Unauthenticated):
        raise found
    return found


async def confirm_caller(connection: HTTPConnection) -> None:
    """Look the caller up again if that was some time ago. A body can take as long as the whole request may, and
    what its sender may do can end meanwhile.

    Raises:
        Unauthenticated: the caller is not what it was.
    """
    before = connection.scope.get(_CACHED)
    if before is None or time.monotonic() - connection.scope[_LOOKED_UP] <= TRUSTED_SECONDS:
        return
    del connection.scope[_CACHED]
    if await caller_of(connection) != before:
        raise Unauthenticated("Your rights changed while this request was arriving. Nothing was done.")


async def require_caller(connection: HTTPConnection, action: Action | None = None) -> Caller:
    """The caller, who may do `action`. Asked before a body is read: who may not send it is told without.

    Raises:
        Unauthenticated: the request is anonymous.
        Forbidden: the caller may not do it.
    """
    caller = await caller_of(connection)
    if caller is None:
        raise Unauthenticated
    if action is not None:
        require(caller, action)
    return caller


async def require_caller_in_blog(connection: HTTPConnection, action: Action) -> Caller:
    """The caller, who may do `action` in the blog of the address. Asked before a body is read.

    Raises:
        Unauthenticated: the request is anonymous.
        NotFound: there is no such blog for the caller.
        Forbidden: the caller may not do it there.
    """
    caller = await require_caller(connection)
    async with site_of(connection).database.read() as database:
        blog = await blogs.by_slug(database, connection.path_params["slug"])
    require(caller, action, blog.id)
    return caller


def authority_of(connection: HTTPConnection, caller: Caller) -> Authority:
    """What a request of this caller is permitted on."""
    secret = session_secret(connection) if bearer(connection) is None else None
    return Authority(caller, credentials.digest(secret) if secret else None)


async def _look_up(connection: HTTPConnection) -> Caller | None:
    site = site_of(connection)
    token = bearer(connection)
    if token is not None:
        caller = await callers.caller_of_token(site.desk, token)
        if caller is None:
            raise Unauthenticated("This API token is unknown or has been revoked.")
        return caller
    secret = session_secret(connection)
    if secret is None or not _same_site(connection):
        return None
    return await callers.caller_of_session(
        site.desk, secret, days=site.session_days, max_days=site.session_max_days
    )


def bearer(connection: HTTPConnection) -> str | None:
    """The bearer token (RFC 6750). Other schemes are ignored: a proxy in front may use Basic."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def session_secret(connection: HTTPConnection) -> str | None:
    """The secret in the session cookie. Over TLS only the `__Host-` cookie is accepted."""
    return connection.cookies.get(SECURE_COOKIE if _secure(connection) else COOKIE) or None


def set_session_cookie(response: Response, connection: HTTPConnection, secret: str) -> None:
    """Set the session cookie: HttpOnly, SameSite=Lax, and over TLS Secure with the `__Host-` prefix."""
    secure = _secure(connection)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE, secret, max_age=COOKIE_SECONDS, path="/", secure=secure,
        httponly=True, samesite="lax",
    )


def clear_session_cookie(response: Response, connection: HTTPConnection) -> None:
    secure = _secure(connection)
    response.delete_cookie(
        SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax"
    )


def client_address(connection: HTTPConnection) -> str:
    """The client address used for limits. The middleware has already applied X-Forwarded-For of trusted
    proxies."""
    return counted_address(connection.client.host if connection.client else "")


def _secure(connection: HTTPConnection) -> bool:
    return connection.scope["scheme"] in ("https", "wss") or site_of(connection).public_url.startswith("https://")


def _same_site(connection: HTTPConnection) -> bool:
    """Whether the cookie may be used. The same-origin policy does not cover WebSockets: a page of another site
    could open one with the user's cookie (cross-site WebSocket hijacking), so the Origin must be ours."""
    origin = connection.headers.get("origin")
    if connection.scope["type"] != "websocket" or origin is None:
        return True
    return from_this_site(connection, origin)
