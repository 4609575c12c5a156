"""Recognises the provider of a video or embed URL."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PROVIDERS: dict[str, tuple[str, ...]] = {
    "YouTube": ("youtube.com", "youtu.be"),
    "Vimeo": ("vimeo.com",),
    "Dailymotion": ("dailymotion.com", "dai.ly"),
    "X": ("x.com", "twitter.com"),
    "Bluesky": ("bsky.app",),
    "Instagram": ("instagram.com",),
    "Facebook": ("facebook.com",),
    "TikTok": ("tiktok.com",),
    "SoundCloud": ("soundcloud.com",),
}
_FILE = re.compile(r"\.(mp4|webm|m4v|mov)$", re.IGNORECASE)


def provider(url: str) -> str:
    """The provider's name, or the host without `www.`; empty for a URL without a host."""
    try:
        host = (urlsplit(url).hostname or "").lower().removeprefix("www.").removeprefix("m.")
    except ValueError:  # brackets that hold no address
        return ""
    for name, domains in PROVIDERS.items():
        if any(host == d or host.endswith("." + d) for d in domains):
            return name
    return host


def plays_in_place(url: str) -> bool:
    """Whether the URL is a video file that browsers can play."""
    try:
        return bool(_FILE.search(urlsplit(url).path))
    except ValueError:
        return False
