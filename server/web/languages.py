"""Languages of the interface: the words of a Babel catalogue, and the formats of its locale.

English is what the sources say; each file `server/locales/TAG.po` is one more language. A regional tag has the
words of its language and the formats of its region: `de-AT` the words of `de.po`, with dates as in Austria.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError, get_global
from babel.messages import mofile, pofile
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup

from server.domain.message import Message

CATALOGUES = Path(__file__).parent.parent / "locales"
ENGLISH = "en"
_ENGLISH_FORMATS = "en-GB"
"""Formats of English without a region: CLDR would take those of the United States."""
_ROOT_LIST = {"start": "{0}, {1}", "middle": "{0}, {1}", "end": "{0}, {1}", "2": "{0}, {1}"}
"""List pattern of CLDR's root locale, for the parts that a locale takes over from it."""
_SAMPLES = (*range(201), 1000, 1_000_000)
"""Numbers that show all plural categories of a language; CLDR's own samples lie among them."""


class Language:
    """The words and formats for one BCP 47 tag.

    `gettext` and its kin translate, and fill in `%(name)s` from keyword arguments. Whole numbers are written as
    the locale writes them; `n` is filled in by itself where there is a plural.
    """

    def __init__(self, tag: str, locale: Locale, translations: NullTranslations) -> None:
        self.tag = tag
        """Tag of the words, e.g. `de` for the blog language `de-AT`; `en` where there is no catalogue."""
        self.locale = locale
        self.translations = translations
        # Translators: "h23" if newsrooms of your language write 21:44 though CLDR has 9:44 PM, else "locale".
        self._24_hours = self.pgettext("hour cycle", "locale") == "h23"

    def gettext(self, message: str, /, **values: Any) -> str:
        return self.fill(self.translations.gettext(message), values)

    def ngettext(self, singular: str, plural: str, n: int, /, **values: Any) -> str:
        return self.fill(self.translations.ngettext(singular, plural, n), {"n": n} | values)

    def pgettext(self, context: str, message: str, /, **values: Any) -> str:
        return self.fill(self.translations.pgettext(context, message), values)

    def npgettext(self, context: str, singular: str, plural: str, n: int, /, **values: Any) -> str:
        found = self.translations.npgettext(context, singular, plural, n)
        return self.fill(found, {"n": n} | values)

    def said(self, text: str) -> str:
        """A text that arose in English: translated, with what was filled in if it is a `Message`. English where
        the catalogue does not have it."""
        if isinstance(text, Message):
            filled = {name: self.said(v) if isinstance(v, Message) else v for name, v in text.values.items()}
            return self.gettext(text.template, **filled)
        return self.translations.gettext(text) if text else ""

    def fill(self, message: str, values: Mapping[str, Any]) -> str:
        """The message with its placeholders filled in. A per cent sign in a message is written `%%`, as in all
        messages of printf format. Values of a message that is Markup are escaped."""
        return message % {name: self.number(v) if type(v) is int else v for name, v in values.items()}

    def plurals(self, singular: str, plural: str) -> dict[str, str]:
        """The message for each plural category of CLDR, for `Intl.PluralRules` in scripts, as in
        `{"one": …, "other": …}`. A category that reads like `other` is left out; `%(n)s` stays as it is."""
        found: dict[str, str] = {}
        for n in _SAMPLES:
            found.setdefault(self.locale.plural_form(n), self.translations.ngettext(singular, plural, n))
        other = found.setdefault("other", self.translations.ngettext(singular, plural, _SAMPLES[-1]))
        return {category: text for category, text in found.items() if category == "other" or text != other}

    def number(self, value: int) -> str:
        """`12,410`, `12.410`, `١٢٬٤١٠`."""
        return self.digits(format_decimal(value, locale=self.locale, numbering_system="default"))

    def digits(self, text: str) -> str:
        """The text with the digits of the locale's numbering system; Babel itself writes ASCII digits."""
        return text.translate(_digits(self.locale.default_numbering_system))

    @property
    def numbering_system(self) -> str:
        """CLDR's name of the locale's digits, `latn` or `arab`, as the `nu` of a tag for `Intl`."""
        return str(self.locale.default_numbering_system)

    @property
    def clock_pattern(self) -> str:
        """CLDR pattern of a time of day."""
        return "HH:mm" if self._24_hours else str(self.locale.time_formats["short"].pattern)

    @property
    def hour_cycle(self) -> str:
        """`h23` where the newsrooms of the language use another clock than CLDR says, else an empty string."""
        return "h23" if self._24_hours else ""

    @property
    def own_name(self) -> str:
        """What the language calls itself: `Deutsch`, `Français`."""
        name = str(Locale.parse(self.tag.replace("-", "_")).get_display_name())
        return name[0].upper() + name[1:]

    def joined(self, items: Sequence[Markup | str]) -> Markup:
        """`A, B and C`, with commas and `and` of the locale. What is not Markup is escaped."""
        escaped = [Markup.escape(item) for item in items]
        if len(escaped) < 2:
            return Markup("").join(escaped)
        pattern = _ROOT_LIST | dict(self.locale.list_patterns["standard"])
        if len(escaped) == 2:
            return _pair(pattern["2"], *escaped)
        joined = _pair(pattern["start"], *escaped[:2])
        for item in escaped[2:-1]:
            joined = _pair(pattern["middle"], joined, item)
        return _pair(pattern["end"], joined, escaped[-1])

