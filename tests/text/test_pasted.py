"""What editors paste from Word, PowerPoint, mail and web pages: the words, their order, their line ends."""

from __future__ import annotations

import re
from html import unescape

import pytest

from server.domain.blocks import Quote, Text
from server.text import markdown, sanitise
from server.text.errors import TextError
from tests.text import fixtures

ENDS = re.compile(r"<br>|</?(?:p|h3|h4|li|ul|ol|td|th|tr|table|tbody|thead|blockquote|pre|caption)\b[^>]*>")


def _lines(html: str) -> str:
    parts = [unescape(re.sub("<[^>]*>", "", part)) for part in ENDS.split(html)]
    return " / ".join(" ".join(part.split()) for part in parts if part.strip())


@pytest.mark.parametrize("name", fixtures.HTML)
def test_pasted_html_keeps_words_and_lines(name: str) -> None:
    source, seen = fixtures.HTML[name]
    html = sanitise.html(source)
    assert _lines(html) == seen
    assert sanitise.html(html) == html
    assert not re.search(r"mso-|style=|class=|track\(|Normal|Draft", html)


@pytest.mark.parametrize("name", fixtures.TEXT)
def test_pasted_text_keeps_words_and_lines(name: str) -> None:
    source, seen = fixtures.TEXT[name]
    found = []
    for block in markdown.to_blocks(source, "xx"):
        assert isinstance(block, Text | Quote)
        assert sanitise.html(block.html) == block.html
        found.append(block.html)
    assert _lines("<p></p>".join(found)) == seen


def test_numbers_that_were_typed_are_shown() -> None:
    assert '<ol start="5">' in markdown.to_html("5. five\n6. six")
    assert '<li value="9">' in markdown.to_html("5. five\n9. nine")
    assert "<ol>" in markdown.to_html("1. a\n1. b")
    assert sanitise.html('<ol type="a" start="3"><li value="7">x</ol>') == (
        '<ol type="a" start="3"><li value="7">x</li></ol>'
    )


def test_a_list_of_word_is_a_list_with_its_numbers() -> None:
    html = re.sub(r"</?b>|\n", "", sanitise.html(fixtures.WORD_LIST))
    assert '<ol start="4"><li>The bridge is closed</li><li>Article' in html
    assert re.sub(r"</?b>|\n", "", sanitise.html(fixtures.WORD_LEVELS)) == (
        '<ol><li>Roads<ol type="a"><li>A1</li><li>A2<ul><li>north</li><li>south</li></ul></li></ol></li>'
        '<li>Rail</li><li value="5">Ferries</li></ol>'
    )
    html = re.sub(r"</?b>|\n", "", sanitise.html(fixtures.WORD_NUMBERS))
    assert '<ol type="i" start="4"><li>Roman</li><li>five</li></ol>' in html
    assert '<ol type="a" start="8"><li>Letter</li><li>after it</li></ol>' in html


def test_a_list_of_word_that_a_browser_wrote_is_one_too() -> None:
    """Chromium turns the conditions into comments; others leave the span alone."""
    for source in (
        fixtures.WORD_LIST.replace("<![if\n!supportLists]>", "<!--[if !supportLists]-->")
        .replace("<![if !supportLists]>", "<!--[if !supportLists]-->").replace("<![endif]>", "<!--[endif]-->"),
        re.sub(r"<!\[(?:if\s+!supportLists|endif)\]>", "", fixtures.WORD_LIST),
    ):
        assert '<ol start="4"><li>The bridge is closed</li><li>Article' in sanitise.html(source)


@pytest.mark.parametrize("style", ["display:none", "mso-hide:all", "display:none;mso-hide:all", "opacity:0"])
def test_a_hidden_item_of_word_is_left_out_and_not_counted(style: str) -> None:
    shown, hidden = fixtures.word_item(1, "1)", "Roads"), fixtures.word_item(1, "2)", "unseen")
    hidden = hidden.replace("style='", f"style='{style};")
    html = re.sub(r"</?b>|\n", "", sanitise.html(shown + hidden + fixtures.word_item(1, "2)", "Rail")))
    assert html == "<ol><li>Roads</li><li>Rail</li></ol>"
    html = re.sub(r"</?b>|\n", "", sanitise.html(hidden + fixtures.word_item(1, "3)", "Ferries")))
    assert html == '<ol start="2"><li value="3">Ferries</li></ol>'


