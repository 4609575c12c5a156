"""Whether a page of this site sent a request, by what browsers say of it."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from server.web.site import site_of


def from_this_site(connection: HTTPConnection, origin: str) -> bool:
    """Whether `origin` (the header of that name, RFC 6454 §7) is this site. Of anything that is no origin it is
    not. The scheme is not compared with ours: a proxy that ends TLS may not say so, and a page cannot forge
    the host."""
    if origin and origin == site_of(connection).public_url:
        return True
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and bool(host) and host == connection.headers.get("host")
