from __future__ import annotations

import pytest

from server.domain.blocks import Block, Embed, Image, Quote, Text, Video
from server.text.title import title_of, words_of

PICTURE = Image("m" * 16, alt="A flooded pier", caption="The pier on Sunday")
TEXT = Text("<p>The <em>harbour</em> is closed.</p>")
FILM = Video("https://example.org/film.mp4", title="The harbour from above")


@pytest.mark.parametrize(
    ("title", "blocks", "expected"),
    [
        ("Harbour closed", [TEXT], "Harbour closed"),
        ("", [PICTURE, TEXT], "The harbour is closed."),
        ("", [Quote("<p>We wait.</p>", "The mayor")], "“We wait.” – The mayor"),
        ("", [PICTURE, FILM], "A flooded pier"),
        ("", [Image("m" * 16, caption="The pier")], "The pier"),
        ("", [Image("m" * 16, decorative=True, caption="A line"), FILM], "The harbour from above"),
        ("", [Embed("https://example.org/a"), Embed("https://example.org/b", "A map")], "A map"),
        ("", [Embed("https://www.example.org/a/")], "example.org/a"),
        ("", [], "Update"),
    ],
)
def test_an_entry_is_called_by_its_title_or_how_it_begins(
    title: str, blocks: list[Block], expected: str
) -> None:
    assert title_of(title, blocks) == expected


def test_only_what_nobody_wrote_as_a_title_is_cut() -> None:
    long = "word " * 40
    assert title_of(long, []) == long
    assert len(title_of("", [Text(f"<p>{long}</p>")], 50)) <= 50


def test_words_hold_texts_quotes_and_captions_in_order() -> None:
    blocks = [PICTURE, TEXT, Quote("<p>We wait.</p>"), FILM]
    assert words_of(blocks) == "The pier on Sunday The harbour is closed. “We wait.”"
