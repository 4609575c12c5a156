"""Why a database does not do what it was asked: the drivers' errors become `Unavailable` with a reason.

A broken rule (IntegrityError) passes as it is, and so does a mistake of ours: to call wrong SQL, or a value
that no column takes, unavailable would hide it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import exc

from server.domain.errors import UNAVAILABLE_REASONS, Unavailable, UnavailableReason, of_errno

log = structlog.get_logger()

LOG_AGAIN_SECONDS = 60.0

DETAILS: Mapping[UnavailableReason, str] = {
    "busy": "The database is busy with another write; nothing was written. Try again.",
    "corrupt": "The database is damaged; nothing was written. Restore a backup.",
    "disk_full": "The database's disk is full; nothing was written.",
    "missing": "The database or its tables are missing; nothing was written.",
    "read_only": "The database is read-only; nothing was written.",
    "standby": "The database is a standby and takes no writes; nothing was written.",
    "unreachable": "The database cannot be reached; nothing was written. Try again.",
}
UNCERTAIN = (
    "The database was lost while it committed; look whether it was written before you try again, or send the "
    "same Idempotency-Key."
)

_OURS = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)

# https://www.sqlite.org/rescode.html; an extended code begins with the name of its primary code
_SQLITE: tuple[tuple[str, UnavailableReason], ...] = (
    ("SQLITE_FULL", "disk_full"),
    ("SQLITE_BUSY", "busy"),
    ("SQLITE_LOCKED", "busy"),
    ("SQLITE_READONLY", "read_only"),
    ("SQLITE_CORRUPT", "corrupt"),
    ("SQLITE_NOTADB", "corrupt"),
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html; a class is its first two characters
_POSTGRES: tuple[tuple[str, UnavailableReason], ...] = (
    ("53100", "disk_full"),
    ("25006", "read_only"),
    ("3D000", "missing"),
    ("57P04", "missing"),  # DROP DATABASE … WITH (FORCE)
    ("XX001", "corrupt"),
    ("XX002", "corrupt"),
)
_WORDS: tuple[tuple[str, UnavailableReason], ...] = (
    ("no space left", "disk_full"),
    ("disk is full", "disk_full"),
    ("read-only file system", "read_only"),
    # a failed log-in to PostgreSQL has no code of its own
    ('" does not exist', "missing"),
    ("no such table", "missing"),
    ("no such column", "missing"),
)


def unavailable(
    error: BaseException, *, file: Path | None = None, committing: bool = False, standby: bool = False
) -> Unavailable | None:
    """What to raise in place of a driver's error; None when that should pass as it is.

    Args:
        file: the database, when SQLite keeps it in one.
        committing: the error came while PostgreSQL committed.
        standby: the server that was connected to is a standby.
    """
    if isinstance(error, _OURS) or not isinstance(error, exc.DBAPIError | exc.TimeoutError | OSError):
        return None
    reason = _reason(error, file)
    if reason == "read_only" and standby:
        reason = "standby"
    if committing and reason == "unreachable":
        return Unavailable(UNCERTAIN, reason=reason)
    return Unavailable(DETAILS[reason], reason=reason)


def of_missing_table(error: exc.ProgrammingError) -> Unavailable | None:
    """The same for a table, column or schema of PostgreSQL that is not there. Anywhere but in the write probe
    that is a mistake of ours, and passes as it is."""
    if getattr(error.orig, "sqlstate", None) in ("42P01", "42703", "3F000"):
        return Unavailable(DETAILS["missing"], reason="missing")
    return None


def _reason(error: BaseException, file: Path | None) -> UnavailableReason:
    cause: Any = getattr(error, "orig", error)
    name = str(getattr(cause, "sqlite_errorname", ""))
    code = str(getattr(cause, "sqlstate", "") or "")
    said = str(cause).lower()
    for start, reason in _SQLITE:
        if name.startswith(start):
            return reason
    if file is not None and name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return _of_disk(file.parent)
    for start, reason in _POSTGRES:
        if code == start:
            return reason
    if isinstance(cause, OSError) and of_errno(cause) != "unreachable":
        return of_errno(cause)
    return next((reason for words, reason in _WORDS if words in said), "unreachable")


def _of_disk(folder: Path) -> UnavailableReason:
    """Why SQLite cannot open or write a file there, which it does not tell itself."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return "unreachable"
    if found.f_flag & os.ST_RDONLY or not os.access(folder, os.W_OK):
        return "read_only"
    return "disk_full" if found.f_bavail == 0 or (found.f_files and not found.f_favail) else "unreachable"


class FailedWrites:
    """Counts writes that failed, by reason, and logs each reason once a minute."""

    def __init__(self) -> None:
        self.counts: dict[UnavailableReason, int] = dict.fromkeys(UNAVAILABLE_REASONS, 0)
        self.last: dict[UnavailableReason, float] = {}
        """`time.monotonic()` of the newest failure of each reason."""
        self.on_failure: Callable[[], None] | None = None
        self._logged: dict[UnavailableReason, float] = {}

    def note(self, error: Unavailable) -> None:
        now = time.monotonic()
        self.counts[error.reason] += 1
        self.last[error.reason] = now
        if self.on_failure is not None:
            self.on_failure()
        if now - self._logged.get(error.reason, float("-inf")) < LOG_AGAIN_SECONDS:
            return
        self._logged[error.reason] = now
        cause = error.__cause__
        said = str(getattr(cause, "orig", cause) or error.detail).partition("\n")[0][:300]
        log.error("database.write_failed", reason=error.reason, detail=error.detail, cause=said)

    def within(self, reason: UnavailableReason, seconds: float) -> bool:
        """Whether a write failed for this reason in the last so many seconds."""
        return time.monotonic() - self.last.get(reason, float("-inf")) < seconds
