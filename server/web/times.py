"""Formats times in the newsroom's time zone, as a language writes them. Scripts replace them with the reader's
time zone.

All functions take an RFC 3339 string, as in changes, and the name of a time zone; a zone unknown on this
machine is treated as UTC. Patterns and names are those of CLDR.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates
from babel.core import get_global

from server.web.languages import Language

_KEPT = 16_384
"""Formatted times kept: Babel takes some 30 µs for one, and a page shows hundreds."""
_NOT_USED = "\u2205\u2205\u2205"
"""CLDR's mark for an abbreviation that the locale's parent has and the locale has not (LDML, part 4)."""


def clock(text: str, zone: str, language: Language) -> str:
    """`21:44`; in `en-US` `9:44 PM`."""
    return _kept(_clock, text, zone, language)


def day(text: str, zone: str, language: Language) -> str:
    """`22 Nov`, `22. Nov.`"""
    return _kept(_day, text, zone, language)


def weekday(text: str, zone: str, language: Language) -> str:
    """`Sunday 22 November 2026`, `Sonntag, 22. November 2026`"""
    return _kept(_weekday, text, zone, language)


def date_in(moment: datetime, zone: str) -> date:
    """The day of a moment in a time zone."""
    return moment.astimezone(zone_of(zone)).date()


def in_full(text: str, zone: str, language: Language) -> str:
    """`22 November 2026, 21:44 GMT`"""
    return _kept(_in_full, text, zone, language)


def zone_name(text: str, zone: str, language: Language) -> str:
    """`GMT`, `CET`, in German `MEZ`; the offset if the zone has no abbreviation.

    Abbreviations are those of CLDR, then of the time zone database; these are Latin letters, so that a language
    of another script has its word for Greenwich and the offset.
    """
    return _kept(_zone_name, text, zone, language)


@lru_cache(maxsize=_KEPT)
def _kept(make: Callable[[str, str, Language], str], text: str, zone: str, language: Language) -> str:
    return make(text, zone, language)


def _clock(text: str, zone: str, language: Language) -> str:
    return language.digits(
        dates.format_time(_local(text, zone), language.clock_pattern, locale=language.locale)
    )


def _day(text: str, zone: str, language: Language) -> str:
    return language.digits(dates.format_skeleton("MMMd", _local(text, zone), locale=language.locale))


def _weekday(text: str, zone: str, language: Language) -> str:
    return language.digits(dates.format_date(_local(text, zone), "full", locale=language.locale))


def _in_full(text: str, zone: str, language: Language) -> str:
    day_of_year = language.digits(dates.format_date(_local(text, zone), "long", locale=language.locale))
    time = f"{clock(text, zone, language)} {zone_name(text, zone, language)}"
    return str(language.locale.datetime_formats["medium"]).format(time, day_of_year)


def _zone_name(text: str, zone: str, language: Language) -> str:
    moment = _local(text, zone)
    if known := _abbreviation(moment, zone, language):
        return known
    greenwich = str(language.locale.zone_formats["gmt"])
    if not greenwich.isascii():
        return greenwich % _offset(moment, language)
    name = moment.tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name}"


def _abbreviation(moment: datetime, zone: str, language: Language) -> str:
    """CLDR's own abbreviation, empty where it has none; Babel itself falls back to words without saying so."""
    name = get_global("meta_zones").get(zone, "")
    short = dict(language.locale.meta_zones.get(name, {})).get("short", {})
    kind = "daylight" if moment.dst() else "standard"
    found = str(short.get(kind, ""))
    return "" if found == _NOT_USED else found


def _offset(moment: datetime, language: Language) -> str:
    """`+3`, `+5:30`, and an empty string for UTC. The signs of Arabic carry the mark that keeps them before the
    number."""
    offset = moment.utcoffset() or timedelta()
    if not offset:
        return ""
    minutes = abs(int(offset.total_seconds()) // 60)
    symbols = language.locale.number_symbols[language.numbering_system]
    sign = symbols["minusSign" if offset < timedelta() else "plusSign"]
    text = f"{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
    return language.digits(text)


@lru_cache(maxsize=2048)
def _local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone_of(zone))


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
