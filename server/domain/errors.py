"""Every error that Stop Press raises on purpose: one tree, with attributes instead of prose to parse.

web/errors.py maps the tree to HTTP (RFC 9457); cli.py maps it to exit codes. `code` is stable and
documented in docs/api.md.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from server.domain.labels import label


class StopPressError(Exception):
    """The root. `code` names the kind of error for machines, `detail` says it to a person."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail or (self.__doc__ or self.code).strip().splitlines()[0]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be taken, e.g. `FieldError("blocks.2.alt", "at most 1000 characters")`."""

    field: str
    message: str

    @property
    def label(self) -> str:
        """The field as a person sees it."""
        return label(self.field)


class Invalid(StopPressError):
    """The input cannot be taken; `fields` names each field and its limit."""

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
    """There is nothing here."""

    code = "not_found"


class Gone(StopPressError):
    """This was here and has been retracted."""

    code = "gone"


class Conflict(StopPressError):
    """The present state does not allow this."""

    code = "conflict"


class StaleRevision(StopPressError):
    """Somebody changed this since you read it."""

    code = "stale_revision"

    def __init__(self, *, current: dict[str, Any], yours: dict[str, Any], based_on: str) -> None:
        super().__init__()
        self.current, self.yours, self.based_on = current, yours, based_on


class RevisionRequired(StopPressError):
    """Send If-Match with the revision that you edited."""

    code = "revision_required"


class KeyReused(StopPressError):
    """This Idempotency-Key was used with another request."""

    code = "idempotency_key_reused"


class TooLarge(StopPressError):
    """The request is larger than the limit."""

    code = "too_large"


class UnsupportedMedia(StopPressError):
    """The file is not of a kind that can be shown."""

    code = "unsupported_media"


class Throttled(StopPressError):
    """Too many attempts; wait."""

    code = "throttled"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after} seconds.")
        self.retry_after = retry_after


UnavailableReason: TypeAlias = Literal[
    "busy", "corrupt", "disk_full", "missing", "read_only", "standby", "unreachable"
]
UNAVAILABLE_REASONS: tuple[UnavailableReason, ...] = get_args(UnavailableReason)


class Unavailable(StopPressError):
    """The database cannot be used right now; nothing was written."""

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
    """The database has another schema than this version needs."""

    code = "schema_mismatch"


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says why, one line each. Not of the tree above:
    nobody but the operator ever sees it."""
