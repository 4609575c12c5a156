"""Reader pages of one blog: the blog, an entry. Each is rendered from one database snapshot."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.domain.blog import Blog
from server.domain.change import FeedKey
from server.domain.entry import Entry
from server.domain.errors import NotFound
from server.domain.position import Position
from server.domain.times import now, to_text
from server.store import blogs, entries, feeds
from server.text.excerpt import excerpt
from server.text.title import title_of, words_of
from server.web.conditional import client_has
from server.web.kept_responses import holds_at
from server.web.reader import filtered, page_cache, pagination, slots, structured_data
from server.web.reader.filtered import Filtered
from server.web.reader.inline_json import inline_json
from server.web.reader.page_cache import Kept
from server.web.reader.pagination import Page
from server.web.reader.view import View, view_of
from server.web.site import Site, site_of
from server.web.stream.feed_request import gate_of
from server.web.times import date_in

HTML = "text/html"
BLOG = "reader/blog.html"
LOGO = "reader/logo.png"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content of one page of a blog at `position`."""

    blog: Blog
    position: Position
    page: Page
    view: View
    preceding: View | None
    following: View | None
    pinned: list[Entry]
    below: list[Entry]
    key_events: list[Entry]
    changed_at: datetime | None
    made_at: datetime | None = None
    """Set on pages that reload themselves."""

    def limited(self, limit: int) -> Snapshot:
        """The same with at most so many entries below the pinned ones; the blog's page has the others."""
        if len(self.below) <= limit:
            return self
        below = self.below[:limit]
        numbers = [entry.number for entry in below if entry.number is not None]
        ends = {"last": max(numbers)} if self.view.oldest_first else {"first": min(numbers)}
        return replace(self, below=below, page=replace(self.page, **ends), following=self.view)

    @property
    def entries(self) -> list[Entry]:
        """All entries in page order."""
        return self.pinned + self.below

    @property
    def updated(self) -> str | None:
        """When the newest entry was published or edited; None without entries."""
        moments = (e.edited_at or e.published_at for e in self.entries)
        return to_text(max((moment for moment in moments if moment is not None), default=None))

    @property
    def days(self) -> dict[str, str]:
        """When each entry was published that begins another day than the one above it, by its id."""
        found: dict[str, str] = {}
        above = None
        for item in self.below:
            if item.published_at is None:
                continue
            day = date_in(item.published_at, self.blog.time_zone)
            if above is not None and day != above:
                found[item.id] = to_text(item.published_at)
            above = day
        return found

    @property
    def changed(self) -> datetime:
        """When readers last saw a change. It moves forward when something is retracted, on whatever page."""
        return max(self.blog.updated_at, self.changed_at or self.blog.updated_at)

    @property
    def modified(self) -> str:
        """The same as RFC 3339 text."""
        return to_text(self.changed)


async def blog(request: Request) -> Response:
    """`/live/{slug}`: the newest entries; `?before=N` an older page; `?topic=`, `?key=1`, `?q=` only some,
    `?order=oldest` from the beginning; `?entry=ID` redirects to the entry's page; `?refresh=60` reloads itself
    where scripts are off."""
    site = site_of(request)
    slug: str = request.path_params["slug"]
    view = view_of(request.query_params)
    if entry_id := request.query_params.get("entry"):
        async with site.database.read() as connection:
            return await _page_of_entry(connection, await public_blog(connection, slug), entry_id)
    blog_id, position = await standing(request, slug)
    if (current := await _slug_now(request, blog_id, position.epoch)) != slug:
        query = f"?{request.url.query}" if request.url.query else ""
        return _renamed(f"/live/{current}{query}")

    # a page that reloads itself says when it was made, to the minute
    made_at = now().replace(second=0, microsecond=0) if view.refresh else None

    def etag(at: Position) -> str:
        return f"{site.renderer.version}-{at}-{page_cache.digest(repr((view, made_at)))}"

    async def make(base: str) -> Kept:
        async with site.searches if view.query else nullcontext(), site.database.read() as connection:
            snapshot = replace(await take(connection, slug, view), made_at=made_at)
        return Kept.of(render(site, snapshot, base), etag=etag(snapshot.position), media_type=HTML)

    invented = bool(view.query or (view.filtered and view.cursor))
    if not invented and not view.refresh:
        holds_at(request, FeedKey(blog_id, "public"), position)
    known = Kept.known(etag(position), media_type=HTML)
    if request.headers.get("if-none-match", "*") != "*" and client_has(request, known.etag):
        return page_cache.answer(request, known)  # before anything is searched, read or rendered
    if invented:
        # anybody can invent these, and each would push a page out that many ask for
        return page_cache.answer(request, await make(site.url(request)))
    key = ("page", blog_id, str(position), view, made_at)
    return page_cache.answer(request, await site.renderer.pages.get(key, make, base=site.url(request)))


