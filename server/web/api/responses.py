"""API responses: JSON with ETag, and Cache-Control that keeps retracted text out of caches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.permissions import Caller
from server.web.api.requests import unchanged

VARY = "Authorization, Cookie"


def shown(
    request: Request,
    caller: Caller | None,
    data: Mapping[str, Any],
    *,
    status: int = 200,
    revision: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON response. With `revision` it has an ETag, and a GET with a matching If-None-Match gets 304.

    Responses to an authenticated caller are not cached; public ones may be, but must be revalidated.
    """
    sent = {"Cache-Control": "no-cache" if caller is None else "private, no-store", "Vary": VARY}
    sent |= headers or {}
    if revision is not None:
        etag = sent["ETag"] = f'"{revision}"'
        if request.method in ("GET", "HEAD") and unchanged(request, etag):
            return Response(status_code=304, headers=sent)
    return JSONResponse(data, status, headers=sent)


def nothing() -> Response:
    """204 No Content."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
