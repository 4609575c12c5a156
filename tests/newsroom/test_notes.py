"""Notes of the newsroom to itself: who writes them, that they change no revision, and how many are kept."""

from __future__ import annotations

import pytest

from server.domain.entry import MAX_INTERNAL_NOTES
from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.text_limits import MAX_TEXT
from server.newsroom import notes
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom

pytestmark = pytest.mark.anyio


async def test_a_note_reaches_the_newsroom_feed_alone_and_is_no_revision(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    head = await newsroom.head()
    after = await notes.add(newsroom.desk, EDITOR, "storm", entry.id, " Check with the police ")
    assert [(n.by, n.text) for n in after.internal_notes] == [(EDITOR.name, "Check with the police")]
    assert (after.revision, await newsroom.head()) == (entry.revision, head)
    (change,) = await newsroom.changes(entry.newsroom_seq, "newsroom")
    assert change.data["internal_notes"][0]["text"] == "Check with the police"
    assert change == newsroom.broker.published[-1]
    assert "police" not in str(await newsroom.changes(0))
    # whoever has the entry open saves it without a conflict, and the note stays
    edited = await newsroom.edit(entry, "Snow")
    assert edited.internal_notes == after.internal_notes


async def test_notes_stay_in_the_newsroom_when_an_entry_is_retracted(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    await notes.add(newsroom.desk, EDITOR, "storm", entry.id, "The lawyer called")
    await newsroom.retract(entry)
    assert "lawyer" not in str(await newsroom.changes(0)) + str(await newsroom.changes(0, "newsroom"))
    assert (await newsroom.stored(entry.id)).internal_notes[0].text == "The lawyer called"


async def test_notes_are_bounded_and_removed(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain")
    for n in range(MAX_INTERNAL_NOTES + 1):
        kept = await notes.add(newsroom.desk, EDITOR, "storm", entry.id, f"note {n}")
    assert [n.text for n in kept.internal_notes][:2] == ["note 1", "note 2"]
    assert len(kept.internal_notes) == MAX_INTERNAL_NOTES
    first = kept.internal_notes[0].id
    assert first not in str(await notes.remove(newsroom.desk, EDITOR, "storm", entry.id, first))
    with pytest.raises(NotFound):
        await notes.remove(newsroom.desk, EDITOR, "storm", entry.id, first)
    for text in ("", " \n", "x" * (MAX_TEXT + 1)):
        with pytest.raises(Invalid):
            await notes.add(newsroom.desk, EDITOR, "storm", entry.id, text)


async def test_who_may_edit_an_entry_may_put_notes_on_it(newsroom: Newsroom) -> None:
    theirs, published = await newsroom.post("Hail", caller=CONTRIBUTOR), await newsroom.post("Rain")
    await notes.add(newsroom.desk, CONTRIBUTOR, "storm", theirs.id, "Second source to come")
    with pytest.raises(Forbidden):
        await notes.add(newsroom.desk, CONTRIBUTOR, "storm", published.id, "Hm")
    with pytest.raises(NotFound):
        await notes.add(newsroom.desk, OUTSIDER, "storm", published.id, "Hm")


async def test_a_handover_note_is_written_by_editors_and_replaced(newsroom: Newsroom) -> None:
    head = await newsroom.head()
    blog = await notes.hand_over(newsroom.desk, EDITOR, "storm", "The minister speaks at 18:00.")
    change = newsroom.broker.published[-1]
    assert (change.feed.name, change.data["handover"]) == ("newsroom", "The minister speaks at 18:00.")
    assert (change.data["handover_by"], change.revision, await newsroom.head()) == (EDITOR.name, 1, head)
    assert "minister" not in str(await newsroom.changes(0))
    assert (await notes.hand_over(newsroom.desk, EDITOR, "storm", "")).handover.by == ""
    assert blog.handover.at == newsroom.clock.now
    with pytest.raises(Forbidden):
        await notes.hand_over(newsroom.desk, CONTRIBUTOR, "storm", "Hm")
    with pytest.raises(NotFound):
        await notes.hand_over(newsroom.desk, OUTSIDER, "storm", "Hm")