def test_the_paragraph_of_an_item_of_word_is_read_as_any_other() -> None:
    item = fixtures.word_item(1, "1)", "x").replace("<b>x</b><o:p></o:p>", "x")
    item = item.strip().replace("<p ", "<p lang=fr dir=ltr ")
    assert sanitise.html(item.replace("style='", "style='font-weight:bold;")) == (
        '<ol><li lang="fr" dir="ltr"><b>x</b></li></ol>'
    )
    assert sanitise.html(item.replace("<p ", "<p hidden ")) == ""


def test_no_words_stand_outside_of_an_element() -> None:
    sources = ("# Head", "###### Head", "Text", "<div>Text</div>", "<h1>Head</h1>", "<b>Text</b>", "a<hr>b")
    for source in sources:
        for html in (markdown.to_html(source), sanitise.html(source)):
            assert re.fullmatch(r"(?:<(p|h3|h4)>.+?</\1>|<hr>|\s)+", html), (source, html)


@pytest.mark.parametrize(("typed", "address", "href"), [
    ("https://example.org/a_b_c.", "https://example.org/a_b_c", None),
    ("(see https://en.wikipedia.test/wiki/Rust_(x))", "https://en.wikipedia.test/wiki/Rust_(x)", None),
    ("„https://example.org/“", "https://example.org/", None),
    ("https://example.org/?q=1&b=2!", "https://example.org/?q=1&b=2", None),
    ("www.example.org/_x_", "www.example.org/_x_", "https://www.example.org/_x_"),
    ("desk@example.org,", "desk@example.org", "mailto:desk@example.org"),
    ("https://münchen.test/straße", "https://münchen.test/straße", None),
    ("请看https://example.org/abc这里。", "https://example.org/abc", None),
    ("**https://example.org**", "https://example.org", None),
    ("https://example.org/it's", "https://example.org/it's", None),
])
def test_address_becomes_a_link(typed: str, address: str, href: str | None) -> None:
    for html in (markdown.to_html(typed, "en"), sanitise.html(typed.replace("&", "&amp;"))):
        [(found, words)] = re.findall('<a href="([^"]*)"[^>]*>([^<]*)</a>', html)
        assert (unescape(found), unescape(words)) == (href or address, address)


@pytest.mark.parametrize("typed", [
    "`https://example.org`", "```\nhttps://example.org\n```", "<code>https://example.org</code>", "readme.md",
    "a@b",
    "ASP.NET 3.5", "user:x", "https://", "www.",
])
def test_what_is_no_address_or_stands_in_code_is_no_link(typed: str) -> None:
    assert "<a" not in markdown.to_html(typed)


@pytest.mark.parametrize(("language", "seen"), [
    ("en-GB", "“Yes”, ‘it’s’"), ("de", "„Yes“, ‚it’s‘"), ("de-CH", "«Yes», ‹it’s›"), ("pl", "„Yes”, «it’s»"),
    ("fr", "«\u202fYes\u202f», “it’s”"), ("sv", "”Yes”, ’it’s’"), ("xx", "\"Yes\", 'it's'"),
    ("", "\"Yes\", 'it's'"),
])
def test_quotation_marks_follow_the_language(language: str, seen: str) -> None:
    assert markdown.to_html("\"Yes\", 'it's'", language) == f"<p>{seen}</p>"


