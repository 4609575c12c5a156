"""The log in the console: who sees what of it, and its filters."""

from __future__ import annotations

import re
from ast import Call, Constant, unparse, walk
from html import unescape

import pytest

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.console.audit_log import WHAT
from tests.newsroom.test_audit import MODULES
from tests.support.app import Running
from tests.web.console.test_console import PASSWORD, logged_in, server

pytestmark = pytest.mark.anyio
__all__ = ["server"]


def shown(page: str) -> list[str]:
    found = re.findall(r'class="log__words">(.*?)</p>', page, re.S)
    return [" ".join(unescape(re.sub("<[^>]*>", "", line)).split()) for line in found]


async def test_editors_see_what_was_done_in_blogs_and_admins_everything(server: Running) -> None:
    entry = await server.post(title="Ferries stop")
    await server.edit(entry, breaking=True)
    async with logged_in(server, "eddy") as editor, logged_in(server, "ada") as admin:
        of_editor, of_admin = (await editor.get("/console/log")).text, (await admin.get("/console/log")).text
        assert shown(of_editor) == [
            "Entry changed Ferries stop (breaking)", "Published Ferries stop", "Blog created",
        ]
        assert "Logged in (user name: eddy)" in shown(of_admin)
        of_entry = await editor.get("/console/log", params={"blog": "storm", "entry": entry["id"]})
        assert shown(of_entry.text) == shown(of_editor)[:2]
        me = re.search(r'value="(user:\w+)">ada<', of_admin)
        assert me
        of_one = await admin.get("/console/log", params={"person": me[1]})
        assert shown(of_one.text) == ["Logged in (user name: ada)"]


async def test_an_editor_of_one_blog_sees_the_log_of_that_one(server: Running) -> None:
    await people.create_user(server.desk, SYSTEM, "beth", password=PASSWORD, blog_roles={"storm": "editor"})
    await server.blog("other")
    async with logged_in(server, "beth") as editor, logged_in(server, "connie") as contributor:
        assert (await editor.get("/console/log")).status_code == 403
        assert (await editor.get("/console/log?blog=other")).status_code == 404
        assert shown((await editor.get("/console/log?blog=storm")).text) == ["Blog created"]
        assert (await contributor.get("/console/log?blog=storm")).status_code == 403


async def test_a_retracted_entry_is_named_and_its_text_is_not_in_the_log(server: Running) -> None:
    entry = await server.post(title="Shots near the bridge", body="The secret text")
    await server.retract(entry)
    async with logged_in(server, "eddy") as editor:
        page = (await editor.get("/console/log?blog=storm")).text
    assert shown(page)[0] == "Retracted Shots near the bridge"
    assert "secret text" not in page


def test_every_kind_of_line_has_a_name() -> None:
    written = {
        node.args[2].value for tree in MODULES.values() for node in walk(tree)
        if isinstance(node, Call) and unparse(node.func) == "audit.record"
        and isinstance(node.args[2], Constant)
    }
    assert len(written) > 10
    assert written <= WHAT.keys()
