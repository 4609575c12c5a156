"""Maps errors to HTTP responses: application/problem+json (RFC 9457), or an HTML page for a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from server.domain import errors
from server.domain.blog import Blog
from server.domain.errors import StopPressError
from server.domain.message import N_
from server.store import blogs
from server.web.cors import add_cors
from server.web.languages import ENGLISH, Language
from server.web.request_language import console_language, language_of
from server.web.site import site_of

log = structlog.get_logger()

RETRY_SECONDS = 2
SERVER_ERRORS = 500
BLOG_PARTS = 3
"""`/live/{slug}/…` has more pieces than that."""
NO_TEMPORARY_FOLDER = "No usable temporary directory"
"""What `tempfile` says when it could write to none; that is how a full one looks to it at first."""
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """HTTP status and title of an error code."""

    status: int
    title: str


PROBLEMS: Mapping[str, Problem] = {
    "bad_request": Problem(400, "Bad request"),
    "unauthenticated": Problem(401, "Authentication required"),
    "forbidden": Problem(403, "Permission denied"),
    "cross_site": Problem(403, "Cross-site request blocked"),
    "not_found": Problem(404, "Not found"),
    "method_not_allowed": Problem(405, "Method not allowed"),
    "request_timeout": Problem(408, "Request timeout"),
    "conflict": Problem(409, "Conflict"),
    "gone": Problem(410, "Retracted"),
    "stale_revision": Problem(412, "This was changed since you loaded it"),
    "too_large": Problem(413, "Too large"),
    "unsupported_media": Problem(415, "Unsupported media type"),
    "invalid": Problem(422, "Validation failed"),
    "idempotency_key_reused": Problem(422, "Idempotency key already used"),
    "revision_required": Problem(428, "If-Match header required"),
    "throttled": Problem(429, "Too many attempts"),
    "headers_too_large": Problem(431, "The request's headers are too large"),
    "internal_error": Problem(500, "Internal server error"),
    "unavailable": Problem(503, "Service unavailable"),
    "timed_out": Problem(503, "Request timed out"),
    "schema_mismatch": Problem(503, "Database schema mismatch"),
}
"""All error codes. docs/api.md lists them; a test compares the two."""

_GENERAL_DETAILS = {
    "not_found": N_("The address may be mistyped, or what was here is not public any more."),
    "internal_error": N_("Something went wrong on the server. The error has been logged."),
    "unavailable": N_("This page is not available at the moment. Please try again shortly."),
    "timed_out": N_("This page is not available at the moment. Please try again shortly."),
}
_DEFAULT_DETAILS = (
    N_("Log in, or send an API token."), N_("Your role does not allow this."),
    N_("Page or resource not found."), N_("This update has been retracted."),
    N_("The current state does not allow this."), N_("Somebody else changed this since you loaded it."),
    N_("This Idempotency-Key was already used with a different request."), N_("The request is too large."),
    N_("This file type is not supported."), N_("The database is not available; nothing was written."),
)
"""What exceptions say where nothing else was said (server/domain/errors.py)."""
"""What readers of another language than English are told where a detail has no translation."""
_CODES = {404: "not_found", 405: "method_not_allowed", 401: "unauthenticated", 403: "forbidden", 408:
          "request_timeout", 413: "too_large", 415: "unsupported_media"}


def problem(
    error: StopPressError, *, language: Language | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Problem details response for an error, in English or another language (RFC 9457, section 3.1)."""
    said = error.detail
    if isinstance(error, errors.Invalid) and language:
        said = "; ".join(f"{language.said(f.label)}: {language.said(f.message)}" for f in error.fields) or said
    return problem_of(
        error.code, said, _extra(error, language), headers={**_headers(error), **(headers or {})},
        language=language,
    )


def problem_of(
    code: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    language: Language | None = None,
) -> Response:
    """Problem details response for a code in `PROBLEMS` that has no exception class."""
    kind = PROBLEMS[code]
    body = {
        "type": f"/api/v1/openapi.json#/x-problems/{code}",
        "title": language.gettext(kind.title) if language else kind.title,
        "status": status or kind.status, "detail": language.said(detail) if language else detail, "code": code,
        **(extra or {}),
    }
    spoken = {"Content-Language": language.tag} if language else {}
    all_headers = {"Cache-Control": "no-store", **spoken, **(headers or {})}
    return JSONResponse(body, body["status"], headers=all_headers, media_type=MEDIA_TYPE)


def answer(connection: HTTPConnection, error: StopPressError) -> Response:
    """An HTML error page if the client asks for HTML, otherwise problem details."""
    return _negotiated(connection, problem(error, language=_language(connection)), error.detail, error.code)


