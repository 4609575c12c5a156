"""Moving an entry and changing its time in the plain console, and what readers get."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.app import Running
from tests.web.console.test_console import hidden, logged_in, server

pytestmark = pytest.mark.anyio
__all__ = ["server"]


async def test_an_entry_is_moved_and_its_link_leads_to_the_other_blog(server: Running) -> None:
    await server.blog("floods", headline="Floods in the valley")
    entry = await server.post(title="Ferries stop", body="All of them")
    page = f"/console/blogs/storm/entries/{entry['id']}/move"
    async with logged_in(server, "eddy") as editor:
        form = (await editor.get(page)).text
        assert "Floods in the valley" in form
        sent = {"revision": hidden(form, "revision"), "request_key": hidden(form, "request_key")}
        unchosen = await editor.post(page, data=sent | {"do": "move"})
        assert (unchosen.status_code, "choose a blog" in unchosen.text) == (422, True)
        done = await editor.post(page, data=sent | {"do": "move", "to": "floods"})
        assert "Moved to the other blog." in done.text
    (moved,) = (await server.http.get("/api/v1/blogs/floods/entries")).json()["entries"]
    old = await server.anonymous.get(f"/live/storm/entries/{entry['id']}")
    assert (old.status_code, old.headers["location"]) == (302, f"/live/floods/entries/{moved['id']}")
    assert "All of them" in (await server.anonymous.get(old.headers["location"])).text
    assert "All of them" not in (await server.anonymous.get("/live/storm")).text
    # what is retracted there as well is gone
    await server.retract(moved, "floods")
    assert (await server.anonymous.get(f"/live/storm/entries/{entry['id']}")).status_code == 410


async def test_the_time_that_readers_see_is_changed(server: Running) -> None:
    entry = await server.post(title="Ferries stop")
    page = f"/console/blogs/storm/entries/{entry['id']}/time"
    earlier = server.desk.now() - timedelta(hours=3)
    async with logged_in(server, "eddy") as editor:
        form = (await editor.get(page)).text
        sent = {"do": "save", "revision": hidden(form, "revision")}
        late = await editor.post(page, data=sent | {"published_at": "2031-01-01T00:00"})
        assert (late.status_code, "must not be in the future" in late.text) == (422, True)
        done = await editor.post(page, data=sent | {"published_at": earlier.strftime("%Y-%m-%dT%H:%M")})
        assert "Time changed." in done.text
    found = (await server.anonymous.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
    assert found["published_at"][:16] == earlier.strftime("%Y-%m-%dT%H:%M")
