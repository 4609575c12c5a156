"""Notes for the newsroom in the plain console, and that no reader gets them by any path."""

from __future__ import annotations

import json
import re

import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import export_import
from tests.support.app import Running
from tests.web.console.test_console import hidden, logged_in, server

pytestmark = pytest.mark.anyio
__all__ = ["server"]
SECRET = "Keepitinthehouse"


async def test_notes_are_written_shown_and_removed_without_scripts(server: Running) -> None:
    entry = await server.post(title="Ferries stop")
    home, notes = "/console/blogs/storm", f"/console/blogs/storm/entries/{entry['id']}/notes"
    async with logged_in(server, "eddy") as editor, logged_in(server, "connie") as contributor:
        form = (await editor.get(notes)).text
        sent = {"text": "Ask the harbour", "request_key": hidden(form, "request_key")}
        said = await editor.post(notes, data=sent)
        assert "Note added" in said.text
        assert re.search(r"<bdi>eddy</bdi>, [0-9:]+:</b> <bdi>Ask the harbour", said.text)
        assert "Ask the harbour" in (await contributor.get(home)).text
        empty = await editor.post(notes, data={"text": " "})
        assert (empty.status_code, "write the note first" in empty.text) == (422, True)
        note = re.search(r'name="remove" value="(\w+)"', (await editor.get(notes)).text)
        assert note
        gone = await editor.post(notes, data={"remove": note[1]})
        assert "Note removed" in gone.text
        assert "Ask the harbour" not in gone.text
        said = await editor.post(f"{home}/handover", data={"handover": "The mayor speaks at six"})
        assert "Handover note saved" in said.text
        assert "The mayor speaks at six" in (await contributor.get(home)).text


async def test_no_reader_gets_a_note_by_any_path(server: Running) -> None:
    entry = await server.post(title="Ferries stop", body="All day")
    await server.edit(entry, body="All day long", correction="It is all day")
    async with logged_in(server, "eddy") as editor:
        await editor.post(f"/console/blogs/storm/entries/{entry['id']}/notes", data={"text": SECRET})
        await editor.post("/console/blogs/storm/handover", data={"handover": SECRET})
    paths = [
        "/", "/live/storm", "/live/storm?order=oldest", "/live/storm/embed", "/sitemap.xml",
        f"/live/storm/entries/{entry['id']}", f"/live/storm/entries/{entry['id']}/history",
        f"/live/storm/entries/{entry['id']}/embed", "/live/storm/feed.rss", "/live/storm/feed.atom",
        "/live/storm/feed.json", "/live/storm/changes?after=0.0", "/live/storm/changes?after=0.0&view=json",
        "/api/v1/blogs", "/api/v1/blogs/storm", "/api/v1/blogs/storm/entries",
        f"/api/v1/blogs/storm/entries/{entry['id']}",
    ]
    for path in paths:
        answer = await server.anonymous.get(path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text, path
    assert "All day long" not in (await server.anonymous.get("/live/storm", params={"q": SECRET})).text
    for path in ("stream", "changes"):
        answer = await server.anonymous.get(f"/live/storm/{path}?feed=newsroom")
        assert answer.status_code in (401, 403, 404), path
    assert SECRET in (await server.http.get("/api/v1/blogs/storm/entries")).text
    assert SECRET in (await server.http.get("/api/v1/blogs/storm")).text


async def test_notes_travel_with_the_blog(server: Running) -> None:
    entry = await server.post(title="Ferries stop")
    async with logged_in(server, "eddy") as editor:
        await editor.post(f"/console/blogs/storm/entries/{entry['id']}/notes", data={"text": "Ask the harbour"})
        await editor.post("/console/blogs/storm/handover", data={"handover": "The mayor speaks"})
    lines = [line async for line in export_import.export_blog(server.desk, SYSTEM, "storm")]
    source = [json.dumps(line).encode() for line in lines]
    await export_import.import_blog(server.desk, SYSTEM, source, slug="copy", max_pixels=10_000_000)
    blog = (await server.http.get("/api/v1/blogs/copy")).json()
    (copied,) = (await server.http.get("/api/v1/blogs/copy/entries")).json()["entries"]
    assert (blog["handover"], blog["handover_by"]) == ("The mayor speaks", "eddy")
    assert [n["text"] for n in copied["internal_notes"]] == ["Ask the harbour"]
