"""Whatever is typed, its words come out: all of them, once each, in their order."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.domain.blocks import Quote, Text
from server.domain.text_limits import MAX_RENDERED_BYTES
from server.text import markdown, sanitise
from server.text.errors import TextError
from server.text.excerpt import plain

MARKS = [
    "*", "**", "_", "__", "~~", "`", "``", "```", "~~~", "#", "##", "- ", "* ", "+ ", "1. ", "7) ", "1986. ",
    "> ", ">> ",
    "---", "===", "***", "|", "|-|-|", "a|b\n-|-\n", "<b>", "</b>", "<i>", "<p>", "</p>", "<div>", "</div>",
    "<ul>", "<li>",
    "</ul>", "<table>", "<td>", "</table>", "<script>", "</script>", "<style>", "<foo>", "</foo>", "<br>",
    "<hr>", "<pre>",
    "</pre>", "<code>", "</code>", "<a href='https://x.test/'>", "</a>", "<", ">", "&", "&amp;", "&nbsp;",
    "&lt;", "\\",
    "\\*", "\\\\", '"', "'", "(", ")", "[", "]", "](", "![", "https://y.test/", "www.z.test/", "@", ":", ".",
    ",", "…",
    "[x] ", "[^1]: ", "[1]: ", "— ", "-- ", "    ", "\t", "  \n", "\\\n", "\n", "\n\n", "\r\n", "\u2028",
    "\u200b", "\xa0",
    "<iframe>", "<textarea>", "<title>", "<svg>", "<math>", "<![CDATA[", "]]>", "<?", "?>", "<!x>", "<!--[",
    "<select>",
]
WORD = re.compile(r"W[0-9]+W")


@st.composite
def typed(draw: st.DrawFn) -> str:
    """Words that are numbered, with markup and half markup between them."""
    pieces = draw(st.lists(st.sampled_from(MARKS) | st.just(" ") | st.just("\0"), max_size=40))
    words = iter(range(1000))
    made = []
    for piece in pieces:
        made.append(f"W{next(words)}W" if piece == "\0" else piece)
        if draw(st.booleans()):
            made.append(f"W{next(words)}W")
    return "".join(made)


def shown(blocks: tuple[object, ...]) -> str:
    found = []
    for block in blocks:
        assert isinstance(block, Text | Quote)
        assert sanitise.html(block.html) == block.html
        found.append(block.html + (f"<p>{block.cite}</p>" if isinstance(block, Quote) else ""))
    return "".join(found)


def words_of(html: str) -> list[str]:
    """The words that are seen, and those in the address of a link where they are not seen again."""
    seen = []
    for tag, text in re.findall(r"(<[^>]*>)|([^<]+)", html):
        seen += WORD.findall(unescape(tag or text))
    return list(dict.fromkeys(seen))


@settings(max_examples=400, deadline=None)
@given(typed())
@example("# \nW0W")
@example("[W0W]: https://x.test 'W1W'\n\nW2W")
@example("a | b\n-|-\nW0W|W1W|W2W")
@example("W0W\n<script>\nW1W\n\nW2W")
@example("<p>W0W\n\n</b>W1W")
@example("```\nW0W\n\n# W1W")
@example("> - W0W\n> — W1W")
@example("<!--[W0W\n\nW1W")
@example("<pre>a</pre> <!--[W0W")
def test_every_word_that_is_typed_is_shown(text: str) -> None:
    found = words_of(shown(markdown.to_blocks(text, "de")))
    if "](" in text or "href" in text:  # what stands in an address comes before the words of its link
        assert sorted(found) == sorted(WORD.findall(text))
    else:
        assert found == WORD.findall(text)


INVISIBLE = re.compile(r"<(script|style|title|iframe|template|noscript|xml)\b", re.IGNORECASE)


@settings(max_examples=400, deadline=None)
@given(typed().filter(lambda text: not INVISIBLE.search(text) and "<!" not in text and "<?" not in text))
@example("<tr><td>W0W</td><td>W1W")
@example("<ul>W0W<li>W1W</ul>")
@example("<div>W0W</div>W1W<p>W2W<table>W3W<tr>W4W<td>W5W")
def test_every_word_of_html_is_kept(text: str) -> None:
    html = sanitise.html(text)
    assert sanitise.html(html) == html
    found = words_of(html)
    # a parser puts what stands between the cells of a table before it; words are lost in tags only
    outside = [w for part in re.sub(r"</?[a-zA-Z][^>]*(>|\Z)", " ", text).split() for w in WORD.findall(part)]
    assert sorted(set(outside)) == sorted(set(found) & set(outside))


@settings(max_examples=100, deadline=None)
@given(typed())
def test_words_do_not_run_together(text: str) -> None:
    spaced = re.sub(r"(W[0-9]+W)", r" \1 ", text)
    assert "WW" not in plain(shown(markdown.to_blocks(spaced, "en")))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(MARKS), st.sampled_from(MARKS), st.integers(1, 30_000))
def test_what_comes_out_is_bounded(one: str, other: str, times: int) -> None:
    try:
        found = shown(markdown.to_blocks((one + "a" + other) * times, "en"))
    except TextError:
        return
    assert len(found.encode()) < 3 * MAX_RENDERED_BYTES


@pytest.mark.parametrize("typed_again", ["de", "fr", "ar", "xx", ""])
def test_language_changes_quotation_marks_only(typed_again: str) -> None:
    text = 'He said "no" and \'yes\' in https://x.test/?q="a" `"b"`.'
    found = shown(markdown.to_blocks(text, typed_again))
    bare = re.sub("[„“”‚‘’«»‹›\u202f\"']", "", found)
    assert bare == re.sub("[„“”‚‘’«»‹›\u202f\"']", "", shown(markdown.to_blocks(text, "en")))
    assert '<code>"b"</code>' in found
