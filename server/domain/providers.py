"""Sites whose posts and videos can be shown: their names, where their oEmbed data is (oembed.com), and the
address of their players. Pure: an address goes in and an address comes out.

The host of a player stands in this table, never in what a provider sends: its answer could name any host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote, urlsplit

Shape: TypeAlias = Literal["wide", "tall", "post", "audio"]
"""The box of a player: 16:9, 9:16, as high as its content, or a low bar."""
_ID = "[A-Za-z0-9_-]"
_FILE = re.compile(r"\.(mp4|webm|m4v|mov)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Player:
    """The address of a provider's player for one post or video."""

    src: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` is matched against the path and query of an address; `src` takes its groups, or the whole
    address quoted as `{url}`."""

    pattern: re.Pattern[str]
    src: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Provider:
    """`domains` and their subdomains belong to it. `endpoint` is its oEmbed endpoint, with whatever it needs in
    its query; empty if it answers only with an access token. `frame` is the host of its players."""

    name: str
    domains: tuple[str, ...]
    endpoint: str
    frame: str
    rules: tuple[Rule, ...]


def _rule(pattern: str, src: str, shape: Shape) -> Rule:
    return Rule(re.compile(pattern, re.ASCII), src, shape)


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "YouTube", ("youtube.com", "youtube-nocookie.com"), "https://www.youtube.com/oembed",
        "www.youtube-nocookie.com",
        (
            _rule(rf"/watch\?(?:[^#]*&)?v=(?P<id>{_ID}{{11}})(?:&.*)?", "/embed/{id}?autoplay=1", "wide"),
            _rule(rf"/(?:live|embed|v)/(?P<id>{_ID}{{11}})(?:[/?].*)?", "/embed/{id}?autoplay=1", "wide"),
            _rule(rf"/shorts/(?P<id>{_ID}{{11}})(?:[/?].*)?", "/embed/{id}?autoplay=1", "tall"),
        ),
    ),
    Provider(
        "YouTube", ("youtu.be",), "https://www.youtube.com/oembed", "www.youtube-nocookie.com",
        (_rule(rf"/(?P<id>{_ID}{{11}})(?:[/?].*)?", "/embed/{id}?autoplay=1", "wide"),),
    ),
    Provider(
        "Vimeo", ("vimeo.com",), "https://vimeo.com/api/oembed.json?dnt=1", "player.vimeo.com",
        (
            _rule(
                r"/(?P<id>\d{5,12})/(?P<key>[0-9a-f]{8,16})(?:[/?].*)?",
                "/video/{id}?h={key}&autoplay=1&dnt=1", "wide",
            ),
            _rule(
                r"/(?:video/|channels/[\w-]+/|groups/[\w-]+/videos/)?(?P<id>\d{5,12})(?:[/?].*)?",
                "/video/{id}?autoplay=1&dnt=1", "wide",
            ),
        ),
    ),
    Provider(
        "Dailymotion", ("dailymotion.com",), "https://www.dailymotion.com/services/oembed",
        "geo.dailymotion.com",
        (_rule(r"/video/(?P<id>[a-z0-9]{5,12})(?:[_?/].*)?", "/player.html?video={id}", "wide"),),
    ),
    Provider(
        "Dailymotion", ("dai.ly",), "https://www.dailymotion.com/services/oembed", "geo.dailymotion.com",
        (_rule(r"/(?P<id>[a-z0-9]{5,12})(?:[?/].*)?", "/player.html?video={id}", "wide"),),
    ),
    Provider(
        "X", ("x.com", "twitter.com"), "https://publish.twitter.com/oembed?omit_script=1&dnt=1",
        "platform.twitter.com",
        (
            _rule(
                r"/(?:\w{1,20}|i/web)/status(?:es)?/(?P<id>\d{1,20})(?:[/?].*)?",
                "/embed/Tweet.html?dnt=true&id={id}", "post",
            ),
        ),
    ),
    Provider(
        "Bluesky", ("bsky.app",), "https://embed.bsky.app/oembed", "embed.bsky.app",
        (
            _rule(
                r"/profile/(?P<actor>[a-zA-Z0-9.:-]{3,253})/post/(?P<id>[a-z0-9]{10,20})(?:[/?].*)?",
                "/embed/{actor}/app.bsky.feed.post/{id}", "post",
            ),
        ),
    ),
    Provider(
        "Instagram", ("instagram.com",), "", "www.instagram.com",
        (
            _rule(
                rf"/(?:[\w.]+/)?(?:p|reel|tv)/(?P<id>{_ID}{{5,40}})(?:[/?].*)?", "/p/{id}/embed/captioned/",
                "post",
            ),
        ),
    ),
    Provider(
        "Facebook", ("facebook.com",), "", "www.facebook.com",
        (
            _rule(
                r"/(?:watch/?\?.*v=\d+.*|[\w.-]+/videos/.+|reel/\d+.*)",
                "/plugins/video.php?show_text=false&href={url}", "wide",
            ),
            _rule(
                r"/(?:[\w.-]+/(?:posts|photos)/.+|permalink\.php\?.+|photo(?:\.php|/)?\?.+|story\.php\?.+)",
                "/plugins/post.php?show_text=true&href={url}", "post",
            ),
        ),
    ),
    Provider(
        "TikTok", ("tiktok.com",), "https://www.tiktok.com/oembed", "www.tiktok.com",
        (_rule(r"/@[\w.]+/video/(?P<id>\d{10,22})(?:[/?].*)?", "/player/v1/{id}?autoplay=1", "tall"),),
    ),
    Provider(
        "SoundCloud", ("soundcloud.com",), "https://soundcloud.com/oembed", "w.soundcloud.com",
        (_rule(r"/[\w-]+/(?:sets/)?[\w-]+(?:[/?].*)?", "/player/?auto_play=true&url={url}", "audio"),),
    ),
    Provider(
        "Spotify", ("open.spotify.com",), "https://open.spotify.com/oembed", "open.spotify.com",
        (
            _rule(
                r"/(?:intl-\w+/)?(?P<kind>track|album|playlist|episode|show)/(?P<id>[A-Za-z0-9]{16,30})(?:[/?].*)?",
                "/embed/{kind}/{id}", "audio",
            ),
        ),
    ),
)
_MASTODON = (_rule(r"/@(?P<user>[\w.@-]{1,200})/(?P<id>\d{1,24})", "/@{user}/{id}/embed", "post"),)


class Providers:
    """The table, and the Mastodon servers that this installation knows.

    Args:
        mastodon: host names, in lower case.
        table: the other providers.
    """

    def __init__(self, mastodon: Iterable[str] = (), *, table: Iterable[Provider] = PROVIDERS) -> None:
        servers = (Provider("Mastodon", (h,), f"https://{h}/api/oembed", h, _MASTODON) for h in mastodon)
        self._all = (*table, *servers)
        self._by_domain = {domain: p for p in reversed(self._all) for domain in p.domains}
        self.frames = tuple(sorted({f"https://{p.frame}" for p in self._all}))
        """Origins that a page may show in a frame."""

    def of(self, url: str) -> Provider | None:
        """The provider that an address belongs to."""
        host = _host(url)
        while host:
            if host in self._by_domain:
                return self._by_domain[host]
            _, _, host = host.partition(".")
        return None

    def name(self, url: str) -> str:
        """The provider's name, or the host without `www.`; empty for a URL without a host."""
        found = self.of(url)
        return found.name if found else _host(url).removeprefix("www.").removeprefix("m.")

    def player(self, url: str) -> Player | None:
        """The player of a post or video; None for an address that has none, such as that of a channel."""
        found = self.of(url)
        if found is None:
            return None
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        for rule in found.rules:
            if match := rule.pattern.fullmatch(path):
                src = rule.src.format(url=quote(url, safe=""), **match.groupdict())
                return Player(f"https://{found.frame}{src}", rule.shape)
        return None

    def data_url(self, url: str) -> str:
        """Where the oEmbed data of an address is (oEmbed §2.2); empty if nowhere."""
        found = self.of(url)
        if found is None or not found.endpoint or (
            found.name == "Mastodon" and self.player(url) is None
        ):
            return ""
        joint = "&" if "?" in found.endpoint else "?"
        return f"{found.endpoint}{joint}format=json&url={quote(url, safe='')}"


def plays_in_place(url: str) -> bool:
    """Whether the URL is a video file that browsers can play."""
    try:
        return bool(_FILE.search(urlsplit(url).path))
    except ValueError:
        return False


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # brackets that hold no address
        return ""
