"""What a text is refused for: too much of something, or a character that stands for nothing."""

from __future__ import annotations


class TextError(ValueError):
    """The text cannot be taken. `place` says where in the text, for example `line 12`; it may be empty."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.message, self.place = message, place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def too_many(limit: int, what: str, *, place: str = "") -> TextError:
    """The error for more than `limit` of `what`."""
    return TextError(f"at most {limit:,} {what}", place)
