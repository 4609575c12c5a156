"""Channel names."""

from __future__ import annotations

from server.domain.change import FEEDS, FeedKey

_PREFIX = "stoppress:feed:"
_PROBE_PREFIX = "stoppress:probe:"
_NOTICE_PREFIX = "stoppress:notice:"


def channel_of(feed: FeedKey) -> str:
    """The channel of a feed."""
    return f"{_PREFIX}{feed.blog_id}:{feed.name}"


def feed_of(channel: str) -> FeedKey | None:
    """The feed of a channel; None if the name is not one from `channel_of`."""
    blog_id, _, name = channel.removeprefix(_PREFIX).rpartition(":")
    if not channel.startswith(_PREFIX) or not blog_id or name not in FEEDS:
        return None
    return FeedKey(blog_id, name)


def notice_channel(topic: str) -> str:
    """The channel of the notices of a topic."""
    return _NOTICE_PREFIX + topic


def topic_of(channel: str) -> str | None:
    """The topic of a channel that `notice_channel` made; None for any other."""
    return channel.removeprefix(_NOTICE_PREFIX) if channel.startswith(_NOTICE_PREFIX) else None


def probe_channel(process: str, number: int = 0) -> str:
    """The channel for a process's probes to itself. `number` varies the name until a given cluster node owns
    it."""
    return f"{_PROBE_PREFIX}{process}:{number}"
