"""Sending a contribution back: it becomes its author's draft again, with the editor's reason.

The reason is for the newsroom only, and goes when the entry is handed in again.
"""

from __future__ import annotations

from dataclasses import replace

from server.domain.entry import Entry, EntryStatus
from server.domain.errors import Conflict, Invalid
from server.domain.permissions import Action, Caller, require


def with_note(before: Entry, entry: Entry, status: EntryStatus, note: str, caller: Caller) -> Entry:
    """`entry` with the reason it is sent back for, or without one that has done its work.

    Args:
        before: the entry as it is stored.
        entry: the entry as it will be stored, not yet moved on to `status`.
        note: the reason; empty when nobody gave one.

    Raises:
        Forbidden: only editors send back.
        Invalid: a reason came with another status than `draft`.
        Conflict: the entry does not wait for approval.
    """
    if not note:
        return entry if status == "draft" else replace(entry, note="", note_by="")
    require(caller, Action.ENTRY_PUBLISH, entry.blog_id)
    if status != "draft":
        raise Invalid.field("note", "goes only with the status “draft”")
    if before.status != "pending":
        raise Conflict("Only an entry that waits for approval can be sent back.")
    return replace(entry, note=note, note_by=caller.name)
