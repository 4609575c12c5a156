"""The language that somebody who works in the console reads: chosen there, or what the browser asks for."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from server.web.site import site_of

COOKIE = "stoppress_language"
MAX_RANGES = 20
"""Ranges of one Accept-Language that are looked at."""


def language_of(connection: HTTPConnection) -> str | None:
    """The tag of the catalogue for a request: the choice in the cookie, else the first of `Accept-Language`
    that there is a catalogue for (RFC 9110, section 12.5.4). None where neither names one."""
    languages = site_of(connection).renderer.languages
    chosen = languages.catalogue(connection.cookies.get(COOKIE, ""))
    if chosen is not None:
        return chosen
    accepted = (languages.catalogue(tag) for tag in _ranges(connection.headers.get("accept-language", "")))
    return next((name for name in accepted if name is not None), None)


def console_language(connection: HTTPConnection) -> str:
    """The tag of a page of the console: that of the site where the request names none."""
    return language_of(connection) or site_of(connection).renderer.language


def _ranges(header: str) -> list[str]:
    """The language ranges of the header, the most wanted first."""
    found = []
    for number, part in enumerate(header.split(",")[:MAX_RANGES]):
        tag, _, weight = part.partition(";")
        wanted = _weight(weight)
        if tag.strip() and wanted > 0:
            found.append((-wanted, number, tag.strip()))
    return [tag for _, _, tag in sorted(found)]


def _weight(text: str) -> float:
    name, _, value = text.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
