"""The language that templates are rendered in: gettext for Jinja, and the filters for times and numbers.

Templates say `_("…")`, `ngettext("%(n)s update", "%(n)s updates", count)`, `pgettext("context", "…")`, or use
`{% trans %}`. The language is set around each rendering, so that imported macros see it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from server.web import times
from server.web.languages import Language

_language: ContextVar[Language] = ContextVar("language")


@contextmanager
def rendered_in(language: Language) -> Iterator[None]:
    """Templates rendered inside are in this language."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def current() -> Language:
    """The language of the rendering. Raises LookupError outside of one."""
    return _language.get()


def install(environment: Environment) -> None:
    """Teach an environment with autoescape to translate and to format."""
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # set by the extension: placeholders by name
    environment.globals |= {
        "gettext": _gettext, "ngettext": _ngettext, "pgettext": _pgettext, "npgettext": _npgettext,
        "interface": current,
    }
    environment.filters |= {
        "clock": _clock,
        "day": _day,
        "in_full": _in_full,
        "weekday": _weekday,
        "zone_name": _zone_name,
        "english_for": _english_for,
        "number": _number,
        "joined": _joined,
    }


# What a catalogue says is HTML; what is filled in is escaped.


def _filled(language: Language, message: str, values: Mapping[str, Any]) -> Markup:
    return Markup(language.fill(Markup(message), values))  # noqa: S704 - a catalogue is our own


def _gettext(message: str, /, **values: Any) -> Markup:
    language = current()
    return _filled(language, language.translations.gettext(message), values)


def _ngettext(singular: str, plural: str, n: int, /, **values: Any) -> Markup:
    language = current()
    found = language.translations.ngettext(singular, plural, n)
    return _filled(language, found, {"n": n, "num": n} | values)  # Jinja's own name for it is `num`


def _pgettext(context: str, message: str, /, **values: Any) -> Markup:
    language = current()
    return _filled(language, language.translations.pgettext(context, message), values)


def _npgettext(context: str, singular: str, plural: str, n: int, /, **values: Any) -> Markup:
    language = current()
    found = language.translations.npgettext(context, singular, plural, n)
    return _filled(language, found, {"n": n, "num": n} | values)


def _english_for(tag: str) -> Markup:
    """The attribute for our own words on a page in the language `tag`, where there is no catalogue for it and
    they are English: a screen reader has to pronounce them as such."""
    words = current().tag
    if tag.lower().partition("-")[0] == words.partition("-")[0]:
        return Markup()
    return Markup(' lang="{}"').format(words)


def _clock(text: str, zone: str) -> str:
    return times.clock(text, zone, current())


def _day(text: str, zone: str) -> str:
    return times.day(text, zone, current())


def _in_full(text: str, zone: str) -> str:
    return times.in_full(text, zone, current())


def _weekday(text: str, zone: str) -> str:
    return times.weekday(text, zone, current())


def _zone_name(text: str, zone: str) -> str:
    return times.zone_name(text, zone, current())


def _number(value: int) -> str:
    return current().number(value)


def _joined(items: Sequence[Markup | str], *, between: str = "") -> Markup:
    """A list as the language joins it, or with the same mark between all."""
    return Markup.escape(between).join(items) if between else current().joined(items)
