"""Positions, changes, blocks, times: what goes out comes back the same, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import blocks, times
from server.domain.byline import Byline
from server.domain.change import Change, FeedKey
from server.domain.entry import Content, Entry
from server.domain.errors import Invalid
from server.domain.position import MAX_SEQ, Position, new_epoch, new_id

MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)

BLOCKS = st.one_of(
    st.builds(blocks.Text, html=TEXT, markdown=TEXT),
    st.builds(blocks.Quote, html=TEXT, cite=TEXT),
    st.builds(
        blocks.Image, media_id=TEXT, alt=TEXT, caption=TEXT, credit=TEXT, decorative=st.booleans(),
        width=st.integers(0, 9000), height=st.integers(0, 9000),
        widths=st.lists(st.integers(1, 2000), max_size=5).map(tuple),
    ),
    st.builds(blocks.Video, url=TEXT, title=TEXT, poster=TEXT),
    st.builds(blocks.Embed, url=TEXT, title=TEXT, provider=TEXT),
)


@given(st.integers(0, MAX_SEQ))
def test_a_position_reads_as_it_was_written(seq: int) -> None:
    position = Position(new_epoch(), seq)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", [
    "", "k3f9", "k3f9.", ".1", "k3f9.01", "k3f9.-1", "k3f9.+1", "k3f9.1 ", " k3f9.1", "K3F9.1", "k3f9.1\n",
    "k3f9.1.2", "k3f9.1e3", f"k3f9.{MAX_SEQ + 1}", "k3f9.٣", "ü.1", "a" * 17 + ".1", "k3f9.\u00b2",
])
def test_malformed_text_is_not_a_position(text: str) -> None:
    with pytest.raises(Invalid):
        Position.parse(text)


def test_identifiers_are_long_and_all_different() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(i) for i in made} == {16}


@given(BLOCKS)
def test_a_block_reads_as_it_was_written(block: blocks.Block) -> None:
    assert blocks.from_json(blocks.to_json(block)) == block


def test_an_unknown_field_is_ignored() -> None:
    assert blocks.from_json({"type": "quote", "html": "x", "mood": "grim"}) == blocks.Quote(html="x")


def test_pictures_and_posters_count_as_media() -> None:
    shown = (blocks.Image(media_id="a"), blocks.Video(url="u", poster="b"), blocks.Video(url="u"))
    assert blocks.media_ids(shown) == {"a", "b"}


@given(st.lists(BLOCKS, max_size=4).map(tuple), TEXT)
def test_content_reads_as_it_was_written(shown: tuple[blocks.Block, ...], title: str) -> None:
    content = Content(title=title, blocks=shown, pinned=True)
    assert Content.from_json(content.to_json()) == content


@given(TEXT, st.integers(0, MAX_SEQ))
def test_a_change_reads_as_it_was_written(text: str, seq: int) -> None:
    change = Change(FeedKey("b", "public"), Position("k3f9", seq), "entry", "e", 3, {"title": text}, 1.5)
    assert Change.from_bytes(change.to_bytes()) == change


@pytest.mark.parametrize("data", [
    b"", b"{}", b"[]", b"null", b"\xff", b"[1,2,3]", b'["b","secret","k",1,"entry","e",1,{},0]',
    b'["b","public","k",1,"explode","e",1,{},0]', b'["b","public","k","1","entry","e",1,{},0]',
    b'["b","public","k",1,"entry","e",1,[],0]', b'["b","public","k",1,"entry","e",1,{},"now"]',
])
def test_malformed_data_is_not_a_change(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Change.from_bytes(data)


def _entry(**fields: object) -> Entry:
    content = Content(title="Mayor resigns", blocks=(blocks.Text("<p>Words</p>"),), bylines=(Byline("Bea"),))
    return Entry(
        id="e", blog_id="b", status="published", revision=2, content=content, author_id="user:1",
        author_name="Ada", created_at=MOMENT, updated_at=MOMENT, **fields,  # type: ignore[arg-type]
    )


def test_readers_do_not_learn_who_wrote_and_when_it_was_drafted() -> None:
    assert not {"author", "created_at", "updated_at", "publish_at"} & set(_entry().to_json(newsroom=False))


def test_a_tombstone_has_its_place_and_no_content() -> None:
    said = _entry(number=4, retracted_at=MOMENT).to_tombstone()
    assert set(said) == {"id", "revision", "number", "published_at", "retracted_at"}


def test_times_are_utc_with_milliseconds() -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert times.to_text(there) == "2026-03-01T09:30:00.000Z"
    assert times.to_text(None) is None
