"""Feeds whose history is no longer the one that listeners know."""

from __future__ import annotations

import structlog

from server.domain.change import FeedKey
from server.domain.position import Position
from server.newsroom.desk import Desk
from server.store import feeds

log = structlog.get_logger()


async def renew_epoch(
    desk: Desk, key: FeedKey, *, seen: Position, rewritten: bool = False
) -> Position:
    """Begin a new history in every feed, if the store has gone back behind `seen` under the same epoch: an
    older state was restored without `stoppress migrate --new-epoch`, or a replica that lagged took over.

    All feeds, because all of the database went back: a listener that sleeps with a position of another feed
    would otherwise take new changes for those that it has. Of many processes, and of many feeds of one, that
    notice it at once, the first one renews; the others find the epoch renewed.

    Args:
        key: the feed that was seen to go back.
        seen: its head as this process knew it, which was committed once.
        rewritten: the caller knows that the store went back although its head is not lower: numbers that were
            lost have been given to other changes since.

    Returns:
        Where the feed stands now; its epoch is another than that of `seen` if the store went back.

    Raises:
        NotFound: the blog is gone.
        Unavailable: the database cannot be used; call again.
    """
    async with desk.database.write() as connection:
        await feeds.lock_all(connection)
        at = await feeds.head(connection, key)
        if at.epoch != seen.epoch or (at.seq >= seen.seq and not rewritten):
            return at
        await feeds.renew_epoch(connection)
        renewed = await feeds.head(connection, key)
    log.error(
        "feeds.went_back", feed=str(key), seen=str(seen), store=str(at), renewed=str(renewed),
        hint="The database was restored to an earlier state. Every listener loads afresh.",
    )
    return renewed
