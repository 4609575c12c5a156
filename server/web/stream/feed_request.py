"""What a request for a feed asks for, and whether it may have it. The same for every way into a stream."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from server.delivery.framing import VIEWS
from server.delivery.listener_limits import StreamGate
from server.delivery.subscription import Subscription
from server.domain.blog import Blog
from server.domain.change import FEEDS, FeedKey, FeedName
from server.domain.errors import Invalid, NotFound, Unauthenticated
from server.domain.permissions import Action, Authority, require
from server.domain.position import Position
from server.store import blogs
from server.web.authenticate import authority_of, caller_of
from server.web.site import site_of


def gate_of(connection: HTTPConnection) -> StreamGate:
    gate = connection.app.state.gate
    assert isinstance(gate, StreamGate)
    return gate


async def subscription_of(connection: HTTPConnection, *, last_event_id: bool = False) -> Subscription:
    """What the request asks for, if it is allowed. `last_event_id`: that header says from where, before
    `?after=`. Event streams only: caches do not know of it.

    Raises:
        NotFound: no such blog, or a draft and no permission to see it.
        Unauthenticated, Forbidden: the newsroom feed shows every entry, so it needs an editor.
        Invalid: `feed` or `view` is none of the known.
    """
    query, as_of = connection.query_params, gate_of(connection).private.as_of
    name, view = query.get("feed", "public"), query.get("view", "html")
    if name not in FEEDS:
        raise Invalid.field("feed", f"one of {', '.join(FEEDS)}")
    if view not in VIEWS:
        raise Invalid.field("view", f"one of {', '.join(VIEWS)}")
    key, authority = await _feed_key(connection, connection.path_params["slug"], name)
    text = (connection.headers.get("last-event-id") if last_event_id else None) or query.get("after")
    try:
        after, broken = (Position.parse(text), False) if text else (None, False)
    except Invalid:
        after, broken = None, True
    return Subscription(key, view, after, broken, authority, as_of)


async def _feed_key(
    connection: HTTPConnection, slug: str, name: FeedName
) -> tuple[FeedKey, Authority | None]:
    """The feed, and whose permission it took to follow it: the newsroom's, and that of a draft."""
    known = gate_of(connection).public
    if name == "public" and slug in known:
        return known[slug], None
    if name == "newsroom" and await caller_of(connection) is None:
        raise Unauthenticated  # before looking: the answer must not tell whether there is such a blog
    blog = await _blog(connection, slug)
    if blog is not None and name == "public" and blog.status != "draft":
        # a blog that was public stays so, and keeps its slug: this need not be asked again
        known[slug] = FeedKey(blog.id, name)
        return known[slug], None
    caller = await caller_of(connection)  # a wrong token is told for a draft and where there is no blog
    if blog is None or caller is None:
        raise NotFound("Blog not found.")
    require(caller, Action.BLOG_READ if name == "public" else Action.ENTRY_PUBLISH, blog.id)
    return FeedKey(blog.id, name), authority_of(connection, caller)


async def _blog(connection: HTTPConnection, slug: str) -> Blog | None:
    async with site_of(connection).database.read() as database:
        try:
            return await blogs.by_slug(database, slug)
        except NotFound:
            return None
