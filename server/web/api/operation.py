"""What one operation of the API is: a line of the table in route_table.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

PREFIX = "/api/v1"

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Who: TypeAlias = Literal["anyone", "anyone (public view)", "oneself", "contributor", "editor", "admin"]
"""The least role that may; `oneself` is somebody who is logged in, about oneself."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    `takes` is the JSON body; `answers` the body of the answer with `status`; `errors` the codes that may come
    besides those that every operation has; `query` the parameters; `tells_revision` adds an ETag.
    """

    method: str
    path: str
    handler: Handler
    name: str
    who: Who
    summary: str
    answers: type[BaseModel] | None
    status: int = 200
    takes: type[BaseModel] | None = None
    errors: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    tells_revision: bool = False
    if_match: Literal["", "optional", "required"] = ""
    idempotent: bool = False
    uploads: bool = False
