"""Links of an entry: looked up before it is written, and no obstacle to it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from PIL import Image as Picture

from server.domain.blocks import Block, Embed, Text, Video, to_json
from server.domain.entry import Content, Entry
from server.domain.permissions import SYSTEM
from server.fetch.preview import Preview
from server.newsroom import blogs, entries, previews
from server.store import media
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio
URL = "https://bsky.app/profile/ada.example.org/post/3kabcdefghi2x"
TUBE = "https://youtu.be/dQw4w9WgXcQ"


def png(width: int = 400, height: int = 300) -> bytes:
    file = io.BytesIO()
    Picture.new("RGB", (width, height), (70, 110, 140)).save(file, "PNG")
    return file.getvalue()


@dataclass
class Source:
    """Answers with what a test gives it, and keeps what it was asked for."""

    answers: dict[str, Preview | Callable[[], Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def of(self, url: str) -> Preview | None:
        self.asked.append(url)
        found = self.answers.get(url)
        if callable(found):
            made: Preview | None = await found()
            return made
        return found


@pytest.fixture
def source(newsroom: Newsroom) -> Source:
    made = Source()
    newsroom.desk = replace(newsroom.desk, previews=made)
    return made


async def post(room: Newsroom, *blocks: Block) -> Entry:
    draft = entries.Draft(Content(blocks=(Text(html="<p>Look</p>"), *blocks)))
    return (await entries.create(room.desk, EDITOR, "storm", draft)).entry


async def test_a_link_gets_its_words_and_a_picture_that_is_kept_here(
    newsroom: Newsroom, source: Source
) -> None:
    html = '<blockquote><p lang="en">Rain &amp; <a href="#">wind</a><br>now</p>&mdash; Ada</blockquote>'
    source.answers[URL] = Preview("", "Bluesky", "Ada", html=html, image=png())
    [_, made] = (await post(newsroom, Embed(URL))).content.blocks
    assert isinstance(made, Embed)
    assert to_json(replace(made, thumbnail="")) == {
        "type": "embed",
        "url": URL,
        "title": "",
        "provider": "Bluesky",
        "author": "Ada",
        "description": "Rain & wind now",
        "thumbnail": "",
        "width": 400,
        "height": 300,
        "unavailable": False,
    }
    async with newsroom.database.read() as connection:
        assert await media.is_public(connection, made.thumbnail)
        assert (await media.get(connection, made.thumbnail)).credit == "Ada"


async def test_what_was_typed_stays(newsroom: Newsroom, source: Source) -> None:
    source.answers[URL] = Preview("Theirs", "Theirs", "Theirs", "Theirs")
    [_, made] = (await post(newsroom, Embed(URL, title="Ours", provider="Ours", author="Ours"))).content.blocks
    assert isinstance(made, Embed)
    assert (made.title, made.provider, made.author, made.description) == ("Ours", "Ours", "Ours", "Theirs")


async def test_a_video_gets_a_poster(newsroom: Newsroom, source: Source) -> None:
    source.answers[TUBE] = Preview("Storm", "YouTube", image=png())
    [_, made] = (await post(newsroom, Video(TUBE))).content.blocks
    assert isinstance(made, Video)
    assert (made.title, made.provider, len(made.poster) > 0) == ("Storm", "YouTube", True)


async def test_what_is_gone_is_a_link_and_says_so(newsroom: Newsroom, source: Source) -> None:
    source.answers |= {
        URL: Preview(provider="Bluesky", gone=True),
        TUBE: Preview(provider="YouTube", gone=True),
    }
    blocks = (await post(newsroom, Embed(URL), Video(TUBE))).content.blocks
    assert blocks[1:] == (
        Embed(URL, provider="Bluesky", unavailable=True),
        Video(TUBE, provider="YouTube", unavailable=True),
    )


@pytest.mark.parametrize(
    "image", [b"no picture", png(30, 30)[:-20], b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
async def test_a_picture_that_is_none_leaves_the_words(
    newsroom: Newsroom, source: Source, image: bytes
) -> None:
    source.answers[URL] = Preview("Storm", image=image)
    [_, made] = (await post(newsroom, Embed(URL))).content.blocks
    assert made == Embed(URL, title="Storm")


async def test_a_post_goes_out_without_what_does_not_come_or_fails(
    newsroom: Newsroom, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise RuntimeError("a defect")

    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(previews, "SECONDS", 0.3)
    source.answers |= {"https://a.example/": broken, "https://b.example/": never, URL: Preview("Storm")}
    entry = await post(
        newsroom,
        Embed("https://a.example/"),
        Embed("https://b.example/"),
        Embed("https://c.example/"),
        Embed(URL),
    )
    assert entry.content.blocks[1:] == (
        Embed("https://a.example/"),
        Embed("https://b.example/"),
        Embed("https://c.example/"),
        Embed(URL, title="Storm"),
    )
    assert entry.status == "published"


async def test_an_edit_looks_up_new_links_only_and_keeps_the_rest(newsroom: Newsroom, source: Source) -> None:
    source.answers[URL] = Preview("Storm", "Bluesky", "Ada", "Rain", image=png())
    entry = await post(newsroom, Embed(URL))
    before = entry.content.blocks[1]
    changed = (Embed(URL, title="A new title"), Embed("https://b.example/"))
    after = await newsroom.edit(entry, "", blocks=changed)
    assert isinstance(before, Embed)
    assert after.content.blocks == (replace(before, title="A new title"), Embed("https://b.example/"))
    assert source.asked == [URL, "https://b.example/"]


async def test_video_files_and_texts_are_not_looked_up(newsroom: Newsroom, source: Source) -> None:
    await post(newsroom, Video("https://a.example/storm.mp4"))
    assert source.asked == []


async def test_only_so_many_links_are_looked_up(newsroom: Newsroom, source: Source) -> None:
    await post(newsroom, *(Embed(f"https://a.example/{n}") for n in range(previews.MAX_LINKS + 5)))
    assert len(source.asked) == previews.MAX_LINKS


async def test_without_a_source_links_stay_as_typed(newsroom: Newsroom) -> None:
    [_, made] = (await post(newsroom, Embed(URL))).content.blocks
    assert made == Embed(URL)


async def test_hostile_words_are_tidied_and_bounded(newsroom: Newsroom, source: Source) -> None:
    source.answers[URL] = Preview(
        "\u202eevil\x00\ud800 " + "x" * 4000, "P\n\n" * 900, "A" * 4000, html="<p>" + "<" * 9000
    )
    [_, made] = (await post(newsroom, Embed(URL))).content.blocks
    assert isinstance(made, Embed)
    for words in (made.title, made.provider, made.author, made.description):
        assert len(words) <= previews.DESCRIPTION
        assert not set(words) & {"\x00", "\ud800", "\n"}


async def test_what_was_not_there_is_looked_up_again_when_the_entry_is_saved(
    newsroom: Newsroom, source: Source
) -> None:
    source.answers[URL] = Preview(provider="Bluesky", gone=True)
    entry = await post(newsroom, Embed(URL))
    source.answers[URL] = Preview("", "Bluesky", "Ada", html="<p>Back again</p>")
    changed = {"blocks": (Text(html="<p>Look</p>"), Embed(URL))}
    edited = await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, changed, revision=None)
    [_, made] = edited.entry.content.blocks
    assert isinstance(made, Embed)
    assert (made.unavailable, made.author, made.description) == (False, "Ada", "Back again")


async def test_the_video_at_the_head_of_a_blog_is_looked_up_once(newsroom: Newsroom, source: Source) -> None:
    source.answers[TUBE] = Preview("The storm from above", "YouTube", image=png(1280, 720))
    furniture = blogs.Furniture("Seen", status="live", lead=Video(TUBE))
    lead = (await blogs.create(newsroom.desk, SYSTEM, "seen", furniture)).blog.lead
    assert isinstance(lead, Video)
    assert (lead.title, lead.provider, lead.unavailable) == ("The storm from above", "YouTube", False)
    async with newsroom.database.read() as connection:
        assert await media.is_public(connection, lead.poster)
    again = await blogs.edit(newsroom.desk, SYSTEM, "seen", {"lead": lead}, revision=None)
    assert again.blog.lead == lead and source.asked == [TUBE]
