"""Closing a blog in the plain console: what is open is decided, the end has its time, and it is reopened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.app import Running
from tests.web.console.test_console import hidden, logged_in, server

pytestmark = pytest.mark.anyio
__all__ = ["server"]
PAGE = "/console/blogs/storm/close"


async def test_a_blog_is_closed_with_what_is_open_decided_and_reopened(server: Running) -> None:
    now = server.desk.now()
    later = (now + timedelta(hours=5)).isoformat()
    planned = await server.post(title="At five", status="scheduled", publish_at=later)
    waiting = await server.post(title="Roof gone", status="pending")
    sent = {
        "do": "close", "ended_at": now.strftime("%Y-%m-%dT%H:%M"), "closing_summary": "It is *over*.",
        "successor": "The day after | https://example.org/after",
    }
    async with logged_in(server, "eddy") as editor:
        page = (await editor.get(PAGE)).text
        assert "Still open (2)" in page
        sent |= {name: hidden(page, name) for name in (
            "revision", f"revision-{planned['id']}", f"revision-{waiting['id']}",
        )}
        undecided = await editor.post(PAGE, data=sent | {f"entry-{planned['id']}": "draft"})
        assert (undecided.status_code, undecided.text.count("choose what becomes of it")) == (422, 2)
        assert "It is *over*." in undecided.text
        sent |= {f"entry-{planned['id']}": "draft", f"entry-{waiting['id']}": "publish"}
        early = await editor.post(PAGE, data=sent | {"ended_at": "2031-01-01T00:00"})
        assert "must not be in the future" in early.text
        # nothing was carried out by what was refused
        kept = (await server.http.get(f"/api/v1/blogs/storm/entries/{waiting['id']}")).json()
        assert kept["status"] == "pending"
        done = await editor.post(PAGE, data=sent)
        assert "Blog closed." in done.text
        blog = (await server.http.get("/api/v1/blogs/storm")).json()
        assert blog["status"] == "closed"
        assert blog["closed_at"][:16] == sent["ended_at"]
        assert (blog["closing_summary"], blog["successor"]["title"]) == (
            "<p>It is <em>over</em>.</p>", "The day after",
        )
        found = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"]
        assert {e["title"]: e["status"] for e in found} == {"At five": "draft", "Roof gone": "published"}
        again = await editor.post(PAGE, data=sent)
        assert again.status_code == 409
        reopened = await editor.post(PAGE, data={"do": "reopen"})
        assert "Blog reopened." in reopened.text
    blog = (await server.http.get("/api/v1/blogs/storm")).json()
    assert (blog["status"], blog["closed_at"], blog["closing_summary"]) == (
        "live", None, "<p>It is <em>over</em>.</p>",
    )


async def test_an_entry_that_changed_meanwhile_is_decided_again(server: Running) -> None:
    waiting = await server.post(title="Roof gone", status="pending")
    async with logged_in(server, "eddy") as editor:
        page = (await editor.get(PAGE)).text
        name = f"revision-{waiting['id']}"
        sent = {"do": "close", "revision": hidden(page, "revision"), name: hidden(page, name)}
        await server.edit(waiting, title="Two roofs gone")
        stale = await editor.post(PAGE, data=sent | {f"entry-{waiting['id']}": "publish"})
    assert stale.status_code == 412
    assert "Two roofs gone" in stale.text
    assert (await server.http.get("/api/v1/blogs/storm")).json()["status"] == "live"
