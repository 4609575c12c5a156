"""Reading a request: its JSON, its page. What is wrong raises and names the field."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.domain.errors import Invalid, UnsupportedMedia
from server.domain.permissions import Action, Caller, may
from server.text.characters import half_character, half_of_character
from server.text.search import MAX_QUERY, words_in
from server.web.api.validation import validated

Model = TypeVar("Model", bound=BaseModel)

MAX_PAGE = 100
DEFAULT_PAGE = 50
MAX_CURSOR = 200
"""Characters of `?before=`."""
MAX_PATH = 200
"""Characters of a field's name that are repeated in an answer."""
_JSON = re.compile(r"application/(json|[a-z0-9.-]+\+json)\s*(;.*)?", re.ASCII | re.IGNORECASE)


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
    broken = _lone_surrogate(parsed)
    if broken is not None:
        field, place = broken
        raise Invalid.field(field, half_of_character(place))
    return validated(model, data)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not allowed in JSON")


def _lone_surrogate(value: Any) -> tuple[str, str] | None:
    """The field and the place in it where half a character is (`"\\ud800"`): JSON can write it, and no
    encoding can. Without recursion: the decoder nests deeper than a function of Python may."""
    waiting: list[tuple[Any, str]] = [(value, "")]
    while waiting:
        item, path = waiting.pop()
        inner: Iterable[tuple[Any, Any]] = ()
        if isinstance(item, str):
            if place := half_character(item):
                return path or "body", place
        elif isinstance(item, dict):
            if any(half_character(key) for key in item):
                return path or "body", "the name of a field"
            inner = item.items()
        elif isinstance(item, list):
            inner = enumerate(item)
        waiting += [(each, f"{path}.{key}"[:MAX_PATH] if path else str(key)[:MAX_PATH]) for key, each in inner]
    return None


def require_utf8(request: Request) -> None:
    """Raises UnsupportedMedia for a form in another character set: some of Python's decoders make halves of
    characters, or fail."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    charset = options.get(b"charset", b"utf-8").decode("latin-1").strip().lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia("Send the form in UTF-8.")




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


def words_of(request: Request) -> tuple[str, ...]:
    """The words of `?q=`, as text/search.py compares them. Raises Invalid."""
    query = request.query_params.get("q", "")
    if len(query) > MAX_QUERY:
        raise Invalid.field("q", f"at most {MAX_QUERY} characters; this has {len(query)}")
    return words_in(query)


def cursor(moment: datetime, id_: str) -> str:
    """Cursor of the last item on a page, for `?before=`."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {id_}".encode()).decode().rstrip("=")


def before_of(request: Request) -> tuple[datetime, str] | None:
    """Parse the cursor in `?before=`. Raises Invalid."""
    text = request.query_params.get("before")
    if text is None:
        return None
    try:
        if len(text) > MAX_CURSOR or not text.isascii():
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
