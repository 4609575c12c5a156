"""The one way of a text: the same limits whichever way it comes, errors that name the place, a free loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.domain.blocks import Block, Image, Quote, Text, Video
from server.domain.entry import Content
from server.domain.errors import Invalid
from server.domain.text_limits import MAX_BODY, MAX_CELLS, MAX_MARKUP, MAX_RENDERED_BYTES
from server.newsroom import content, entries
from server.text import sanitise
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio


def typed(text: str) -> Text:
    return Text(html="", markdown=text)


async def prepared(*blocks: Block, language: str = "en", **more: str) -> Content:
    return await content.prepare(Content(blocks=blocks, **more), language)  # type: ignore[arg-type]


async def refusal(*blocks: Block, **more: str) -> str:
    with pytest.raises(Invalid) as caught:
        await prepared(*blocks, **more)
    return caught.value.detail


async def test_markdown_becomes_blocks_where_it_stands() -> None:
    made = await prepared(typed("a\n\n> b\n> — C\n\nd"), Text(html="<div>e</div>"))
    assert made.blocks == (
        Text("<p>a</p>", "a"), Quote("<p>b</p>", "C"), Text("<p>d</p>", "d"), Text("<p>e</p>"),
    )


@pytest.mark.parametrize(("text", "said"), [
    ("x" * (MAX_BODY + 1), f"Text: at most {MAX_BODY:,} characters in an entry; this has {MAX_BODY + 1:,}"),
    ("a\n" * (MAX_MARKUP + 1), f"line {MAX_MARKUP + 1}: at most {MAX_MARKUP:,} line breaks"),
    ("[" * MAX_MARKUP, "line 1: at most 4,000 line breaks and characters such as"),
    ("a|b\n-|-\n" + "a|b\n" * 1100, f"line 1: at most {MAX_CELLS:,} table cells"),
    (">" * 50 + " a", "line 1: nested too deeply; at most 20 levels"),
    ("x\n" + "".join("  " * i + "- a\n" for i in range(30)), "nested too deeply; at most 20 levels"),
    ("> a\n\nb\n\n" * 300, "at most 200 quotations and texts between them"),
    ("https://a.test/ " * 1500, "at most 1,000 addresses"),
])
async def test_markdown_over_a_limit_is_refused_with_its_place(text: str, said: str) -> None:
    detail = await refusal(typed(text))
    assert said in detail
    assert detail.startswith("Text")


NESTED = "".join(f"<b id={n}>" for n in range(1000))


@pytest.mark.parametrize(("html", "said"), [
    (NESTED + "<p>a" * 1000, "too much formatting that is never closed"),
    ("<ul><li>" * 50 + "a", "nested too deeply; at most 20 levels"),
    ("<p>a" * (MAX_MARKUP + 1), f"at most {MAX_MARKUP:,} elements"),
    ("<table>" + "<tr><td>a<td>b" * 1001, f"at most {MAX_CELLS:,} table cells"),
    ("http://a.b " * 1001, "paragraph 1: at most 1,000 addresses"),
])
async def test_html_over_a_limit_is_refused(html: str, said: str) -> None:
    detail = await refusal(Text("<p>a</p>"), Text(html))
    assert said in detail
    assert "block 2" in detail


async def test_rendered_bytes_are_bounded_over_all_blocks() -> None:
    image = Image("a" * 16, alt="&" * 2000, caption="&" * 2000)
    said = f"at most {MAX_RENDERED_BYTES:,} bytes of HTML"
    assert said in await refusal(*[image] * 20)
    assert said in await refusal(Text("&amp;" * 19_000), *[image] * 12)


async def test_what_was_kept_may_be_sent_back() -> None:
    made = await prepared(typed("# Head\n\nsee https://a.test/ and *that*\n\n1. a\n3. b\n\na|b\n-|-\n1|2"))
    again = [Text(str(b.html), b.markdown) for b in made.blocks if isinstance(b, Text)]
    assert await prepared(*again) == made


EMPTY = ["", " ", "\xa0", "\u200b", "\u2060\ufeff", "\u00ad", "\u0301", "\u3164", "\u2800"]


@pytest.mark.parametrize("empty", EMPTY)
async def test_what_looks_empty_is_empty(empty: str) -> None:
    html = f"<p>{empty}</p><br>"
    made = await prepared(typed(empty), Text(html), Quote(html), title=empty)
    assert made == Content()
    assert "describe the picture" in await refusal(Image("a" * 16, alt=empty))
    assert "a quotation needs words" in await refusal(Quote(f"<p>{empty}</p>", "The mayor"))
    assert content.furniture({"key_developments": ("a", empty), "standfirst": empty}) == {
        "key_developments": ("a",), "standfirst": "",
    }
    with pytest.raises(Invalid, match="Headline: needs some text"):
        content.furniture({"headline": empty})


async def test_every_field_of_words_is_repaired() -> None:
    made = await prepared(
        Image("a" * 16, "A\x00B", "C\x93D\x94\x0bE", "F\nG"), Video("https://x.test/", "H\rI", "J\u2028K"),
        title="\x84L\x93\n M",
    )
    assert made.title == "„L“ M"
    assert made.blocks == (
        Image("a" * 16, "AB", "C“D”\nE", "F G"), Video("https://x.test/", "H I", "J K"),
    )


async def test_half_a_character_is_refused_with_its_place() -> None:
    said = "half of a character (an unpaired surrogate)"
    assert await refusal(title="A\ud83d") == f"Title: line 1, character 2: {said}"
    assert await refusal(Text("<p>"), Quote("a\nb\udc00")) == f"Text (block 2): line 2, character 2: {said}"


async def test_a_text_is_read_in_a_thread_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, clean = list[threading.Thread](), sanitise.html

    def cleaned(text: str) -> str:
        threads.append(threading.current_thread())
        return clean(text)

    monkeypatch.setattr(sanitise, "html", cleaned)
    first = await prepared(typed("a **b**"))
    assert len(threads) == 1
    assert threading.main_thread() not in threads
    await prepared(*first.blocks)
    assert len(threads) == 1


async def test_a_short_text_does_not_wait_for_long_ones() -> None:
    longest = "*a* " * (MAX_MARKUP // 2 - 10)
    done: list[str] = []

    async def post(name: str, text: str) -> None:
        await prepared(typed(text))
        done.append(name)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(post("long", longest))
        group.create_task(post("short", "Rain"))
    assert done.index("short") < 2


async def test_a_refused_text_writes_nothing(newsroom: Newsroom) -> None:
    before = await newsroom.head("newsroom")
    with pytest.raises(Invalid):
        draft = entries.Draft(Content(blocks=(typed("[" * 4000),)))
        await entries.create(newsroom.desk, EDITOR, "storm", draft)
    assert await newsroom.head("newsroom") == before


async def test_pinning_reads_no_text_again(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = await newsroom.post("Rain")
    monkeypatch.setattr(sanitise, "html", lambda text: pytest.fail("it was read again"))
    edited = await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {"pinned": True}, revision=None)
    assert edited.entry.content.blocks == entry.content.blocks


async def test_quotation_marks_are_those_of_the_blog(newsroom: Newsroom) -> None:
    from server.newsroom import blogs

    await blogs.edit(newsroom.desk, EDITOR, "storm", {"language": "de"}, revision=None)
    draft = entries.Draft(Content(blocks=(typed('"Ja"'),)))
    written = await entries.create(newsroom.desk, EDITOR, "storm", draft)
    assert written.entry.content.blocks == (Text("<p>„Ja“</p>", '"Ja"'),)
