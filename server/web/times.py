"""Moments as the newsroom's zone shows them. Scripts show the reader's own zone instead.

Everything takes RFC 3339 text, as changes carry it, and the name of a time zone; a zone that is not known on
this machine counts as UTC.
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
    """`22 November 2026, 21:44 GMT`. Month names are ours: strftime's depend on the server's locale."""
    moment = _local(text, zone)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone_name(text, zone)}"


def zone_name(text: str, zone: str) -> str:
    """`GMT`, `CET`, or the offset where a zone has no letters."""
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