async def entry(request: Request) -> Response:
    """`/live/{slug}/entries/{id}`: permalink of an entry; 410 and a tombstone after retraction, and where it
    was moved to another blog, the way there."""
    site = site_of(request)
    async with site.database.read() as connection:
        found = await public_blog(connection, request.path_params["slug"])
        item, _ = await entry_on_page(connection, found, request.path_params["id"])
        if found.slug != request.path_params["slug"]:
            return _renamed(f"/live/{found.slug}/entries/{item.id}")
        if item.moved_to and (there := await _moved(connection, item.moved_to)):
            return RedirectResponse(there, 302, headers={"Cache-Control": "no-cache"})
        at = await feeds.head(connection, FeedKey(found.id, "public"))
    holds_at(request, FeedKey(found.id, "public"), at)
    site.hub.keep_warm(FeedKey(found.id, "public"))
    key = f"{site.renderer.version}-{at.epoch}-{item.id}.{item.revision}-{found.revision}"

    async def make(base: str) -> Kept:
        return Kept.of(_permalink(site, found, item, base), etag=page_cache.digest(key), media_type=HTML)

    page = await site.renderer.pages.get(("entry", key), make, base=site.url(request))
    return page_cache.answer(request, page, status=200 if item.public else 410)


async def _moved(connection: AsyncConnection, entry_id: str) -> str:
    """The permalink that an entry has in another blog by now; empty where readers do not see it there."""
    for item in await entries.by_ids(connection, [entry_id]):
        if item.public and (there := await blogs.by_id(connection, item.blog_id)).status != "draft":
            return f"/live/{there.slug}/entries/{item.id}"
    return ""


def _permalink(site: Site, found: Blog, item: Entry, base: str) -> str:
    publication = publication_of(site, base)
    shown = site.renderer.entry(feeds.of_entry(item, found, "public", ""))
    context = {"blog": found.to_json(), "entry": shown, "entry_id": item.id}
    if not item.public:
        return site.renderer.template("reader/gone.html", language=found.language, **context)
    title = title_of(item.content.title, item.content.blocks)
    return site.renderer.template(
        "reader/permalink.html",
        language=found.language,
        base=base,
        canonical=publication.entry_url(found, item),
        description=excerpt(
            words_of(item.content.blocks) or title, structured_data.DESCRIPTION_CHARACTERS
        ),
        og=structured_data.open_graph(
            publication, title, [item], card=publication.card(found, item),
            language=structured_data.language_of(found, item),
            published=to_text(item.published_at),
            modified=to_text(item.edited_at or item.updated_at),
        ),
        structured=inline_json(
            {"@context": "https://schema.org"} | structured_data.posting(publication, found, item)
        ),
        **context,
    )


async def public_blog(connection: AsyncConnection, slug: str) -> Blog:
    """The blog, if it is public. Raises NotFound, also for drafts."""
    found = await blogs.by_slug(connection, slug)
    if found.status == "draft":
        raise NotFound("Blog not found.")
    return found


async def entry_on_page(connection: AsyncConnection, found: Blog, entry_id: str) -> tuple[Entry, int]:
    """The entry, or what is left of a retracted one, and its number. Raises NotFound, in the same words for
    what is not published as for what is not there."""
    try:
        item = await entries.get(connection, found.id, entry_id)
    except NotFound:
        item = None
    if item is None or item.status not in entries.ON_PAGE or item.number is None:
        raise NotFound("Update not found.")
    return item, item.number


async def take(connection: AsyncConnection, slug: str, view: View) -> Snapshot:
    """Read one page from the database. Raises NotFound if the blog is not public or the page does not exist."""
    found = await public_blog(connection, slug)
    position = await feeds.head(connection, FeedKey(found.id, "public"))
    count = await blogs.published_count(connection, found.id)
    shown = await (_newest_first if view.plain else filtered.take)(connection, found, view, count)
    pinned = [] if view.before else [e for e in shown.entries if e.public and e.content.pinned]
    if view.plain and not view.before:
        pinned = await entries.pinned(connection, found.id)
    apart = {e.id for e in pinned}
    return Snapshot(
        found, position, shown.page, view, shown.preceding, shown.following,
        sorted(pinned, key=lambda entry: entry.content.pin_order),
        [e for e in shown.entries if e.id not in apart],
        await entries.key_events(connection, found.id), await entries.changed_at(connection, found.id),
    )


