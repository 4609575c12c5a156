"""Who is asking: a session cookie or an API token, and from which address."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.delivery.limits import counted_address
from server.domain.errors import Unauthenticated
from server.domain.permissions import Caller
from server.newsroom import people
from server.web.origin import from_this_site
from server.web.site import site_of

COOKIE = "stoppress_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Over TLS: a browser takes this name only from this very host, so that no other site of the same domain can
plant one (RFC 6265bis, section 4.1.3.2)."""
COOKIE_SECONDS = 400 * 86_400
"""As long as browsers allow; when a session really ends is decided on the server."""

_CACHED = "stoppress.caller"


async def caller_of(connection: HTTPConnection) -> Caller | None:
    """Who asks, or None for somebody unknown. Looked up once for each request.

    Raises:
        Unauthenticated: a bearer token was sent that is unknown or revoked. Saying so helps more than
            quietly showing the public view.
    """
    if _CACHED not in connection.scope:
        try:
            connection.scope[_CACHED] = await _look_up(connection)
        except Unauthenticated as error:
            connection.scope[_CACHED] = error
    found: Caller | Unauthenticated | None = connection.scope[_CACHED]
    if isinstance(found, Unauthenticated):
        raise found
    return found


async def require_caller(connection: HTTPConnection) -> Caller:
    """Who asks. Raises Unauthenticated for somebody unknown."""
    caller = await caller_of(connection)
    if caller is None:
        raise Unauthenticated
    return caller


async def _look_up(connection: HTTPConnection) -> Caller | None:
    site = site_of(connection)
    token = bearer(connection)
    if token is not None:
        caller = await people.caller_of_token(site.desk, token)
        if caller is None:
            raise Unauthenticated("This API token is unknown or was revoked.")
        return caller
    secret = session_secret(connection)
    if secret is None or not _same_site(connection):
        return None
    return await people.caller_of_session(
        site.desk, secret, days=site.session_days, max_days=site.session_max_days
    )


def bearer(connection: HTTPConnection) -> str | None:
    """The bearer token (RFC 6750). Other schemes are not ours: a proxy in front may ask for Basic."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def session_secret(connection: HTTPConnection) -> str | None:
    """What the session cookie holds. Over TLS only the `__Host-` cookie counts."""
    return connection.cookies.get(SECURE_COOKIE if _secure(connection) else COOKIE) or None


def set_session_cookie(response: Response, connection: HTTPConnection, secret: str) -> None:
    """Hand out a session: HttpOnly, SameSite=Lax, and over TLS Secure and `__Host-`."""
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
    """Where the request comes from, as limits count it. Trusted proxies were resolved by the middleware."""
    return counted_address(connection.client.host if connection.client else "")


def _secure(connection: HTTPConnection) -> bool:
    return connection.scope["scheme"] in ("https", "wss") or site_of(connection).public_url.startswith("https://")


def _same_site(connection: HTTPConnection) -> bool:
    """A WebSocket is not held back by the same-origin policy: another site's page may open one with the
    reader's cookie (cross-site WebSocket hijacking). Its cookie counts only from a page of this site."""
    origin = connection.headers.get("origin")
    if connection.scope["type"] != "websocket" or origin is None:
        return True
    return from_this_site(connection, origin)
