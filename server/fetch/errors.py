"""Why something could not be fetched. Callers degrade; no reader sees these."""

from __future__ import annotations


class FetchError(Exception):
    """Base class; the message is for the log."""


class Blocked(FetchError):
    """The host must not be asked: an address is not public, or the URL has a form that is not allowed."""


class Unreachable(FetchError):
    """No answer: the name does not resolve, the connection or TLS failed, or time was up."""


class Refused(FetchError):
    """The server answered with another status than 200, or with too many redirects."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Unusable(FetchError):
    """The answer is too large, of another content type, or broken."""
