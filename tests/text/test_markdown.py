"""Markdown shorthand, plain text and sites."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.blocks import Quote, Text
from server.text import excerpt, markdown, sanitise


def test_paragraphs_and_emphasis_become_one_text_block() -> None:
    [block] = markdown.to_blocks("The **storm** moved.\n\n- one\n- two")
    assert isinstance(block, Text)
    assert block.html == "<p>The <strong>storm</strong> moved.</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>"
    assert block.markdown == "The **storm** moved.\n\n- one\n- two"


def test_a_quotation_becomes_a_block_of_its_own_and_names_the_speaker() -> None:
    first, quote, last = markdown.to_blocks("Before.\n\n> Leave now.\n> — The mayor\n\nAfter.")
    assert isinstance(first, Text) and isinstance(last, Text)
    assert quote == Quote(html="<p>Leave now.</p>", cite="The mayor")


def test_a_quotation_without_a_speaker_has_none() -> None:
    assert markdown.to_blocks("> Leave now.") == (Quote(html="<p>Leave now.</p>", cite=""),)


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "<!-- nothing -->", "&nbsp;", "<p></p>", "\u200b"])
def test_empty_text_makes_no_block(text: str) -> None:
    assert markdown.to_blocks(text) == ()


def test_html_in_markdown_is_held_to_the_allow_list() -> None:
    [block] = markdown.to_blocks("a <b onclick=alert(1)>b</b> [x](javascript:alert(1)) <img src=//x onerror=y>")
    assert isinstance(block, Text)
    assert "onclick" not in block.html and "<img" not in block.html
    assert re.findall('href="([^"]*)"', block.html) == ["https://x"]


def test_windows_line_ends_make_no_difference() -> None:
    text = "One\n\n> Two\n> – Ada\n\nThree"
    assert markdown.to_blocks(text.replace("\n", "\r\n")) == markdown.to_blocks(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab>-—*_`#[]()<!&\n\r \t1.|~\\"), max_size=60))
def test_any_text_gives_blocks_that_are_clean(text: str) -> None:
    for block in markdown.to_blocks(text):
        assert isinstance(block, Text | Quote)
        assert block.html and sanitise.html(block.html) == block.html


def test_plain_text_keeps_words_apart() -> None:
    html = "<p>One</p><p>Two &amp; <b>th</b>ree</p><ul><li>4</li><li>5</li></ul>"
    assert excerpt.plain(html) == "One Two & three 4 5"
    assert excerpt.plain("a<br>b") == "a b"


def test_an_excerpt_is_cut_between_words() -> None:
    assert excerpt.excerpt("The storm moved inland", 12) == "The storm…"
    assert excerpt.excerpt("short", 12) == "short"
    assert excerpt.excerpt("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(("text", "limit", "cut"), [
    ("今日は 東京都で大規模な停電が発生し、多くの世帯に", 14, "今日は 東京都で大規模な停…"),
    ("「東京」と「大阪」と「京都」", 6, "「東京」と…"),
    ("停電が発生し、多くの世帯", 8, "停電が発生し…"),
    ("e\u0301" * 30, 10, "e\u0301" * 4 + "…"),
    ("👨\u200d👩\u200d👧" * 5, 12, "👨\u200d👩\u200d👧" * 2 + "…"),
    ("🇩🇪🇫🇷🇮🇹🇪🇸", 6, "🇩🇪🇫🇷…"),
    ("a b " + "x" * 50, 20, "a b " + "x" * 15 + "…"),
])
def test_an_excerpt_is_cut_by_the_rules_of_its_script(text: str, limit: int, cut: str) -> None:
    assert excerpt.excerpt(text, limit) == cut


def test_a_title_in_thai_is_not_cut_at_its_first_blank() -> None:
    text = "รัฐบาล ประกาศภาวะฉุกเฉินหลังจากเกิดเหตุแผ่นดินไหวครั้งใหญ่"
    cut = excerpt.excerpt(text, 30)
    assert 20 < len(cut) <= 30
    assert cut[-2] not in "เแโใไ" and text[len(cut) - 1] not in "\u0e31\u0e33\u0e34\u0e35\u0e47\u0e48\u0e49"


def test_plain_text_keeps_the_numbers_of_a_list() -> None:
    html = '<ol start="5"><li>a<ol><li>x</li></ol></li><li value="9">b</li></ol>'
    assert excerpt.plain(html) == "5. a 1. x 9. b"


@given(st.text(max_size=80), st.integers(min_value=2, max_value=40))
def test_an_excerpt_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(excerpt.excerpt(text, limit)) <= limit
