"""Cards and facades of other sites on a page: what a reader gets without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.app import running

pytestmark = pytest.mark.anyio
POST = "https://bsky.app/profile/ada.example.org/post/3kabcdefghi2x"
TOOT = "https://social.example.org/@ada/110"
TUBE = "https://youtu.be/dQw4w9WgXcQ"


async def test_cards_are_links_that_know_their_player(tmp_path: Path) -> None:
    async with running(tmp_path, mastodon_hosts="social.example.org") as server:
        await server.blog()
        await server.post(
            blocks=[
                {
                    "type": "embed",
                    "url": POST,
                    "title": 'Rain "now" <b>',
                    "author": "Ada",
                    "description": "Wind",
                },
                {"type": "embed", "url": TOOT},
                {"type": "embed", "url": "https://news.example/story", "title": "A story"},
                {"type": "embed", "url": POST, "title": "Gone", "unavailable": True},
                {"type": "video", "url": TUBE, "title": "Tube"},
            ]
        )
        answer = await server.anonymous.get("/live/storm")
    links = re.findall(r'<a class="(?:embed|facade)[^>]*>', answer.text)
    players = [re.search(r'data-player="([^"]*)"', link) for link in links]
    assert [found and found[1] for found in players] == [
        "https://embed.bsky.app/embed/ada.example.org/app.bsky.feed.post/3kabcdefghi2x",
        "https://social.example.org/@ada/110/embed", None, None,
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
    ]  # fmt: skip
    assert f'href="{POST}"' in links[0]
    assert 'data-title="Rain &#34;now&#34; &lt;b&gt;"' in links[0]
    for words in (
        "Rain &#34;now&#34; &lt;b&gt;",
        "Ada",
        "Wind",
        ">Bluesky<",
        ">Mastodon<",
        ">news.example<",
        "A story",
    ):
        assert words in answer.text
    frames = re.search("frame-src ([^;]*)", answer.headers["content-security-policy"])
    assert frames is not None
    assert {"https://www.youtube-nocookie.com", "https://social.example.org"} < set(frames[1].split())
    assert "http:" not in frames[1]
    assert "*" not in frames[1]
