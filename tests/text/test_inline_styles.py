"""What programs write as a style: formatting becomes elements, and what its author did not see is left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.text import inline_styles, markdown, sanitise
from server.text.inline_styles import PLAIN, Look

GOOGLE_DOCS = (
    "<meta charset='utf-8'><b style=\"font-weight:normal;\" id=\"docs-internal-guid-1\">"
    "<h2 dir=ltr><span style=\"font-size:16pt;font-weight:400;vertical-align:baseline\">Roads</span></h2>"
    "<p dir=ltr><span style=\"font-weight:400;font-style:normal;text-decoration:none;"
    "vertical-align:baseline\">The </span>"
    "<span style=\"font-weight:700;font-style:italic\">A1</span><span style=\"font-weight:400;"
    "-webkit-text-decoration-skip:none;text-decoration:line-through;\"> A2</span>"
    "<span style=\"font-size:0.6em;vertical-align:super;\">1</span>"
    "<span style=\"text-decoration:underline\"> CO</span><span style=\"vertical-align:sub\">2</span>"
    "<a href=\"https://x.test/\" style=\"text-decoration:none\"><span style=\"color:#1155cc;font-weight:700;"
    "text-decoration:underline\">map</span></a></p></b>"
)


def test_google_docs_says_with_styles_what_is_bold() -> None:
    assert sanitise.html(GOOGLE_DOCS) == (
        '<h3 dir="ltr">Roads</h3><p dir="ltr">The <b><i>A1</i></b><s> A2</s><sup>1</sup><u> CO</u><sub>2</sub>'
        '<a href="https://x.test/" rel="noopener nofollow ugc"><b>map</b></a></p>'
    )


@pytest.mark.parametrize(("source", "html"), [
    # the style of an element holds in what is in it, until another one says something else
    ("<p style='font-weight:bold'>a <span style='font-weight:400'>b</span> c", "<b>a </b>b<b> c</b>"),
    ("<p>x<strong>a<em style='font-weight:normal'>b</em></strong>", "x<strong>a</strong><em>b</em>"),
    ("<p><i style='font-style:normal'>a</i><em>b<span style='font-style:normal'>c", "a<em>b</em>c"),
    ("<div style='font-style:italic'><p>a</p></div>", "<i>a</i>"),
    ("<p><b><span style='font-weight:700'>a</span></b>", "<b>a</b>"),
    # a line of a parent is seen through; an element's own can be taken away
    ("<p><u>a<span style='text-decoration:none'>b</span></u><s style='text-decoration:none'>c", "<u>ab</u>c"),
    ("<p><del style='text-decoration:line-through'>a</del>", "<del>a</del>"),
    ("<p><sup style='vertical-align:baseline;position:relative;top:-.5em'>2</sup>", "<sup>2</sup>"),
    ("<p><b style='mso-bidi-font-weight:normal'>a</b>", "<b>a</b>"),
    ("<p><font style='font:italic bold 12px/30px Georgia'>a</font>", "<b><i>a</i></b>"),
    ("<p><b style='font:7.0pt \"Times New Roman\"'>a</b>", "a"),
    ("<p><b style='font-weight:bold;font-weight:400'>a</b>", "a"),
    ("<p><b style='font-weight:700!important;font-weight:400'>a</b>", "<b>a</b>"),
    ("<p><b style='FONT-WEIGHT : NORMAL'>a</b>", "a"),
])
def test_formatting_in_styles_becomes_elements(source: str, html: str) -> None:
    shown = sanitise.html(source)
    assert shown == f"<p>{html}</p>"
    assert sanitise.html(shown) == shown


def test_a_heading_is_bold_without_a_style() -> None:
    html = sanitise.html("<h1 style='font-weight:700'>a<span style='font-weight:bold'>b</span></h1>")
    assert html == "<h3>ab</h3>"


@pytest.mark.parametrize("hidden", [
    "<p hidden>x</p>", "<span hidden>x</span>", "<div style='display:none'>x<p>x</div>",
    "<div style='display: none !important; display:block'>x</div>", "<span style='visibility:hidden'>x</span>",
    "<span style='display:none;mso-hide:all'>x</span>", "<ul style='display:none'><li>x<ol><li>x</ol></ul>",
    "<img src=https://x.test/1.png alt=x style='display:none'>", "<p style='opacity:0.0'>x</p>",
    "<div style='font-size:0'>x<span style='font-size:1em'>x</span></div>",
    "<label style='display:none'>x</label>",
    "<my-menu hidden>x</my-menu>", "<svg style='display:none'><text>x</text></svg>",
    "<q style='display:none'>x</q>", "<span style='d\\69splay:n\\00006f ne'>x</span>",
    "<span style='x:url(\";\");display/**/:none'>x</span>", "<b><i style='display:none'>x<p>x</i></b>",
    "<table hidden><tr><td>x</table>", "<pre hidden>x</pre>", "<h2 hidden>x</h2>",
])
def test_what_its_author_did_not_see_is_left_out(hidden: str) -> None:
    html = sanitise.html(f"<p>before</p>{hidden}<p>after</p>")
    assert html == "<p>before</p><p>after</p>"


@pytest.mark.parametrize("seen", [
    "<p hidden style='display:block'>x</p>", "<p style='display:none;display:block'>x</p>",
    "<div style='visibility:hidden'><p style='visibility:visible'>x</p></div>",
    "<div style='font-size:0'><p style='font-size:16px'>x</p></div>", "<p style='opacity:0.5'>x</p>",
    "<p style='font-family:\";display:none\"'>x</p>", "<p style='/*;display:none*/color:red'>x</p>",
    "<p style='background:url(data:x;display:none)'>x</p>", "<p style='display:nonesuch'>x</p>",
    "<p style='mso-hide:none'>x</p>", "<p class=hidden>x</p>", "<p aria-hidden=true>x</p>",
    "<details><summary>x</summary></details>",
])
def test_what_is_seen_is_kept(seen: str) -> None:
    assert sanitise.html(seen) == "<p>x</p>"


def test_a_line_that_is_hidden_takes_no_place() -> None:
    html = "<p>a<br style='display:none'>b</p><hr hidden><ol><li hidden>c<li>d</ol>"
    assert sanitise.html(html) == "<p>ab</p><ol><li>d</li></ol>"


def test_styles_in_markdown_are_read_too() -> None:
    typed = "<b style='font-weight:normal'>a</b> <span style='font-weight:700'>b</span><span hidden>c</span>"
    assert markdown.to_html(typed) == "<p>a <b>b</b></p>"


def test_much_formatting_in_formatting_is_bounded() -> None:
    deep = "".join(f"<span style='font-weight:{400 + n % 2 * 300}'>{n}" for n in range(900))
    assert len(sanitise.html(f"<p>{deep}")) < 20_000
    abbreviations = "".join(f"<abbr title={n}>" for n in range(900))
    assert sanitise.html(f"<p>{abbreviations}x").count("<abbr") == 8


@pytest.mark.parametrize(("style", "look"), [
    ("", PLAIN), (";;:;", PLAIN), ("bold", PLAIN), ("font-weight", PLAIN), ("font-weight:", PLAIN),
    ("font-weight:boldest", PLAIN), ("font-weight:9999", PLAIN), ("font-weight:600", Look(bold=True)),
    ("font-weight:599.5", Look(bold=False)), ("font:menu", PLAIN), ("font:bold", PLAIN),
    ("font:oblique 1em x", Look(bold=False, italic=True)), ("vertical-align:top", Look(raised="")),
    ("text-decoration:underline line-through red", Look(lines=frozenset("us"))),
    ("text-decoration:wavy", PLAIN), ("font-size:.", PLAIN), ("opacity:+", PLAIN),
    ("font-weight:bold\\", PLAIN), ("font-weight:\\110000", PLAIN), ("font-weight:٧٠٠", PLAIN),
])
def test_a_style_says_what_a_browser_reads(style: str, look: Look) -> None:
    assert inline_styles.read(style) == look


PIECES = st.sampled_from([
    "font-weight", "display", ":", ";", "bold", "none", "!important", "(", ")", "\"", "'", "/*", "*/", "\\",
    "\\0 ", "{", "}", "[", "0", "px", " ", "\n", "\0", "url(", "font", "opacity", "1e9", ".5",
])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_style_is_read(style: str) -> None:
    inline_styles.read(style)


@pytest.mark.parametrize("piece", [
    "\"", "'", "(", "/*", "\\", "{", "[", "('", "(\\", "font-weight:", "!", "opacity:0",
])
def test_a_long_style_is_read_in_one_pass(piece: str) -> None:
    """A hundred thousand characters of each would hold a quadratic reader for minutes."""
    inline_styles.read(":" + piece * (100_000 // len(piece)))
