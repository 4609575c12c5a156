"""Which provider an address belongs to, and the player that is made of it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.providers import PROVIDERS, Providers, plays_in_place

TABLE = Providers(["social.example.org"])


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.youtube.com/watch?v=x", "YouTube"),
        ("https://youtu.be/x", "YouTube"),
        ("https://m.youtube.com/x", "YouTube"),
        ("https://twitter.com/a/status/1", "X"),
        ("https://notyoutube.com/x", "notyoutube.com"),
        ("https://youtube.com.evil.test/", "youtube.com.evil.test"),
        ("https://www.example.org/", "example.org"),
        ("nothing", ""),
        ("https://[/", ""),
        ("https://social.example.org/@ada/1", "Mastodon"),
        ("https://m.social.example.org/x", "Mastodon"),
        ("https://mastodon.social/@ada/1", "mastodon.social"),
    ],
)
def test_a_site_is_known_by_its_host(url: str, name: str) -> None:
    assert TABLE.name(url) == name


def test_a_video_file_plays_in_place() -> None:
    assert plays_in_place("https://video.test/a.MP4?x=1")
    assert not plays_in_place("https://video.test/watch?file=a.mp4")


PLAYERS = {
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
    "https://m.youtube.com/watch?app=m&v=dQw4w9WgXcQ&t=9": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
    "https://www.youtube.com/live/dQw4w9WgXcQ?si=x": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
    "https://youtu.be/dQw4w9WgXcQ?t=3": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
    "https://vimeo.com/76979871": "https://player.vimeo.com/video/76979871?autoplay=1&dnt=1",
    "https://vimeo.com/76979871/8272103f6e": "https://player.vimeo.com/video/76979871?h=8272103f6e&autoplay=1&dnt=1",
    "https://dai.ly/x8abcde": "https://geo.dailymotion.com/player.html?video=x8abcde",
    "https://x.com/ada/status/1234567890?s=20": "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1234567890",
    "https://bsky.app/profile/ada.example.org/post/3kabcdefghi2x":
        "https://embed.bsky.app/embed/ada.example.org/app.bsky.feed.post/3kabcdefghi2x",
    "https://www.instagram.com/p/CabcDEF_-12/": "https://www.instagram.com/p/CabcDEF_-12/embed/captioned/",
    "https://www.instagram.com/ada.b/reel/CabcDEF_-12/?x=1": "https://www.instagram.com/p/CabcDEF_-12/embed/captioned/",
    "https://www.tiktok.com/@ada.b/video/7123456789012345678": "https://www.tiktok.com/player/v1/7123456789012345678?autoplay=1",
    "https://soundcloud.com/ada/storm":
        "https://w.soundcloud.com/player/?auto_play=true&url=https%3A%2F%2Fsoundcloud.com%2Fada%2Fstorm",
    "https://open.spotify.com/episode/4rOoJ6Egrf8K2IrywzwOMk": "https://open.spotify.com/embed/episode/4rOoJ6Egrf8K2IrywzwOMk",
    "https://www.facebook.com/ada/posts/pfbid0abc":
        "https://www.facebook.com/plugins/post.php?show_text=true&href=https%3A%2F%2Fwww.facebook.com%2Fada%2Fposts%2Fpfbid0abc",
    "https://social.example.org/@ada@other.example/110": "https://social.example.org/@ada@other.example/110/embed",
}  # fmt: skip


@pytest.mark.parametrize(("url", "src"), PLAYERS.items())
def test_a_post_or_video_has_a_player(url: str, src: str) -> None:
    player = TABLE.player(url)
    assert player is not None
    assert player.src == src


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/@channel",
        "https://www.youtube.com/watch?v=short",
        "https://x.com/ada",
        "https://vimeo.com/about",
        "https://bsky.app/profile/ada.example.org",
        "https://www.instagram.com/ada/",
        "https://evil.example/watch?v=dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "https://mastodon.social/@ada/110",
        "https://social.example.org/about",
        "nothing",
        "https://[",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ%22%3E",
    ],
)
def test_other_addresses_have_none(url: str) -> None:
    assert TABLE.player(url) is None


@given(
    st.sampled_from([d for p in PROVIDERS for d in p.domains] + ["social.example.org"]), st.text(max_size=60)
)
def test_no_address_leads_to_a_player_elsewhere(domain: str, rest: str) -> None:
    player = TABLE.player(f"https://{domain}/{rest}")
    if player is not None:
        parts = urlsplit(player.src)
        assert f"https://{parts.netloc}" in TABLE.frames
        assert not set(player.src) & set("\"'<> ")


def test_every_provider_may_be_framed_by_its_host_only() -> None:
    assert all(origin.startswith("https://") and origin.count("/") == 2 for origin in TABLE.frames)
    assert set(TABLE.frames) - set(Providers().frames) == {"https://social.example.org"}


def test_data_is_asked_of_the_endpoint_of_the_table() -> None:
    assert TABLE.data_url("https://vimeo.com/1?a=b&c") == (
        "https://vimeo.com/api/oembed.json?dnt=1&format=json&url=https%3A%2F%2Fvimeo.com%2F1%3Fa%3Db%26c"
    )
    assert TABLE.data_url("https://social.example.org/@ada/110").startswith(
        "https://social.example.org/api/oembed?"
    )
    for url in (
        "https://www.instagram.com/p/CabcDEF_-12/",
        "https://news.example/",
        "https://social.example.org/x",
    ):
        assert TABLE.data_url(url) == ""
