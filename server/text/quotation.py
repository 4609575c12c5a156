"""Quotation marks by language: `"` and `'` that were typed become those of the blog's language.

From the Unicode CLDR (`delimiters` of each locale); the narrow no-break spaces are those of French print. A
language that is not here keeps what was typed.
"""

from __future__ import annotations

from typing import TypeAlias

Marks: TypeAlias = tuple[str, str, str, str]
"""Outer opening and closing, inner opening and closing."""

_ENGLISH: Marks = ("“", "”", "‘", "’")
_GERMAN: Marks = ("„", "“", "‚", "‘")
_POLISH: Marks = ("„", "”", "«", "»")
_GUILLEMETS: Marks = ("«", "»", "“", "”")
_SWISS: Marks = ("«", "»", "‹", "›")
_FRENCH: Marks = ("«\u202f", "\u202f»", "“", "”")
_RUSSIAN: Marks = ("«", "»", "„", "“")
_NORDIC: Marks = ("”", "”", "’", "’")

_BY_LANGUAGE: dict[str, Marks] = {
    "en": _ENGLISH, "cy": _ENGLISH, "ga": _ENGLISH, "id": _ENGLISH, "ms": _ENGLISH, "tr": _ENGLISH, "th":
    _ENGLISH,
    "hi": _ENGLISH, "bn": _ENGLISH, "ta": _ENGLISH, "te": _ENGLISH, "ur": ("”", "“", "’", "‘"), "ko": _ENGLISH,
    "vi": _ENGLISH, "sw": _ENGLISH, "fil": _ENGLISH, "af": _ENGLISH, "nl": ("“", "”", "‘", "’"),
    "de": _GERMAN, "cs": _GERMAN, "sk": _GERMAN, "sl": _GERMAN, "bg": ("„", "“", "’", "’"), "is": _GERMAN,
    "et": ("„", "“", "«", "»"), "lt": _GERMAN, "ka": _GERMAN, "lb": _GERMAN, "mk": ("„", "“", "’", "‘"),
    "pl": _POLISH, "ro": _POLISH, "hu": ("„", "”", "»", "«"), "hr": ("„", "”", "‚", "’"), "sr": ("„", "”", "’",
    "’"),
    "bs": ("„", "”", "‘", "’"),
    "es": _GUILLEMETS, "it": _GUILLEMETS, "pt": _ENGLISH, "ca": _GUILLEMETS, "gl": _ENGLISH, "eu": _ENGLISH,
    "el": _GUILLEMETS, "sq": _GUILLEMETS, "pt-pt": _GUILLEMETS, "fa": _SWISS, "ar": ("”", "“", "’", "‘"),
    "fr": _FRENCH, "fr-ch": _SWISS, "de-ch": _SWISS, "de-li": _SWISS, "it-ch": _SWISS,
    "ru": _RUSSIAN, "uk": _RUSSIAN, "be": _RUSSIAN, "nb": ("«", "»", "‘", "’"), "nn": ("«", "»", "‘", "’"),
    "no": ("«", "»", "‘", "’"), "da": ("“", "”", "‘", "’"), "sv": _NORDIC, "fi": _NORDIC,
}


def table() -> dict[str, Marks]:
    """All of them, by language or by language and region in lower case, for an editor that sets them while
    somebody types."""
    return dict(_BY_LANGUAGE)


def marks(language: str) -> Marks | None:
    """The quotation marks of a BCP 47 tag; None for a language whose marks are not known."""
    parts = language.lower().split("-")
    region = next((p for p in parts[1:] if len(p) == 2), "")
    return _BY_LANGUAGE.get(f"{parts[0]}-{region}") or _BY_LANGUAGE.get(parts[0])
