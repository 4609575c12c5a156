"""Versions in the plain console: what changed, going back to one as a new edit, and the notes to readers."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.support.app import Running
from tests.web.console.test_console import hidden, logged_in, server

pytestmark = pytest.mark.anyio
__all__ = ["server"]


def changes(page: str) -> list[str]:
    """The places that changed, with marks for what was removed and added."""
    found = re.findall(r'<p class="changed" dir="auto">(.*?)</p>', page, re.S)
    return [unescape(re.sub("<[^>]*>", "", place)) for place in found]


async def test_versions_show_what_changed_and_one_is_restored_as_a_new_edit(server: Running) -> None:
    entry = await server.post(title="Ferries", body="Ferries stop at noon, says the port.")
    await server.edit(entry, body="Ferries stop at nine, says the port.", key=True)
    home = f"/console/blogs/storm/entries/{entry['id']}/revisions"
    async with logged_in(server, "eddy") as editor:
        page = (await editor.get(home)).text
        # inline: the difference of the second version, and the first as it was
        assert changes(page)[0] == "Ferries stop at [removed: noon,]  [added: nine,]  says the port."
        assert changes(page)[1:] == ["Ferries", "Ferries stop at noon, says the port."]
        assert ">key event<" in page
        sides = changes((await editor.get(home, params={"view": "sides"})).text)
        assert sides[:2] == [
            "Ferries stop at [removed: noon,]  says the port.",
            "Ferries stop at [added: nine,]  says the port.",
        ]
        asked = (await editor.get(f"{home}/1/restore")).text
        assert "[added: noon,]" in changes(asked)[1]
        sent = {"revision": hidden(asked, "revision"), "correction": "It is noon after all."}
        done = await editor.post(f"{home}/1/restore", data=sent)
        assert "Earlier version restored" in done.text
        stale = await editor.post(f"{home}/1/restore", data=sent)
        assert stale.status_code == 412
    found = (await server.http.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
    assert (found["revision"], found["key"]) == (3, True)
    assert "noon" in found["blocks"][0]["html"]
    assert [c["note"] for c in found["corrections"]] == ["It is noon after all."]


async def test_a_correction_is_reworded_and_removed_for_readers_too(server: Running) -> None:
    entry = await server.post(title="Ferries", body="At noon")
    await server.edit(entry, body="At nine", correction="Nine, says Mr Smiht.")
    home = f"/console/blogs/storm/entries/{entry['id']}/revisions"
    public = f"/live/storm/entries/{entry['id']}/history"
    async with logged_in(server, "eddy") as editor:
        assert (await editor.get(f"{home}/1/correction")).status_code == 404
        form = await editor.get(f"{home}/2/correction")
        assert "Mr Smiht" in form.text
        await editor.post(f"{home}/2/correction", data={"correction": "Nine, says Mr Smith."})
        shown = (await server.anonymous.get(public)).text
        assert "Mr Smith." in shown
        assert "Smiht" not in shown
        # words and revision of the entry are those that the newsroom sees
        page = (await editor.get(home)).text
        assert "Mr Smith." in page
        await editor.post(f"{home}/2/correction", data={"correction": " "})
    assert "Mr Smith" not in (await server.anonymous.get(public)).text
    found = (await server.http.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
    assert found["corrections"] == []
    assert "Smith" not in (await server.anonymous.get("/live/storm/changes?after=0.0&view=json")).text


async def test_a_retracted_entry_shows_no_text_and_nothing_is_restored_from_it(server: Running) -> None:
    entry = await server.post(body="The secret text")
    await server.retract(entry)
    home = f"/console/blogs/storm/entries/{entry['id']}/revisions"
    async with logged_in(server, "eddy") as editor:
        page = (await editor.get(home)).text
        assert "secret" not in page
        assert "/restore" not in page
        answer = await editor.post(f"{home}/1/restore", data={"revision": "2"})
    assert answer.status_code == 409
    assert "secret" not in answer.text
