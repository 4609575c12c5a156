"""What people write is shown as they meant it, and never does anything."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.text import sanitise
from server.text.errors import TextError

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=//x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi xlink:href='data:x,<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href=\"https://ok.test\" onclick=\"alert(1)\" style=\"x:expression(1)\">x</a>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
    "<input autofocus onfocus=alert(1)><details open ontoggle=alert(1)>",
    "<base href='https://evil.test/'><meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href='https://evil.test/x.css'><style>@import 'https://evil.test'</style>",
    "<noscript><p title='</noscript><img src=//x onerror=alert(1)>'>",
    "<textarea><img title='</textarea><img src=//x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--><img src=//x onerror=alert(1)>--><![CDATA[<img src=//x onerror=alert(1)>]]>",
    "<template><script>alert(1)</script></template><title><script>alert(1)</script></title>",
    "<p id=main class=breaking name=x data-x=y>x</p>",
    "<video src=//x onerror=alert(1)></video><audio src=//x onerror=alert(1)>",
    "<a href='//evil.test'>x</a><a href='\\\\evil.test'>x</a>",
    "<a href=<script>alert(1)</script><table><a href='javascript:alert(1)'>x</a>",
    "<p>x\0<scr\0ipt>alert(1)</scr\0ipt></p>",
    "\x1b[31m<b onmouseover\0=alert(1)>x</b>",
]


class _Held(HTMLParser):
    """Fails on anything that the allow-list does not name."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in sanitise.TAGS, tag
        for name, value in attrs:
            known = sanitise.ATTRIBUTES.get(tag, set()) | sanitise.ATTRIBUTES["*"] | {"rel"}
            assert name in known, name
            if name == "href":
                address = urlsplit((value or "").strip())
                assert address.scheme in sanitise.SCHEMES | {""}, value

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def _hold(html: str) -> None:
    held = _Held()
    held.feed(html)
    held.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_made_harmless(attack: str) -> None:
    for around in ("{}", "<p>{}</p>", "<table><tr><td>{}</td></tr></table>", "<blockquote>{}"):
        shown = sanitise.html(around.format(attack))
        _hold(shown)
        assert sanitise.html(shown) == shown


PIECES = st.sampled_from([
    *ATTACKS, "<p>", "</p>", "<b>", "</i>", "<table>", "<tr>", "<td colspan=2>", "<ul><li>", "<!--", "-->",
    "<![CDATA[", "&lt;", "&amp;lt;", "&#x3c;", "<svg>", "<math>", "<style>", "</style>", "<a href=", "'",
    '"', ">", "<", "\0", "javascript:", "https://news.test/?a=1&b=2", "Storm – “warning”", "\u2028", "\ufeff",
    "<pre>\n", "\n\n",
])


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_any_input_is_harmless_and_sanitising_is_idempotent(text: str) -> None:
    try:
        shown = sanitise.html(text)
    except TextError as error:  # pieces of addresses make pictures that nobody can load
        assert "others cannot load" in str(error)
        return
    _hold(shown)
    assert sanitise.html(shown) == shown
    assert not [c for c in shown if c < " " and c not in "\n\t"]


def test_what_is_allowed_passes() -> None:
    html = (
        '<p>The <strong>storm</strong> <a href="https://news.test/a?b=1&amp;c=2" rel="noopener nofollow ugc">'
        "moved</a>.<br>Then</p><ul><li>one</li></ul><blockquote>Leave now</blockquote><h3>Roads</h3>"
        '<table><tbody><tr><td colspan="2">A1</td></tr></tbody></table><p dir="rtl" lang="ar">عاصفة</p>'
    )
    assert sanitise.html(html) == html


def test_links_have_noopener() -> None:
    assert 'rel="noopener nofollow ugc"' in sanitise.html("<a href='https://x.test' rel='opener'>x</a>")
    assert "target" not in sanitise.html("<a href='https://x.test' target=_top>x</a>")


def test_script_contents_are_not_shown_as_text() -> None:
    assert sanitise.html("<p>a</p><script>alert(1)</script><style>p{}</style>") == "<p>a</p>"


FORMATTING = ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
HIDES = [
    "<!--{}-->", "<script>{}</script>", "<textarea>{}</textarea>", "<title>{}</title>", "<p title='{}'>",
    "<table><tr><td>{}</td></tr></table>", "<table><caption>{}</caption></table>", "<object>{}</object>",
    "<button>{}</button>", "<select>{}</select>", "<template>{}</template>", "<marquee>{}</marquee>",
]
PARAGRAPHS = "<p>a" * 1000


@pytest.mark.parametrize("name", FORMATTING)
def test_formatting_that_is_opened_anew_in_each_paragraph_is_refused(name: str) -> None:
    opened = "".join(f"<{name} id={n}>" for n in range(100))
    with pytest.raises(TextError, match="never closed"):
        sanitise.html(opened + PARAGRAPHS)


@pytest.mark.parametrize("around", HIDES)
def test_end_tags_that_end_nothing_are_not_counted(around: str) -> None:
    opened = "".join(f"<b id={n}>" for n in range(100))
    with pytest.raises(TextError, match="never closed"):
        sanitise.html(opened + around.format("</b>" * 100) + PARAGRAPHS)


def test_much_formatting_that_is_closed_is_no_error() -> None:
    row = "<tr><td><b>A</b></td><td><!-- </b> --><i>B</i></td></tr>"
    html = f'<p title="</b>"><b>x</b></p><table>{row * 300}</table>' + "<p><b>c</b> <i>d</i></p>" * 300
    assert sanitise.html(html).count("<b>") == 601