def answer_of(connection: HTTPConnection, code: str, detail: str) -> Response:
    """Like `answer`, for a code that has no exception class."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if PROBLEMS[code].status == 503 else {}
    return _negotiated(connection, problem_of(code, detail, headers=headers), detail, code)


def _language(connection: HTTPConnection) -> Language | None:
    """The language of problem details: what the request asks for, or None for English."""
    tag = language_of(connection)
    return None if tag in (None, ENGLISH) else site_of(connection).renderer.languages.of(str(tag))


def _wants_page(connection: HTTPConnection) -> bool:
    accepted = "text/html" in connection.headers.get("accept", "")
    return isinstance(connection, Request) and accepted and not connection.scope["path"].startswith("/api/")


async def _blog_of(connection: HTTPConnection, status: int) -> Blog | None:
    """The blog that an address is below, for a page that says so in its language. None where there is none that
    readers may see, and whenever reading it fails: what is wrong has been said already."""
    parts = connection.scope["path"].split("/")
    below = len(parts) > BLOG_PARTS and parts[1] == "live"
    if not below or status >= SERVER_ERRORS or not _wants_page(connection):
        return None
    try:
        async with site_of(connection).database.read() as reading:
            found = await blogs.by_slug(reading, parts[2])
    except Exception:
        return None
    return None if found.status == "draft" else found


def _negotiated(
    connection: HTTPConnection, plain: Response, detail: str, code: str, blog: Blog | None = None
) -> Response:
    path = connection.scope["path"]
    if not isinstance(connection, Request) or not _wants_page(connection):
        return plain
    kept = {k: v for k, v in plain.headers.items() if k not in ("content-type", "content-length")}
    kind = PROBLEMS[code]
    try:
        renderer = site_of(connection).renderer
        tag = blog.language if blog else renderer.language
        if path.startswith("/console"):
            tag = console_language(connection)
        language = renderer.languages.of(tag)
        return renderer.response(
            connection, "error.html", status=plain.status_code, headers=kept, language=tag,
            title=language.gettext(kind.title), detail=_translated(language, detail, code), code=code,
            blog=blog.to_json() if blog else None,
        )
    except Exception:  # rendering the error page must not raise a second error
        return plain


def _translated(language: Language, detail: str, code: str) -> str:
    """The detail in a language; what is not in its catalogue is said in general, and not in English. A detail
    that says no more than the title is said in general too."""
    if detail.rstrip(".") == PROBLEMS[code].title and code in _GENERAL_DETAILS:
        return language.gettext(_GENERAL_DETAILS[code])
    said = language.said(detail)
    if said != detail or language.tag == ENGLISH:
        return said
    general = _GENERAL_DETAILS.get(code)
    return language.gettext(general) if general else ""


def _extra(error: StopPressError, language: Language | None) -> dict[str, Any]:
    if isinstance(error, errors.Invalid):
        say = language.said if language else str
        return {
            "errors": [
                {"field": f.field, "label": say(f.label), "message": say(f.message)} for f in error.fields
            ]
        }
    if isinstance(error, errors.StaleRevision):
        return {"current": error.current, "yours": error.yours, "based_on": error.based_on}
    return {}


def _headers(error: StopPressError) -> dict[str, str]:
    if isinstance(error, errors.Throttled):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="stoppress"'}
    if isinstance(error, errors.StaleRevision) and "revision" in error.current:
        return {"ETag": f'"{error.current["revision"]}"'}
    return {}


async def _known(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, StopPressError)
    plain = problem(error, language=_language(connection))
    blog = await _blog_of(connection, plain.status_code)
    return _negotiated(connection, plain, error.detail, error.code, blog)


async def _http(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal_error")
    detail = error.detail
    if detail in ("", HTTPStatus(error.status_code).phrase):
        detail = PROBLEMS[code].title + "."
    plain = problem_of(code, detail, status=error.status_code, headers=error.headers)
    return _negotiated(connection, plain, detail, code, await _blog_of(connection, plain.status_code))


async def _disconnected(connection: HTTPConnection, error: Exception) -> Response:
    # The client is gone; handled here so that an aborted upload is not logged as an internal error.
    return problem_of("bad_request", "The client disconnected before the request was complete.")


async def _os_error(connection: HTTPConnection, error: Exception) -> Response:
    """A disk that takes no more, of the temporary folder most of all: a large upload waits there."""
    assert isinstance(error, OSError)
    reason = errors.of_errno(error)
    if reason == "unreachable" and NO_TEMPORARY_FOLDER not in str(error):
        raise error
    log.error("web.disk", reason=reason, cause=str(error)[:300])
    return answer(connection, errors.Unavailable("The server's disk takes no more. Try again.", reason=reason))


async def _unexpected(connection: HTTPConnection, error: Exception) -> Response:
    detail = "Something went wrong on the server. The error has been logged."
    response = answer_of(connection, "internal_error", detail)
    # Starlette sends this response from outside the middleware stack.
    scheme, path = connection.scope["scheme"], connection.scope["path"]
    site_of(connection).security.add(response.headers, scheme=scheme, path=path)
    add_cors(response.headers, path)
    return response


HANDLERS: Mapping[Any, ExceptionHandler] = {
    StopPressError: _known,
    HTTPException: _http,
    ClientDisconnect: _disconnected,
    OSError: _os_error,
    Exception: _unexpected,
}
