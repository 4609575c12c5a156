"""Uploads pictures, each file once, and edits what is known of them. A picture can be used in any number of
entries."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.errors import Conflict, FieldError, Forbidden, Invalid
from server.domain.media import Media
from server.domain.message import Message
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.domain.text_limits import MAX_LINE, MAX_TEXT
from server.media import picture_decoder
from server.media.images import Picture
from server.media.urls import file_name
from server.newsroom import audit
from server.newsroom.desk import Desk
from server.store import media, removed_pictures
from server.text import search
from server.text.characters import repair_line, trimmed

WORDS = ("alt", "caption", "credit")
FOCAL = ("focal_x", "focal_y")
MAX_WORDS = {"alt": MAX_TEXT, "caption": MAX_TEXT, "credit": MAX_LINE}
"""Longest alt text, caption and credit, in characters."""
_MOST = MAX_WORDS | {"name": MAX_LINE, "reason": MAX_TEXT}


async def upload(
    desk: Desk,
    caller: Caller,
    data: bytes,
    *,
    alt: str = "",
    caption: str = "",
    credit: str = "",
    name: str = "",
    max_bytes: int,
    max_pixels: int,
) -> Media:
    """Keep a picture. Its files are on disk before its row is in the database, so that a picture that is
    known can always be served; when anything fails, nothing is left of it.

    A file that is here already, and that the caller may see, is not kept twice: its picture is returned, with
    the texts that it has; where it has none it gets those that came with the upload. `name` is the file's.

    Raises:
        Forbidden: the caller has no role anywhere.
        Invalid: a text is too long.
        Conflict: the picture was removed (newsroom/picture_removal.py).
        TooLarge, UnsupportedMedia: see `media/picture_decoder.py`.
        Unavailable: the disk or the database took nothing.
    """
    require(caller, Action.MEDIA_UPLOAD)
    words = words_of(alt=alt, caption=caption, credit=credit)
    name = words_of(name=name[-MAX_LINE:])["name"]
    source = await asyncio.to_thread(_digest, data)
    async with desk.database.read() as connection:
        known = await _twin(connection, caller, {source})
    if known is not None:
        return await _completed(desk, caller, known, words)
    picture = await picture_decoder.prepare(data, max_bytes=max_bytes, max_pixels=max_pixels)
    item = Media(
        id=new_id(), sha256=_digest(picture.full), mime=picture.mime,
        bytes=len(picture.full), width=picture.width, height=picture.height,
        widths=tuple(sorted(picture.renditions)), alt=words["alt"], caption=words["caption"],
        credit=words["credit"], author_id=caller.id, created_at=desk.now(), name=name, source_sha256=source,
    )
    return await _kept(desk, caller, item, picture, words)


async def _kept(desk: Desk, caller: Caller, item: Media, picture: Picture, words: dict[str, str]) -> Media:
    files = {file_name(item.id): picture.full}
    files |= {file_name(item.id, width): body for width, body in picture.renditions.items()}
    try:
        for name, body in files.items():
            await desk.media.put(name, body)
        async with desk.database.write() as connection:
            await media.lock_uploads(connection)
            known = await _twin(connection, caller, {item.sha256, item.source_sha256})
            if known is None:
                await media.insert(connection, item, words=search.of_picture(item))
                await audit.record(
                    connection, caller, "picture_uploaded", at=item.created_at, picture=item.id
                )
    except BaseException:
        # also when the request is cancelled
        await desk.media.destroy(files)
        raise
    if known is None:
        return item
    await desk.media.destroy(files)
    return await _completed(desk, caller, known, words)


async def edit(desk: Desk, caller: Caller, media_id: str, changed: dict[str, Any]) -> Media:
    """Change the texts or the focal point of a picture, for entries that it is put into from now on: those that
    show it have their own.

    Args:
        changed: `alt`, `caption`, `credit`, and `focal_x` and `focal_y` from 0 to 1 or None for the middle.

    Raises:
        NotFound: there is no such picture for this caller.
        Forbidden: it is another's, and the caller is no editor.
        Invalid: a text is too long.
    """
    require(caller, Action.MEDIA_UPLOAD)
    words = {name: changed[name] for name in WORDS if name in changed}
    values = {name: changed[name] for name in FOCAL if name in changed} | words_of(**words)
    async with desk.database.write() as connection:
        item = await media.get_for(connection, caller, media_id)
        if not may_edit(caller, item):
            raise Forbidden("Your role does not allow you to edit this picture.")
        if not values:
            return item
        item = await media.change(connection, media_id, values)
        await media.change(connection, media_id, {"words": search.of_picture(item)})
        await audit.record(
            connection, caller, "picture_edited", at=desk.now(), picture=media_id, changed=sorted(values)
        )
    return item


def may_edit(caller: Caller, item: Media) -> bool:
    """Whether the caller may change the texts of a picture that they see: it is theirs, or they edit a blog."""
    edits = any(may(caller, Action.ENTRY_PUBLISH, blog_id) for blog_id in (None, *caller.blog_roles))
    return edits or item.author_id == caller.id


async def _twin(connection: AsyncConnection, caller: Caller, digests: set[str]) -> Media | None:
    """The picture of the same file. Raises Conflict if that was removed."""
    removed = await removed_pictures.refused(connection, digests)
    if removed is not None:
        raise Conflict(
            Message(
                "This picture was removed from the newsroom on %(day)s and cannot be uploaded again. An editor "
                "for all blogs can allow it.",
                day=f"{removed.at:%Y-%m-%d}",
            )
        )
    return await media.twin(connection, caller, digests)


async def _completed(desk: Desk, caller: Caller, item: Media, words: dict[str, str]) -> Media:
    """The picture with texts where it had none."""
    missing = {name: text for name, text in words.items() if text and not getattr(item, name)}
    if not missing or not may_edit(caller, item):
        return item
    return await edit(desk, caller, item.id, missing)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def words_of(**given: str) -> dict[str, str]:
    """The texts on one line each, without what cannot be shown. Raises Invalid."""
    words = {name: " ".join(trimmed(repair_line(text)).split()) for name, text in given.items()}
    errors = [
        FieldError(name, Message("at most %(most)s characters; this has %(n)s", most=_MOST[name], n=len(text)))
        for name, text in words.items() if len(text) > _MOST[name]
    ]
    if errors:
        raise Invalid(*errors)
    return words
