"""The kinds of value that a request can hold: a line, an address, a time zone, each with its limit and message.

Strings are repaired as text/characters.py says, or refused.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from server.domain import permissions
from server.domain.blog import MAX_SLUG, SLUG
from server.domain.message import N_
from server.domain.text_limits import MAX_BODY, MAX_LINE, MAX_SUMMARY, MAX_TEXT, MAX_TOPIC, MAX_URL
from server.text.characters import repair, repair_line, trimmed

# C0 and C1 controls, and the separators that JavaScript and event streams treat as line ends
_CONTROL = r"\u0000-\u001F\u007F-\u009F\u2028\u2029"
LINE = rf"^[^{_CONTROL}]*$"
WITH_WORDS = r"\S"
URL = (
    r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([0-9]{1,4}|[1-5][0-9]{4}))?"
    r"([/?#][^\s\u0000-\u0020\u007F-\u00A0\"<>\\^`{|}]*)?$"
)
HTTPS = f"^({URL[1:-1].replace('https?', 'https', 1)})?$"
MEDIA_ID = r"^[a-z2-7]{16}$"
# BCP 47 without grandfathered tags: language, script, region, variants, extensions, private use
LANGUAGE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(-[A-WYZa-wyz0-9](-[A-Za-z0-9]{2,8})+)*(-x(-[A-Za-z0-9]{1,8})+)?$"
)
ZONES = sorted(z for z in zoneinfo.available_timezones() if z not in ("localtime", "posixrules", "Factory"))
ZONE = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"
_ZONES = frozenset(ZONES)


def matching(pattern: str, message: str) -> AfterValidator:
    compiled = re.compile(pattern.removesuffix("$") + r"\Z")

    def check(text: str) -> str:
        if not compiled.match(text):
            raise ValueError(message)
        return text

    return AfterValidator(check)


def pattern_of(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


def _zone(text: str) -> str:
    if text not in _ZONES:
        raise ValueError(N_("must be an IANA time zone, for example Europe/Lisbon"))
    return text


def _instant(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(N_("out of range")) from error


no_control = matching(LINE, N_("must not contain line breaks or control characters"))


def _one_line(text: str) -> str:
    return trimmed(repair_line(text))


def some_words(text: str) -> str:
    words = _one_line(text)
    if not words:
        raise ValueError(N_("needs some text"))
    return words


Line = Annotated[str, Field(max_length=MAX_LINE), AfterValidator(_one_line)]
"""One line of plain text; may be empty."""
Words = Annotated[
    str, Field(min_length=1, max_length=MAX_LINE), pattern_of(WITH_WORDS), AfterValidator(some_words)
]
"""One line of plain text with something to see in it."""
Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(lambda text: trimmed(repair(text)))]
"""Plain text that may have line breaks."""
Long = Annotated[str, Field(max_length=MAX_BODY), AfterValidator(repair)]
"""Markdown or HTML."""
Summary = Annotated[str, Field(max_length=MAX_SUMMARY), AfterValidator(repair)]
"""Markdown or HTML of a closing summary."""
Url = Annotated[
    str, Field(max_length=MAX_URL), pattern_of(URL),
    matching(URL, N_("must be a URL that starts with http:// or https://")),
]
HttpsOrNone = Annotated[
    str, Field(max_length=MAX_URL), pattern_of(HTTPS),
    matching(HTTPS, N_("an address that starts with https://, or empty")),
]
Topic = Annotated[
    str, Field(min_length=1, max_length=MAX_TOPIC), pattern_of(WITH_WORDS), AfterValidator(some_words)
]
Slug = Annotated[
    str, Field(max_length=MAX_SLUG), pattern_of(SLUG),
    matching(SLUG, N_("may contain a-z, 0-9 and single hyphens between them")),
]
Language = Annotated[
    str, Field(max_length=35), pattern_of(LANGUAGE),
    matching(LANGUAGE, N_("must be a BCP 47 language tag, for example en-GB")),
]
# a string, not an enumeration: generators of clients stop at 600 names, and the list changes every year
TimeZone = TypeAliasType(
    "TimeZone",
    Annotated[
        str, AfterValidator(_zone),
        WithJsonSchema({
            "type": "string", "pattern": ZONE, "maxLength": max(map(len, ZONES)),
            "description": "An IANA time zone.", "examples": ["Europe/Lisbon"],
        }),
    ],
)
MediaIdOrNone = Annotated[
    str, pattern_of(rf"^({MEDIA_ID[1:-1]})?$"), matching(rf"^({MEDIA_ID[1:-1]})?$", N_("an id, or empty"))
]
MediaId = Annotated[str, pattern_of(MEDIA_ID), matching(MEDIA_ID, N_("must be the id of an uploaded picture"))]
Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
Role: TypeAlias = permissions.Role
