"""Texts for people that are written in English where they arise, and said in another language where they are
shown (server/web/languages.py)."""

from __future__ import annotations

from typing import Any, TypeAlias

Value: TypeAlias = str | int


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a message that is translated where it is shown."""
    return message


class Message(str):
    """English, with the message of the catalogues that it was made of and what was filled in.

    Args:
        template: a literal, in which `%(name)s` stands for a value and `%%` for a per cent sign.
        values: by name. Whole numbers are written as the language writes them; a value that is a `Message` is
            translated too.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Message:
        shown = {name: f"{v:,}" if type(v) is int else v for name, v in values.items()}
        made = super().__new__(cls, template % shown)
        made.template, made.values = template, values
        return made


def to_json(text: str) -> Any:
    """A text for another process: itself, or what a `Message` was made of."""
    if not isinstance(text, Message):
        return text
    values = {n: to_json(v) if isinstance(v, str) else v for n, v in text.values.items()}
    return {"template": text.template, "values": values}


def from_json(data: Any) -> str:
    """Inverse of `to_json`."""
    if isinstance(data, str):
        return data
    values = {n: v if isinstance(v, int) else from_json(v) for n, v in data["values"].items()}
    template: str = data["template"]
    return Message(template, **values)
