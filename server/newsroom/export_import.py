"""Takes a blog out of an installation and puts it into another: with its entries, all their versions and its
pictures. What the file looks like, export_format.py says; which rows there are, store/exported_rows.py.

Ids, numbers, moments and revisions stay. Authors travel as names, because the people are others elsewhere. The
blog's feeds go on counting where they were, in new histories: whoever comes with a position of the old
installation gets a reset.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Conflict, NotFound
from server.domain.permissions import Action, Caller, require
from server.domain.times import to_text
from server.media.urls import file_name, rendition_name
from server.newsroom import audit, export_format
from server.newsroom.desk import Desk
from server.newsroom.import_reader import Imported, Incoming
from server.store import blogs, exported_rows

Line = dict[str, Any]


async def export_blog(desk: Desk, caller: Caller, slug: str) -> AsyncGenerator[Line]:
    """The lines of a blog's file, all from one state of the database.

    Raises:
        NotFound: there is no such blog for this caller, or the file of a picture is missing.
        Forbidden: only editors see all of a blog.
    """
    async with desk.database.read() as connection:
        blog = await blogs.by_slug(connection, slug)
        require(caller, Action.ENTRY_PUBLISH, blog.id)
        row = await exported_rows.blog_of(connection, blog.id)
        yield {
            "type": "header", "format": export_format.FORMAT, "version": export_format.VERSION,
            "exported_at": to_text(desk.now()),
        }
        yield {"type": "blog", "blog": row, "feeds": await exported_rows.heads(connection, blog.id)}
        counts = dict.fromkeys(("blog_revisions", "pictures", "entries", "revisions"), 0)
        known = {blog.id}
        versions = await exported_rows.blog_revisions_of(connection, blog.id)
        async for picture in _pictures(desk, connection, [row, *versions], known):
            counts["pictures"] += 1
            yield picture
        for version in versions:
            counts["blog_revisions"] += 1
            yield {"type": "blog_revision", "blog_revision": version}
        async for entry, revisions in exported_rows.entries_of(connection, blog.id):
            contents = [entry["content"], *(r["content"] for r in revisions)]
            async for picture in _pictures(desk, connection, contents, known):
                counts["pictures"] += 1
                yield picture
            counts["entries"] += 1
            counts["revisions"] += len(revisions)
            yield {"type": "entry", "entry": entry, "revisions": revisions}
        yield {"type": "end", **counts}


async def _pictures(
    desk: Desk, connection: AsyncConnection, shown: list[Any], known: set[str]
) -> AsyncIterator[Line]:
    """The lines of pictures that are named there and were not written yet; all ids are `known` afterwards."""
    named = set(exported_rows.ids_in(shown)) - known
    known |= named
    for picture in await exported_rows.pictures_named(connection, named):
        files = {}
        for width in (None, *picture["widths"]):
            name = file_name(picture["id"], width)
            try:
                body = await desk.media.get(name)
            except NotFound as error:
                raise NotFound(f"The file {name} of a picture is missing; nothing was exported.") from error
            files[rendition_name(width)] = base64.b64encode(body).decode("ascii")
        yield {"type": "picture", "picture": picture, "files": files}


async def import_blog(
    desk: Desk, caller: Caller, source: Iterable[bytes], *, slug: str | None = None, max_pixels: int
) -> Imported:
    """Put a blog in, all of it or nothing. `slug` gives it another address.

    Raises:
        Forbidden: only editors and admins for all blogs make blogs.
        Invalid: something in the file cannot be taken; line and field are named.
        Conflict: the slug is taken.
        Unavailable: the disk or the database took nothing.
    """
    require(caller, Action.BLOG_CREATE)
    if slug is not None:
        export_format.check_slug(slug, "slug")
    found = Incoming(desk, slug, max_pixels)
    try:
        await found.read(source)
        async with desk.database.write(patient=True) as connection:
            done = await found.write(connection)
            blog = await blogs.by_slug(connection, done.slug)
            await audit.record(
                connection, caller, "blog_imported", at=desk.now(), blog_id=blog.id, entries=done.entries
            )
            return done
    except BaseException as error:
        # also when it was interrupted: no file stays for which there is no row
        await found.remove_files()
        if isinstance(error, IntegrityError):
            raise Conflict("It was put in by somebody else at the same moment; nothing was written.") from error
        raise
