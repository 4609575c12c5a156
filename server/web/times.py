"""Formats times in the newsroom's time zone for templates. Scripts replace them with the reader's time zone.

All functions take an RFC 3339 string, as in changes, and the name of a time zone; a zone unknown on this
machine is treated as UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)


def clock(text: str, zone: str) -> str:
    """`21:44`."""
    return _local(text, zone).strftime("%H:%M")


def day(text: str, zone: str) -> str:
    """`22 Nov`."""
    moment = _local(text, zone)
    return f"{moment.day} {_MONTHS[moment.month - 1][:3]}"


def in_full(text: str, zone: str) -> str:
    """`22 November 2026, 21:44 GMT`. Does not use strftime for month names, which depend on the server's
    locale."""
    moment = _local(text, zone)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone_name(text, zone)}"


def zone_name(text: str, zone: str) -> str:
    """`GMT`, `CET`, or the offset if the zone has no abbreviation."""
    name = _local(text, zone).tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name}"


@lru_cache(maxsize=2048)
def _local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone_of(zone))


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