class Languages:
    """All languages that there is a catalogue for, read once.

    Raises (when it is made):
        ValueError: a file is no catalogue.
    """

    def __init__(self, folder: Path = CATALOGUES) -> None:
        self._translations: dict[str, NullTranslations] = {ENGLISH: NullTranslations()}
        self._names = {ENGLISH: ENGLISH}
        digest = hashlib.sha256()
        for path in sorted(folder.glob("*.po")):
            content = path.read_bytes()
            digest.update(content)
            self._translations[path.stem.lower()] = _compiled(content, path.stem)
            self._names[path.stem.lower()] = path.stem
        self.digest = digest.hexdigest()
        """Digest of all catalogues, for ETags."""
        self.of = lru_cache(maxsize=256)(self._of)

    @property
    def tags(self) -> list[str]:
        """Those of the catalogues, English among them."""
        return sorted(self._names.values())

    def catalogue(self, tag: str) -> str | None:
        """The tag of the catalogue that has the words for a tag; None if there is none."""
        parts = tag.lower().split("-")
        names = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
        return next((self._names[name] for name in names if name in self._names), None)

    def _of(self, tag: str) -> Language:
        """The language for a BCP 47 tag; English if there is no catalogue for it."""
        name = self.catalogue(tag)
        if name is None:
            return Language(ENGLISH, _locale(_ENGLISH_FORMATS), self._translations[ENGLISH])
        formats = _ENGLISH_FORMATS if tag.lower() == ENGLISH else tag
        return Language(name, _locale(formats), self._translations[name.lower()])


def with_territory(tag: str) -> str:
    """`de_DE` for `de`, `zh_TW` for `zh-Hant`: language and territory, as Open Graph asks for them.

    A territory that the tag does not name is the likeliest of CLDR, and for English that of its formats here. A
    language that CLDR does not know stays alone.
    """
    name, *rest = tag.split("-")
    script = next((part.title() for part in rest if len(part) == 4 and part.isalpha()), "")
    named = next((part.upper() for part in rest if re.fullmatch(r"[A-Za-z]{2}|\d{3}", part)), "")
    if tag.lower() == ENGLISH:
        return _ENGLISH_FORMATS.replace("-", "_")
    likely = get_global("likely_subtags")
    found = likely.get("_".join(filter(None, (name.lower(), script)))) or likely.get(name.lower(), "")
    territory = named or found.rpartition("_")[2]
    return "_".join(filter(None, (name.lower(), territory)))


def _compiled(content: bytes, name: str) -> NullTranslations:
    """A catalogue as gettext reads it; entries that are marked as fuzzy are left out."""
    catalogue = pofile.read_po(io.BytesIO(content), locale=name.replace("-", "_"), abort_invalid=True)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _locale(tag: str) -> Locale:
    """The locale of a tag whose language CLDR knows. Subtags that it does not know are left out."""
    parts = tag.split("-")
    for end in range(len(parts), 1, -1):
        try:
            return Locale.parse("_".join(parts[:end]))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(parts[0])


def _pair(pattern: str, first: Markup, second: Markup) -> Markup:
    return Markup(pattern).format(first, second)  # noqa: S704 - the pattern is of CLDR


@lru_cache(maxsize=64)
def _digits(system: str) -> dict[int, str]:
    """What to write for each ASCII digit. Python knows the digits of a script by their Unicode value."""
    zero = _ZEROS.get(system, "0")
    return {ord("0") + value: chr(ord(zero) + value) for value in range(10)}


_ZEROS = {
    "adlm": "\U0001e950", "arab": "\u0660", "arabext": "\u06f0", "beng": "\u09e6", "cakm": "\U00011136",
    "deva": "\u0966", "hmnp": "\U0001e140", "mtei": "\uabf0", "mymr": "\u1040", "nkoo": "\u07c0",
    "olck": "\u1c50", "rohg": "\U00010d30", "tibt": "\u0f20",
}
"""The digit 0 of each numbering system that is the default of a locale (CLDR, numberingSystems.xml)."""
