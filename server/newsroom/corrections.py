"""The notes to readers on edits of an entry, changed or removed afterwards."""

from __future__ import annotations

from dataclasses import replace

from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.message import Message
from server.domain.permissions import Action, Caller
from server.domain.text_limits import MAX_TEXT
from server.domain.times import to_text
from server.newsroom import entries
from server.newsroom.desk import Desk
from server.store import entries as stored
from server.text.characters import repair, trimmed


async def reword(
    desk: Desk, caller: Caller, slug: str, entry_id: str, version: int, note: str
) -> entries.Written:
    """Put another note to readers in place of the one that came with a version; an empty one removes it.

    Raises:
        NotFound, Forbidden: see `domain/permissions.py`; there is no note with that version.
        Conflict: the entry is not published.
        Invalid: the note is too long.
    """
    said = trimmed(repair(note))
    if len(said) > MAX_TEXT:
        limit = Message("at most %(most)s characters; this has %(n)s", most=MAX_TEXT, n=len(said))
        raise Invalid.field("correction", limit)
    now = desk.now()
    async with desk.database.write() as connection:
        blog, entry = await entries.editable(connection, caller, slug, entry_id, Action.ENTRY_EDIT)
        if not entry.public:
            raise Conflict("The entry is not published.")
        found = await stored.revisions_of(connection, entry.id)
        revision = next((r for r in found if r.revision == version and r.correction), None)
        if revision is None:
            raise NotFound("There is no correction with this version.")
        at = to_text(revision.at)
        kept = tuple(
            replace(c, note=said) if c.at == at else c for c in entry.corrections if said or c.at != at
        )
        after = replace(entry, corrections=kept, updated_at=max(now, entry.updated_at))
        await stored.set_correction(connection, entry.id, version, said)
        written = await entries.commit(connection, blog, entry, after, caller, logged="correction_changed")
    desk.publish(written.changes)
    return written.answer()
