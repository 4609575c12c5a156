"""Reads JSON, a form or the options of a command as a model, and says what cannot be taken, by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from server.domain.errors import FieldError, Invalid
from server.domain.message import Message
from server.text.characters import half_character, half_of_character

MAX_ERRORS = 50
"""Fields that one answer names. A body of a megabyte can have a hundred thousand that are wrong."""
_UNION_TAGS = frozenset({"text", "quote", "image", "gallery", "video", "embed", "as_name", "as_parts"})

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], data: dict[str, Any]) -> Model:
    """Values of a form or a command as the API would take them. Raises Invalid with all fields that cannot be
    taken."""
    for field, value in data.items():
        if isinstance(value, str) and (place := half_character(value)):
            raise Invalid.field(field, half_of_character(place))
    return validated(model, json.dumps(data).encode())


def validated(model: type[Model], data: bytes) -> Model:
    """JSON as `model`. Raises Invalid with all fields that cannot be taken."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_ERRORS]
        raise Invalid(*(_field_error(e) for e in found)) from error


def _field_error(error: Mapping[str, Any]) -> FieldError:
    # the tag of a union stands behind its place in a list, or behind a field that holds one block
    tag_at = 1 if error["loc"][:1] == ("lead",) else 2
    place = [str(p) for n, p in enumerate(error["loc"]) if p not in _UNION_TAGS or n != tag_at]
    return FieldError(".".join(place)[:200] or "body", _said(error))


def _said(error: Mapping[str, Any]) -> str:
    """What is wrong, with the limit and what there is."""
    limits: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "string_too_long":
        return Message(
            "at most %(most)s characters; this has %(n)s", most=limits["max_length"], n=len(error["input"])
        )
    if error["type"] == "literal_error":
        return Message("one of %(names)s", names=limits["expected"].replace(" or ", ", ").replace("'", ""))
    if error["type"] == "string_too_short":
        return Message("needs some text")
    if error["type"] == "too_short":
        return Message(
            "at least %(least)s; these are %(n)s", least=limits["min_length"], n=limits["actual_length"]
        )
    if error["type"] == "too_long":
        return Message(
            "at most %(most)s; these are %(n)s", most=limits["max_length"], n=limits["actual_length"]
        )
    return str(error["msg"]).removeprefix("Value error, ")
