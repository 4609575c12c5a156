"""Who is in a blog, who writes in which entry, and taking an entry over."""

from __future__ import annotations

import pytest

from server.domain.errors import NotFound
from server.domain.permissions import Caller
from server.newsroom import presence
from server.newsroom.presence import AWAY, Seen
from tests.support.desk import CONTRIBUTOR, EDITOR, OUTSIDER, Newsroom

pytestmark = pytest.mark.anyio


async def beat(newsroom: Newsroom, caller: Caller, tab: str, entry: str = "", *, take: bool = False) -> Seen:
    newsroom.clock.forward(seconds=1)
    return await presence.beat(newsroom.desk, caller, "storm", tab=tab, entry_id=entry, take=take)


def names(seen: Seen) -> list[tuple[str, str]]:
    return [(other.name, other.entry_id) for other in seen.others]


async def test_everybody_hears_of_the_others(newsroom: Newsroom) -> None:
    assert names(await beat(newsroom, EDITOR, "tab-of-ada")) == []
    assert names(await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")) == [("Ada Editor", "")]
    assert names(await beat(newsroom, EDITOR, "tab-of-ada")) == [("Cem Contributor", "e1")]


async def test_a_tab_that_left_or_fell_silent_is_gone(newsroom: Newsroom) -> None:
    await beat(newsroom, CONTRIBUTOR, "tab-of-cem")
    await beat(newsroom, CONTRIBUTOR, "another-of-cem")
    await presence.leave(newsroom.desk, CONTRIBUTOR, tab="tab-of-cem")
    assert names(await beat(newsroom, EDITOR, "tab-of-ada")) == [("Cem Contributor", "")]
    newsroom.clock.forward(seconds=AWAY.total_seconds())
    assert names(await beat(newsroom, EDITOR, "tab-of-ada")) == []


async def test_who_opened_an_entry_first_holds_it(newsroom: Newsroom) -> None:
    assert (await beat(newsroom, EDITOR, "tab-of-ada", "e1")).holder == ""
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")).holder == "Ada Editor"
    assert (await beat(newsroom, EDITOR, "tab-of-ada", "e1")).holder == ""
    # another entry, and another tab of the same person, are nobody's rivals
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e2")).holder == ""
    assert (await beat(newsroom, EDITOR, "another-of-ada", "e1")).holder == ""


async def test_taking_over_tells_who_had_it_and_can_be_answered(newsroom: Newsroom) -> None:
    await beat(newsroom, EDITOR, "tab-of-ada", "e1")
    await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1", take=True)).holder == ""
    assert (await beat(newsroom, EDITOR, "tab-of-ada", "e1")).holder == "Cem Contributor"
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")).holder == ""
    assert (await beat(newsroom, EDITOR, "tab-of-ada", "e1", take=True)).holder == ""
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")).holder == "Ada Editor"


async def test_an_entry_is_free_when_its_holder_leaves(newsroom: Newsroom) -> None:
    await beat(newsroom, EDITOR, "tab-of-ada", "e1")
    await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")
    await presence.leave(newsroom.desk, EDITOR, tab="tab-of-ada")
    assert (await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1")).holder == ""


async def test_what_was_taken_over_comes_back_when_its_taker_leaves(newsroom: Newsroom) -> None:
    await beat(newsroom, EDITOR, "tab-of-ada", "e1")
    await beat(newsroom, CONTRIBUTOR, "tab-of-cem", "e1", take=True)
    await presence.leave(newsroom.desk, CONTRIBUTOR, tab="tab-of-cem")
    assert (await beat(newsroom, EDITOR, "tab-of-ada", "e1")).holder == ""


async def test_a_tab_is_its_owners_alone(newsroom: Newsroom) -> None:
    await beat(newsroom, EDITOR, "tab-of-ada", "e1")
    await beat(newsroom, CONTRIBUTOR, "tab-of-ada", "e2")
    await presence.leave(newsroom.desk, CONTRIBUTOR, tab="tab-of-ada")
    assert names(await beat(newsroom, CONTRIBUTOR, "tab-of-cem")) == [("Ada Editor", "e1")]


async def test_an_outsider_hears_nothing(newsroom: Newsroom) -> None:
    with pytest.raises(NotFound):
        await beat(newsroom, OUTSIDER, "tab-of-olga")
