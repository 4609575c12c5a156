"""The headers by which a client says which version it has or has edited (RFC 9110, section 13)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from starlette.requests import HTTPConnection

from server.domain.errors import Invalid, RevisionRequired

# section 8.8.3: anything between the quotes but blanks, quotes and control characters; a comma is allowed
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"\s*(?:{_TAG}\s*)?(?:,\s*(?:{_TAG}\s*)?)*")
# an ETag also holds the position; the quotes are often forgotten, and harmless
_REVISION = re.compile(r'("?)([0-9]{1,9})(?:\.([a-z0-9]{1,16})\.[0-9]{1,19})?\1', re.ASCII)


SETTLED = timedelta(seconds=1)


class Edited(NamedTuple):
    """Which version a client edited. `revision`: None for whichever is there. `epoch`: that of the position in
    the ETag; empty if the client named the revision alone."""

    revision: int | None
    epoch: str = ""


def client_has(connection: HTTPConnection, etag: str, modified: str = "") -> bool:
    """Whether the client of this request has the version already; see `has_version`."""
    headers = connection.headers
    return has_version(headers.getlist("if-none-match"), headers.get("if-modified-since"), etag, modified)


def has_version(named: Sequence[str], since: str | None, etag: str, modified: str = "") -> bool:
    """Whether If-None-Match (`named`, its lines) names this version, or `*`; without that header, whether
    If-Modified-Since is just `modified` (`last_modified`). A later date is not taken for a newer version: it
    may be one of a history that was restored to an earlier state. Weak and strong tags are compared alike
    (sections 13.1.2 and 8.8.3.2). A header that cannot be read names none: the version is sent."""
    if not named:  # section 13.1.3: it goes before
        return bool(modified) and since == modified
    text = ",".join(named)
    if text.strip() == "*":
        return True
    if not _TAGS.fullmatch(text):
        return False
    return etag.removeprefix("W/") in (tag.removeprefix("W/") for tag in re.findall(_TAG, text))


def last_modified(moment: datetime | None) -> str:
    """The value of Last-Modified; empty for a moment in this second, in which more may change (section
    8.8.2.2)."""
    if moment is None or datetime.now(UTC) - moment < SETTLED:
        return ""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def edited_version(connection: HTTPConnection, *, required: bool) -> Edited:
    """The version that If-Match names; no revision for `*`, and for no header where it is not `required`.

    Raises:
        RevisionRequired: there is no If-Match.
        Invalid: it is neither one revision nor `*`. A weak tag or a list is refused: a change is made to one
            version, and If-Match compares strongly (section 13.1.1).
    """
    given = connection.headers.getlist("if-match")
    if not given:
        if required:
            raise RevisionRequired
        return Edited(None)
    text = ",".join(given).strip()
    if text == "*":
        return Edited(None)
    match = _REVISION.fullmatch(text)
    if match is None:
        raise Invalid.field("If-Match", 'the revision that you edited in quotes, for example "3", or *')
    return Edited(int(match[2]), match[3] or "")