async def _newest_first(connection: AsyncConnection, blog: Blog, view: View, count: int) -> Filtered:
    before = view.before
    page = pagination.first_page(count) if before is None else pagination.page_before(before, count)
    if page is None:
        raise NotFound("Page not found.")
    within = await entries.between(connection, blog.id, first=page.first, last=page.last)
    newer = view.at(pagination.newer(page, count)) if before is not None else None
    return Filtered(page, within, newer, view.at(page.older) if page.older else None)


def render(site: Site, snapshot: Snapshot, base: str, *, template: str = BLOG) -> str:
    """Render the whole page, by a template that extends the usual one."""
    renderer, found, page, view = site.renderer, snapshot.blog, snapshot.page, snapshot.view
    publication = publication_of(site, base)
    epoch = snapshot.position.epoch
    path, days, whole = f"/live/{found.slug}", snapshot.days, replace(view, refresh=False)
    own = template == BLOG
    every = 0 if view.filtered or not own else renderer.slot_every
    return renderer.template(
        template,
        language=found.language,
        blog=found.to_json(),
        position=str(snapshot.position),
        page=page,
        parts=renderer.parts(
            feeds.of_blog(found, "public", epoch),
            current=replace(whole, oldest_first=False, before=None, after=None).url(path),
        ),
        updated=snapshot.updated if view.plain and page.before is None else None,
        entries=[renderer.entry(feeds.of_entry(e, found, "public", epoch)) for e in snapshot.entries],
        slots=renderer.slots if own else frozenset(),
        slotted=slots.before(snapshot.entries, len(snapshot.pinned), every),
        slot_every=every,
        new_days=[days.get(e.id) for e in snapshot.entries],
        key_events=[
            renderer.key_event(feeds.of_entry(e, found, "public", epoch)) for e in snapshot.key_events
        ],
        path=path,
        view=view,
        topic_name=view.topic_name(found) if view.topic else "",
        reversed=replace(whole, oldest_first=not view.oldest_first).at(None).url(path),
        refreshing=replace(whole, refresh=True).url(path),
        whole=whole.url(path),
        made_at=to_text(snapshot.made_at or snapshot.changed),
        older=snapshot.following.url(path) if snapshot.following else None,
        newer=snapshot.preceding.url(path) if snapshot.preceding else None,
        base=base,
        canonical=base + whole.url(path),
        description=excerpt(found.standfirst or found.headline, structured_data.DESCRIPTION_CHARACTERS),
        og=structured_data.open_graph(
            publication, found.headline, snapshot.entries, lead=structured_data.lead_of(found),
            card=publication.card(found),
            language=found.language,
            published=to_text(found.started_at),
            modified=snapshot.modified,
        ),
        structured=inline_json(
            structured_data.live_blog(publication, found, snapshot.entries, modified=snapshot.modified)
        ),
    )


def publication_of(site: Site, base: str) -> structured_data.Publication:
    return structured_data.Publication(site.name, base, site.assets.url(LOGO))


async def _slug_now(request: Request, blog_id: str, epoch: str) -> str:
    """The blog's slug, asked once for each epoch: another slug begins another one (newsroom/rename.py)."""
    known = gate_of(request).slugs
    at, slug = known.get(blog_id, ("", ""))
    if at != epoch:
        async with site_of(request).database.look_up() as connection:
            slug = (await blogs.by_id(connection, blog_id)).slug
        known[blog_id] = epoch, slug
    return slug


def _renamed(address: str) -> Response:
    """To the address that the blog has now. Asked about each time: it may change back."""
    return RedirectResponse(address, 301, headers={"Cache-Control": "no-cache"})


async def standing(request: Request, slug: str) -> tuple[str, Position]:
    """Id and position of a public blog. Without a query, if this process follows the feed and the broker
    subscription is verified; a view of the page has it followed for a while, as a listener does.

    Raises NotFound.
    """
    site, known = site_of(request), gate_of(request).public
    key = known.get(slug)
    if key is not None and (at := site.hub.head(key)) is not None:
        site.hub.keep_warm(key)
        return key.blog_id, at
    async with site.database.look_up() as connection:
        found = await public_blog(connection, slug)
        # a blog that was public stays so, and an old slug stays its own
        key = known[slug] = FeedKey(found.id, "public")
        at = await feeds.head(connection, key)
    site.hub.keep_warm(key)
    return key.blog_id, at


async def _page_of_entry(connection: AsyncConnection, found: Blog, entry_id: str) -> Response:
    item, number = await entry_on_page(connection, found, entry_id)
    page = pagination.page_of(number, await blogs.published_count(connection, found.id))
    on_first = item.public and item.content.pinned
    query = f"?before={page.before}" if page.before and not on_first else ""
    # The page of an entry changes as the blog grows, so the redirect must not be cached.
    return RedirectResponse(
        f"/live/{found.slug}{query}#entry-{item.id}", 302, headers={"Cache-Control": "no-store"}
    )
