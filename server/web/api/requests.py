"""Reads API requests: JSON body, If-Match, pagination. Errors name the field."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.domain.errors import FieldError, Invalid, RevisionRequired, UnsupportedMedia
from server.domain.permissions import Action, Caller, may

Model = TypeVar("Model", bound=BaseModel)

MAX_PAGE = 100
DEFAULT_PAGE = 50
_JSON = re.compile(r"application/(json|[a-z0-9.-]+\+json)\s*(;.*)?", re.ASCII | re.IGNORECASE)
_REVISION = re.compile(r'("?)([0-9]{1,9})\1', re.ASCII)  # clients often omit the quotes
_UNION_TAGS = frozenset({"text", "quote", "image", "video", "embed"})


async def read(request: Request, model: type[Model]) -> Model:
    """Parse the request body as `model`.

    Raises:
        UnsupportedMedia: the Content-Type is not JSON.
        HTTPException: 400, the body is not valid JSON.
        Invalid: lists all invalid fields.
    """
    if not _JSON.fullmatch(request.headers.get("content-type", "").strip()):
        raise UnsupportedMedia("Send JSON with Content-Type: application/json.")
    data = await request.body()
    try:
        parsed = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise HTTPException(400, "The JSON is nested too deeply.") from error
    except ValueError as error:  # also UnicodeDecodeError, and numbers of thousands of digits
        raise HTTPException(400, f"The body is not valid JSON: {error}") from error
    broken = _lone_surrogate(parsed, "")
    if broken is not None:
        raise Invalid.field(broken, "must be valid Unicode")
    return validated(model, data)


def validated(model: type[Model], data: bytes) -> Model:
    """Parse JSON as `model`. Raises Invalid with all invalid fields."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise Invalid(*(_field_error(e) for e in found)) from error


_SURROGATE = re.compile("[\ud800-\udfff]")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not allowed in JSON")


def _lone_surrogate(value: Any, path: str) -> str | None:
    """Path of the first lone surrogate (`"\\ud800"`), which JSON can express but UTF-8 cannot encode."""
    if isinstance(value, str):
        return (path or "body") if _SURROGATE.search(value) else None
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        if any(_lone_surrogate(key, "name") for key in value):
            return path or "body"
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, item in inner:
        found = _lone_surrogate(item, f"{path}.{key}" if path else str(key))
        if found is not None:
            return found
    return None


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place = [str(p) for p in error["loc"] if p not in _UNION_TAGS or error["loc"].index(p) != 2]
    said = str(error["msg"]).removeprefix("Value error, ")
    return FieldError(".".join(place)[:200] or "body", said)


def revision_of(request: Request, *, required: bool) -> int | None:
    """The revision in `If-Match`; None for `*`, or if the header is missing and not `required`.

    Raises:
        RevisionRequired: the header is required and missing.
        Invalid: it is neither `"REVISION"` nor `*`.
    """
    text = request.headers.get("if-match")
    if text is None:
        if required:
            raise RevisionRequired
        return None
    if text.strip() == "*":
        return None
    match = _REVISION.fullmatch(text.strip())
    if match is None:
        raise Invalid.field("If-Match", 'must be the revision that you edited in quotes, for example "3", or *')
    return int(match[2])


def unchanged(request: Request, etag: str) -> bool:
    """Whether the client already has this version (If-None-Match with weak comparison, RFC 9110, 13.1.2)."""
    given = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
    return "*" in given or etag in given


def known(request: Request, *names: str) -> None:
    """Reject unknown query parameters: silently ignoring a misspelt filter would return too much."""
    for name in request.query_params:
        if name not in names:
            raise Invalid.field(name[:100], f"unknown parameter; allowed: {', '.join(names) or 'none'}")
        if len(request.query_params.getlist(name)) > 1:
            raise Invalid.field(name, "may be given only once")


def limit_of(request: Request) -> int:
    """Page size from `?limit=`, 1 to 100. Raises Invalid."""
    text = request.query_params.get("limit", str(DEFAULT_PAGE))
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text, re.ASCII) or int(text) > MAX_PAGE:
        raise Invalid.field("limit", f"must be a number from 1 to {MAX_PAGE}")
    return int(text)


def cursor(moment: datetime, id_: str) -> str:
    """Cursor of the last item on a page, for `?before=`."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {id_}".encode()).decode().rstrip("=")


def before_of(request: Request) -> tuple[datetime, str] | None:
    """Parse the cursor in `?before=`. Raises Invalid."""
    text = request.query_params.get("before")
    if text is None:
        return None
    try:
        if len(text) > 200 or not text.isascii():
            raise ValueError
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        moment, _, id_ = plain.partition(" ")
        if not re.fullmatch(r"[a-z2-7]{16}", id_, re.ASCII):
            raise ValueError
        return datetime.fromisoformat(moment).astimezone(UTC), id_
    except (ValueError, OverflowError, binascii.Error) as error:
        raise Invalid.field("before", "must be the “next” of an earlier response") from error


def publishes(caller: Caller | None, blog_id: str) -> bool:
    """Whether the caller may see all entries of the blog."""
    return may(caller, Action.ENTRY_PUBLISH, blog_id)
