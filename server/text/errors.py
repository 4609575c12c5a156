"""What a text is refused for: too much of something, or a character that stands for nothing."""

from __future__ import annotations

from server.domain.message import Message


class TextError(ValueError):
    """The text cannot be taken. `place` says where in the text, for example `line 12`; it may be empty."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.message, self.place = message, place

    def __str__(self) -> str:
        return self.said

    @property
    def said(self) -> str:
        """What a person is told, with the place."""
        if not self.place:
            return self.message
        return Message("%(place)s: %(message)s", place=self.place, message=self.message)


def too_many(limit: int, what: str, *, place: str = "") -> TextError:
    """The error for more than `limit` of `what`, a message of the catalogues."""
    return TextError(Message("at most %(n)s %(what)s", n=limit, what=Message(what)), place)


def at_line(number: int) -> Message:
    """A place in a text."""
    return Message("line %(n)s", n=str(number))  # no thousands in a place
