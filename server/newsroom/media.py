"""Uploads pictures. A picture can be used in any number of entries."""

from __future__ import annotations

import hashlib

from server.domain.errors import FieldError, Invalid
from server.domain.media import Media
from server.domain.permissions import Action, Caller, require
from server.domain.position import new_id
from server.domain.text_limits import MAX_LINE, MAX_TEXT
from server.media import picture_decoder
from server.media.urls import file_name
from server.newsroom import audit
from server.newsroom.desk import Desk
from server.store import media
from server.text.characters import repair_line, trimmed

MAX_WORDS = {"alt": MAX_TEXT, "caption": MAX_TEXT, "credit": MAX_LINE}
"""Longest alt text, caption and credit, in characters."""


async def upload(
    desk: Desk,
    caller: Caller,
    data: bytes,
    *,
    alt: str = "",
    caption: str = "",
    credit: str = "",
    max_bytes: int,
    max_pixels: int,
) -> Media:
    """Keep a picture. Its files are on disk before its row is in the database, so that a picture that is
    known can always be served; when anything fails, nothing is left of it.

    Raises:
        Forbidden: the caller has no role anywhere.
        Invalid: a text is too long.
        TooLarge, UnsupportedMedia: see `media/picture_decoder.py`.
        Unavailable: the disk or the database took nothing.
    """
    require(caller, Action.MEDIA_UPLOAD)
    words = _words(alt=alt, caption=caption, credit=credit)
    picture = await picture_decoder.prepare(data, max_bytes=max_bytes, max_pixels=max_pixels)
    item = Media(
        id=new_id(), sha256=hashlib.sha256(picture.full).hexdigest(), mime=picture.mime,
        bytes=len(picture.full), width=picture.width, height=picture.height,
        widths=tuple(sorted(picture.renditions)), author_id=caller.id, created_at=desk.now(), **words,
    )
    files = {file_name(item.id): picture.full}
    files |= {file_name(item.id, width): body for width, body in picture.renditions.items()}
    try:
        for name, body in files.items():
            await desk.media.put(name, body)
        async with desk.database.write() as connection:
            await media.insert(connection, item)
            await audit.record(connection, caller, "picture_uploaded", at=item.created_at, picture=item.id)
    except BaseException:
        # also when the request is cancelled
        for name in files:
            await desk.media.delete(name)
        raise
    return item


def _words(**given: str) -> dict[str, str]:
    """The texts on one line each, without what cannot be shown. Raises Invalid."""
    words = {name: " ".join(trimmed(repair_line(text)).split()) for name, text in given.items()}
    errors = [
        FieldError(name, f"at most {MAX_WORDS[name]:,} characters; this has {len(text):,}")
        for name, text in words.items() if len(text) > MAX_WORDS[name]
    ]
    if errors:
        raise Invalid(*errors)
    return words
