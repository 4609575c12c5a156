"""API responses: JSON with ETag, and Cache-Control that keeps retracted text out of caches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.domain.permissions import Caller
from server.domain.position import Position
from server.web.conditional import client_has

VARY = "Authorization, Cookie"


def shown(
    request: Request,
    caller: Caller | None,
    data: Mapping[str, Any],
    *,
    status: int = 200,
    revision: int | None = None,
    position: Position | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON. With `revision` and `position` it has an ETag of both, and a GET whose If-None-Match names it is
    answered 304. The position holds the epoch: after a restore the same revision may be another text.

    What the newsroom sees is kept by no cache; what everybody sees may be kept and is asked about each time.
    """
    sent = {"Cache-Control": "no-cache" if caller is None else "private, no-store", "Vary": VARY}
    sent |= headers or {}
    if revision is not None and position is not None:
        etag = sent["ETag"] = f'"{revision}.{position}"'
        if request.method in ("GET", "HEAD") and client_has(request, etag):
            return Response(status_code=304, headers=sent)
    return JSONResponse(data, status, headers=sent)


def nothing() -> Response:
    """204 No Content."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
