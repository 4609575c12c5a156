"""Words, plural forms and formats of each language."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment
from markupsafe import Markup

from server.web import template_language, times
from server.web.languages import Languages, with_territory

NIGHT = "2026-11-22T21:44:00.000Z"
LANGUAGES = Languages()


@pytest.mark.parametrize(
    ("tag", "words", "locale"),
    [
        ("de", "de", "de"), ("de-AT", "de", "de_AT"), ("DE-at", "de", "de_AT"), ("de-AT-1996", "de", "de_AT"),
        ("de-XX", "de", "de"), ("en", "en", "en_GB"), ("en-US", "en", "en_US"), ("ar-EG", "ar", "ar_EG"),
        ("sv", "en", "en_GB"), ("x-klingon", "en", "en_GB"), ("qqq-Latn", "en", "en_GB"),
    ],
)
def test_a_tag_has_the_words_of_its_language_and_the_formats_of_its_region(
    tag: str, words: str, locale: str
) -> None:
    language = LANGUAGES.of(tag)
    assert (language.tag, str(language.locale)) == (words, locale)


@pytest.mark.parametrize(
    ("tag", "zone", "shown"),
    [
        ("en", "Europe/London", "22 November 2026, 21:44 GMT"),
        ("en", "America/New_York", "22 November 2026, 16:44 EST"),
        ("en-US", "America/New_York", "November 22, 2026, 4:44\u202fPM EST"),
        ("de", "Europe/Berlin", "22. November 2026, 22:44 MEZ"),
        ("fr", "Europe/Paris", "22 novembre 2026, 22:44 CET"),
        ("es", "Europe/Madrid", "22 de noviembre de 2026, 22:44 CET"),
        ("ar", "Asia/Riyadh", "23 نوفمبر 2026، 00:44 غرينتش\u200e+3"),
        ("ar-EG", "UTC", "٢٢ نوفمبر ٢٠٢٦، ٢١:٤٤ غرينتش"),
        ("en", "Nowhere/Land", "22 November 2026, 21:44 UTC"),
    ],
)
def test_a_time_is_written_as_the_language_writes_it(tag: str, zone: str, shown: str) -> None:
    assert times.in_full(NIGHT, zone, LANGUAGES.of(tag)) == shown


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("de", "de_DE"), ("de-AT", "de_AT"), ("en", "en_GB"), ("en-us", "en_US"), ("zh-Hant", "zh_TW"),
        ("es-419", "es_419"), ("sr-Latn-RS", "sr_RS"), ("ar", "ar_EG"), ("qqq", "qqq"),
    ],
)
def test_a_locale_of_open_graph_has_a_territory(tag: str, locale: str) -> None:
    assert with_territory(tag) == locale


def test_a_day_and_a_clock() -> None:
    german, arabic = LANGUAGES.of("de"), LANGUAGES.of("ar-EG")
    assert (times.day(NIGHT, "UTC", german), times.clock(NIGHT, "UTC", german)) == ("22. Nov.", "21:44")
    assert (times.day(NIGHT, "UTC", arabic), times.clock(NIGHT, "UTC", arabic)) == ("٢٢ نوفمبر", "٢١:٤٤")


def test_an_offset_of_half_an_hour_is_shown() -> None:
    assert times.zone_name(NIGHT, "Asia/Kolkata", LANGUAGES.of("ar-EG")).endswith("+٥:٣٠")


@pytest.mark.parametrize(
    ("tag", "names", "line"),
    [
        ("en", "A", "A"), ("en", "AB", "A and B"), ("en", "ABCD", "A, B, C and D"),
        ("en-US", "ABC", "A, B, and C"), ("de", "ABC", "A, B und C"), ("fr", "AB", "A et B"),
        ("ar", "ABC", "A وB وC"), ("es", "", ""),
    ],
)
def test_a_list_is_joined_as_the_language_joins_it(tag: str, names: str, line: str) -> None:
    assert LANGUAGES.of(tag).joined(list(names)) == line


def test_a_list_escapes_what_is_no_markup() -> None:
    joined = LANGUAGES.of("en").joined([Markup("<b>A</b>"), "<i>{0}"])
    assert joined == Markup("<b>A</b> and &lt;i&gt;{0}")


def test_each_plural_form_is_the_one_of_its_number() -> None:
    arabic = LANGUAGES.of("ar")
    one, many = "%(n)s new update", "%(n)s new updates"
    shown = {n: arabic.ngettext(one, many, n) for n in (0, 1, 2, 3, 11, 100)}
    assert len(set(shown.values())) == len(shown)
    assert shown[11] == "11 تحديثًا جديدًا"
    # what a script chooses by Intl.PluralRules is what the server chooses by the catalogue
    forms = arabic.plurals(one, many)
    for n in range(1000):
        form = forms.get(arabic.locale.plural_form(n), forms["other"])
        assert form % {"n": arabic.number(n)} == arabic.ngettext(one, many, n)


def test_numbers_have_the_digits_and_separators_of_the_locale() -> None:
    shown = [LANGUAGES.of(tag).number(12_410) for tag in ("en", "de", "fr", "ar-EG")]
    assert shown == ["12,410", "12.410", "12\u202f410", "١٢٬٤١٠"]


def test_templates_speak_the_language_of_their_rendering(tmp_path: Path) -> None:
    (tmp_path / "eo.po").write_text(
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Photo: %(name)s"\nmsgstr "Foto de %(name)s"\n\n'
        'msgctxt "label"\nmsgid "Key"\nmsgstr "Ŝlosila"\n\n'
        'msgid "%(n)s update"\nmsgid_plural "%(n)s updates"\n'
        'msgstr[0] "%(n)s novaĵo"\nmsgstr[1] "%(n)s novaĵoj"\n',
        encoding="utf-8",
    )
    environment = Environment(autoescape=True)
    template_language.install(environment)
    template = environment.from_string(
        '{% macro by(name) %}{{ _("Photo: %(name)s", name=name) }}{% endmacro %}'
        '{{ by("<A>") }}|{{ pgettext("label", "Key") }}|{{ ngettext("%(n)s update", "%(n)s updates", 1234) }}|'
        "{% trans n=2 %}{{ n }} update{% pluralize %}{{ n }} updates{% endtrans %}"
    )
    languages = Languages(tmp_path)
    with template_language.rendered_in(languages.of("eo")):
        assert template.render() == "Foto de &lt;A&gt;|Ŝlosila|1\u00a0234 novaĵoj|2 novaĵoj"
    with template_language.rendered_in(languages.of("en")):
        assert template.render() == "Photo: &lt;A&gt;|Key|1,234 updates|2 updates"
