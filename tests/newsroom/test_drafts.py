"""What somebody typed and has not sent yet: kept for its owner alone, never written over by another browser."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.errors import Forbidden, NotFound, TooLarge
from server.domain.permissions import SYSTEM, Caller
from server.newsroom import drafts, entries, export_import, people, schedule
from server.newsroom.drafts import KEPT, MAX_BYTES, MAX_DRAFTS, Kept, Typed
from tests.support.desk import EDITOR, Newsroom

pytestmark = pytest.mark.anyio
PASSWORD = "a long enough password"


async def hired(room: Newsroom, name: str = "ada", role: Any = "editor") -> Caller:
    user = await people.create_user(room.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role=role)
    return Caller(f"user:{user.id}", user.name, user.role)


async def keeps(
    room: Newsroom, who: Caller, form: str, *, key: str = "form1", browser: str = "desk", version: int = 0,
    entry: str = "",
) -> Kept:
    room.clock.forward(seconds=1)
    return await drafts.keep(room.desk, who, "storm", Typed(key, browser, version, entry, form))


async def forms(room: Newsroom, who: Caller, entry: str = "") -> list[str]:
    return [draft.form for draft in await drafts.listed(room.desk, who, "storm", entry)]


async def test_a_draft_is_its_owners_alone_and_of_one_entry(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    bob = await hired(newsroom, "bob", "admin")
    assert await keeps(newsroom, ada, "one") == Kept(1)
    assert await keeps(newsroom, ada, "two", version=1) == Kept(2)
    assert await keeps(newsroom, ada, "an edit", key="form2", entry="e1") == Kept(1)
    assert await forms(newsroom, ada) == ["two"]
    assert await forms(newsroom, ada, "e1") == ["an edit"]
    # under the same key too, and whoever may do more
    assert await keeps(newsroom, bob, "bob's") == Kept(1)
    await drafts.end(newsroom.desk, bob, key="form1", version=2, browser="desk")
    assert (await forms(newsroom, ada), await forms(newsroom, bob)) == (["two"], [])


async def test_nothing_of_another_browser_is_written_over(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    await keeps(newsroom, ada, "at the desk")
    refused = await keeps(newsroom, ada, "on the train", browser="phone")
    assert (refused.version, refused.other and refused.other.form) == (0, "at the desk")
    # whoever has read it may go on from it; then the desk's next word would lose the phone's
    assert await keeps(newsroom, ada, "on the train", browser="phone", version=1) == Kept(2)
    refused = await keeps(newsroom, ada, "at the desk again", version=1)
    assert (refused.version, refused.other and refused.other.form) == (0, "on the train")
    assert await keeps(newsroom, ada, "on the train", version=1) == Kept(2)  # the same words are no loss
    # an answer that did not arrive: the same browser did not hear of its own version
    assert await keeps(newsroom, ada, "on the train, later", browser="phone", version=1) == Kept(3)


async def test_only_what_was_sent_ends(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    await keeps(newsroom, ada, "at the desk")
    await keeps(newsroom, ada, "more, on the train", browser="phone", version=1)
    await drafts.end(newsroom.desk, ada, key="form1", version=1, browser="desk")
    assert await forms(newsroom, ada) == ["more, on the train"]
    await drafts.end(newsroom.desk, ada, key="form1", version=2, browser="desk")
    assert await forms(newsroom, ada) == []
    # the phone goes on with what the desk has sent: it is told, and does not bring it back
    assert await keeps(newsroom, ada, "still typing", browser="phone", version=2) == Kept(0)
    assert await forms(newsroom, ada) == []


async def test_drafts_are_bounded(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    with pytest.raises(TooLarge):
        await keeps(newsroom, ada, "ü" * (MAX_BYTES // 2 + 1))
    for number in range(MAX_DRAFTS + 2):
        await keeps(newsroom, ada, str(number), key=f"form{number}", entry=f"e{number}")
    assert [await forms(newsroom, ada, f"e{n}") for n in (1, 2)] == [[], ["2"]]
    newsroom.clock.forward(seconds=KEPT.total_seconds() - 10)
    await schedule.tidy(newsroom.desk)
    left = [n for n in range(MAX_DRAFTS + 2) if await forms(newsroom, ada, f"e{n}")]
    assert left == list(range(MAX_DRAFTS - 9, MAX_DRAFTS + 2))


async def test_drafts_end_with_their_owner(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    await keeps(newsroom, ada, "one")
    for active in (False, True):
        await people.edit_user(newsroom.desk, SYSTEM, ada.id.partition(":")[2], {"active": active})
    assert await forms(newsroom, ada) == []


async def test_who_does_not_write_in_the_blog_keeps_nothing(newsroom: Newsroom) -> None:
    olga = await hired(newsroom, "olga", None)
    with pytest.raises(NotFound):
        await keeps(newsroom, olga, "one")
    with pytest.raises(NotFound):
        await forms(newsroom, olga)
    with pytest.raises(Forbidden):
        await keeps(newsroom, Caller("token:t1", "wire", "editor"), "one")


async def test_drafts_of_a_retracted_entry_are_not_sent(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    entry = await newsroom.post("Rain")
    await keeps(newsroom, ada, "its words, edited", entry=entry.id)
    await newsroom.retract(entry)
    assert await forms(newsroom, ada, entry.id) == []
    await entries.restore(newsroom.desk, EDITOR, "storm", entry.id)
    assert await forms(newsroom, ada, entry.id) == ["its words, edited"]


async def test_drafts_do_not_travel(newsroom: Newsroom) -> None:
    ada = await hired(newsroom)
    await keeps(newsroom, ada, "not for anybody else")
    lines = [line async for line in export_import.export_blog(newsroom.desk, SYSTEM, "storm")]
    assert lines and "not for anybody else" not in str(lines)
