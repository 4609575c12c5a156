"""Names: what is kept of them, and which a person takes for the same."""

from __future__ import annotations

import pytest

from server.domain.byline import Byline, cleaned, line_of, name_key


@pytest.mark.parametrize(("typed", "kept"), [
    ("  Ada   Lovelace\u00a0", "Ada Lovelace"),
    ("Ada\u200b", "Ada"),
    ("\ufeff\u200e Ada", "Ada"),
    ("Zoe\u0308", "Zoë"),
    ("علی\u200cرضا", "علی\u200cرضا"),
    ("\u200b\u2060 \u00ad", ""),
    ("\u3164", ""),
    ("", ""),
])
def test_a_name_is_kept_as_it_shows(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept


@pytest.mark.parametrize(("one", "other"), [
    ("Ada Lovelace", "ADA  LOVELACE"),
    ("O’Brien", "O'Brien"),
    ("Jean‑Luc", "Jean-Luc"),
    ("Straße", "STRASSE"),
    ("Ａｄａ", "Ada"),
    ("Zoë", "ZOE\u0308"),
    ("علی\u200cرضا", "علیرضا"),
])
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Zoe", "Zoë"), ("Ada", "Ida"), ("Ada B", "AdaB")])
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_byline_survives_the_database() -> None:
    byline = Byline("Ada", "Editor", "Rome", "a" * 16, "https://example.org/", id="b" * 16)
    assert Byline.from_json(byline.to_json()) == byline
    assert line_of([byline, Byline("Bea")]) == "Ada, Bea"