@pytest.mark.parametrize(("language", "typed", "seen"), [
    ("en", "rock 'n' roll, Guns 'N' Roses, drum 'n bass", "rock ’n’ roll, Guns ’N’ Roses, drum ’n bass"),
    ("de", "Rock 'n' Roll", "Rock ’n’ Roll"),
    ("en", "'Tis the '90s. Tell 'em 'til noon", "’Tis the ’90s. Tell ’em ’til noon"),
    ("en", "summer of '69, said 'Ada'", "summer of '69, said ‘Ada’"),
    ("en", "the class of '98 won", "the class of ’98 won"),
    ("en", "'10 were hurt', she said", "‘10 were hurt’, she said"),
    ("en", "'em' is a word", "‘em’ is a word"),
    ("en", "the dogs' 'food' isn't his", "the dogs’ ‘food’ isn’t his"),
    ("en", "6'2\" at 48°51'24\"N, 5' high, 'in 1990' too", "6'2\" at 48°51'24\"N, 5' high, ‘in 1990’ too"),
    ("de-CH", "1'000'000 Franken", "1'000'000 Franken"),
    ("nl", "'s avonds in 's-Hertogenbosch, 't is 'mooi'", "’s avonds in ’s-Hertogenbosch, ’t is ‘mooi’"),
    ("de", "'n Abend der 'Alten', die '68er", "’n Abend der ‚Alten‘, die ’68er"),
    ("it", "la 'ndrangheta e l'\"onorata\"", "la ’ndrangheta e l’«onorata»"),
    ("en", "**'tis** rock *'n'* roll", "’tis rock ’n’ roll"),
    ("xx", "rock 'n' roll 'tis", "rock 'n' roll 'tis"),
])
def test_an_apostrophe_is_no_quotation_mark(language: str, typed: str, seen: str) -> None:
    assert unescape(re.sub("<[^>]*>", "", markdown.to_html(typed, language))) == seen


def test_a_quotation_over_paragraphs_opens_in_each() -> None:
    assert markdown.to_html('"One.\n\n"Two," he said.', "en") == "<p>“One.</p>\n<p>“Two,” he said.</p>"


@pytest.mark.parametrize(("typed", "seen"), [
    ("a [](https://x.test/) b", "a https://x.test/ b"), ("[x]() [y](<>) ![]()", "[x]() [y](<>) ![]()"),
    ("> \n\na", "> a"), (">>", ">>"), ("a ` ` b", "a ` ` b"), ("``  ``", "``  ``"),
])
def test_marks_that_hold_nothing_are_shown_as_typed(typed: str, seen: str) -> None:
    assert " ".join(unescape(re.sub("<[^>]*>", "", markdown.to_html(typed, "en"))).split("\n")) == seen


@pytest.mark.parametrize(("source", "seen"), [
    ("<svg><text>North</text><text>Sea</text><path d='M0'/></svg> after", "North Sea after"),
    ("<math><mi>x</mi><mo>=</mo><mn>2</mn></math> after", "x=2 after"),
    ("<apply><plus/><ci>a</ci></apply> after <g/> it", "a after it"),
    ("a<b", "a<b"), ("<p>1</p> 2 < 3 <", "1 / 2 < 3 <"),
    ("<iframe src=//video.test/1></iframe> after", "https://video.test/1 after"),
    ("<img src='//x.test/1.png'>", "https://x.test/1.png"),
    ("<img src='https://count.test/' width=1 height=1> after", "after"),
    ("<img src='file:///C:/1.png' alt='The pier'>", "The pier"),
])
def test_words_of_drawings_formulas_and_players_are_kept(source: str, seen: str) -> None:
    html = sanitise.html(source)
    assert _lines(html) == seen
    assert sanitise.html(html) == html


@pytest.mark.parametrize("source", [
    "file:///C:/Temp/clip_image001.png", "cid:image001.png@01DA", "blob:https://x.test/1",
    "data:image/png;base64,iVBORw0KGgo=", "image1.png",
])
def test_a_picture_that_only_the_author_has_is_told(source: str) -> None:
    for tag in ("img", "iframe"):
        with pytest.raises(TextError, match=r"paragraph 2: a picture or player that others cannot load \("):
            sanitise.html(f'<p>One</p><{tag} src="{source}"></{tag}><p>Two</p>')
