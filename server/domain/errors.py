"""The exception tree. web/errors.py maps it to HTTP (RFC 9457), cli/ to exit codes.

`code` is stable and documented in docs/api.md.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from server.domain.field_labels import label
from server.domain.message import Message


class StopPressError(Exception):
    """Base class. `code` is for programs, `detail` is a message for people."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail or (self.__doc__ or self.code).strip().splitlines()[0]
        """For people, in English; the first line of the class's docstring where nothing else was said."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field, for example `FieldError("blocks.2.alt", "at most 1000 characters")`."""

    field: str
    message: str

    @property
    def label(self) -> str:
        """The field as a person sees it."""
        return label(self.field)


class Invalid(StopPressError):
    """The input is invalid. `fields` names each invalid field and the limit."""

    code = "invalid"

    def __init__(self, *fields: FieldError, detail: str = "") -> None:
        super().__init__(detail or "; ".join(f"{f.label}: {f.message}" for f in fields))
        self.fields = fields

    @classmethod
    def field(cls, field: str, message: str) -> Invalid:
        return cls(FieldError(field, message))


class Unauthenticated(StopPressError):
    """Log in, or send an API token."""

    code = "unauthenticated"


class Forbidden(StopPressError):
    """Your role does not allow this."""

    code = "forbidden"


class NotFound(StopPressError):
    """Page or resource not found."""

    code = "not_found"


class Gone(StopPressError):
    """This update has been retracted."""

    code = "gone"


class Conflict(StopPressError):
    """The current state does not allow this."""

    code = "conflict"

    def __init__(self, detail: str = "", *, field: str = "") -> None:
        """`field`: the one whose value is taken already."""
        super().__init__(f"{field}: {detail}" if field else detail)
        self.field, self.message = field, detail or self.detail


class StaleRevision(StopPressError):
    """Somebody else changed this since you loaded it."""

    code = "stale_revision"

    def __init__(self, *, current: dict[str, Any], yours: dict[str, Any], based_on: str) -> None:
        super().__init__()
        self.current, self.yours, self.based_on = current, yours, based_on


class RevisionRequired(StopPressError):
    """Send If-Match with the revision that you edited."""

    code = "revision_required"


class KeyReused(StopPressError):
    """This Idempotency-Key was already used with a different request."""

    code = "idempotency_key_reused"


class TooLarge(StopPressError):
    """The request is too large."""

    code = "too_large"


class UnsupportedMedia(StopPressError):
    """This file type is not supported."""

    code = "unsupported_media"


class Throttled(StopPressError):
    """Too many attempts. Try again later."""

    code = "throttled"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(Message("Too many attempts. Try again in %(n)s seconds.", n=retry_after))
        self.retry_after = retry_after


UnavailableReason: TypeAlias = Literal[
    "busy", "corrupt", "disk_full", "missing", "read_only", "standby", "unreachable"
]
UNAVAILABLE_REASONS: tuple[UnavailableReason, ...] = get_args(UnavailableReason)


class Unavailable(StopPressError):
    """The database is not available; nothing was written."""

    code = "unavailable"

    def __init__(self, detail: str = "", *, reason: UnavailableReason = "unreachable") -> None:
        super().__init__(detail)
        self.reason: UnavailableReason = reason


def of_errno(error: OSError) -> UnavailableReason:
    """Why a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOBUFS):
        return "disk_full"
    return "read_only" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "unreachable"


class SchemaMismatch(StopPressError):
    """The database schema does not match this version of Stop Press."""

    code = "schema_mismatch"


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says why, one line each. Not of the tree above:
    nobody but the operator ever sees it."""
