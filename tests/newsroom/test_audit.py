"""Every writing action leaves a line in the audit log, in the same transaction."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import server.newsroom
from server.domain.errors import Conflict
from server.newsroom import blogs, bylines, entries
from server.store import audit
from tests.support.desk import CONTRIBUTOR, EDITOR, Newsroom, draft

pytestmark = pytest.mark.anyio

MODULES = {
    path.stem: ast.parse(path.read_text(encoding="utf-8"))
    for path in Path(server.newsroom.__file__).parent.glob("*.py")
}
NO_ACTION_OF_A_PERSON = {
    "audience.sample": "how many readers there are",
    "presence.beat": "a tab is there", "presence.leave": "a tab is closed",
    "drafts.keep": "what is typed is kept", "drafts.end": "what is kept was sent or thrown away",
    "feeds.renew_epoch": "the database went back; it is in the server's log",
    "schedule.tidy": "what is past its time is forgotten",
    "callers.caller_of_session": "when a session was used", "callers.caller_of_token": "when a token was used",
    "readiness.WriteProbe._write": "whether the database takes anything",
}


def functions() -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    found = {}
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[f"{module}.{node.name}"] = node
            elif isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        found[f"{module}.{node.name}.{inner.name}"] = inner
    return found


def calls(node: ast.AST) -> set[str]:
    """What is called in it: `_commit`, `audit.record`, `desk.database.write`."""
    return {ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}


def records(name: str, known: dict[str, ast.AsyncFunctionDef | ast.FunctionDef], seen: set[str]) -> bool:
    if name in seen or name not in known:
        return False
    seen.add(name)
    module = name.split(".")[0]
    for called in calls(known[name]):
        if called.startswith("audit.record"):
            return True
        if any(records(other, known, seen) for other in (called, f"{module}.{called}")):
            return True
    return False


def test_every_function_that_writes_records_it() -> None:
    known = functions()
    writing = {
        name for name, node in known.items() if any(c.endswith("database.write") for c in calls(node))
    }
    assert len(writing) > 20
    silent = {name for name in writing if not records(name, known, set())}
    assert silent == NO_ACTION_OF_A_PERSON.keys()


async def lines(newsroom: Newsroom, **wanted: str) -> list[tuple[str, str]]:
    async with newsroom.database.read() as connection:
        found = await audit.listed(connection, audit.Wanted(everything=True, **wanted), limit=100)
    return [(line.by_name, line.what) for line in reversed(found)]


async def test_the_life_of_an_entry_stands_in_the_log(newsroom: Newsroom) -> None:
    entry = await newsroom.post("Rain", caller=CONTRIBUTOR)
    newsroom.clock.forward(seconds=1)
    await entries.edit(newsroom.desk, EDITOR, "storm", entry.id, {}, revision=None, status="published")
    for step in (newsroom.edit(entry, "Snow", key=True), newsroom.retract(entry), newsroom.restore(entry)):
        newsroom.clock.forward(seconds=1)
        await step
    assert await lines(newsroom, entry_id=entry.id) == [
        (CONTRIBUTOR.name, "entry_pending"), (EDITOR.name, "entry_published"), (EDITOR.name, "entry_edited"),
        (EDITOR.name, "entry_retracted"), (EDITOR.name, "entry_restored"),
    ]
    async with newsroom.database.read() as connection:
        found = await audit.listed(connection, audit.Wanted(entry_id=entry.id), limit=10)
    assert found[2].about["changed"] == ["blocks", "key"]
    assert "Snow" not in str(found)
    assert found[0].slug == "storm"


async def test_what_is_refused_leaves_no_line(newsroom: Newsroom) -> None:
    newsroom.clock.forward(seconds=1)
    await blogs.edit(newsroom.desk, EDITOR, "storm", {"status": "closed"}, revision=None)
    with pytest.raises(Conflict):
        await entries.create(newsroom.desk, EDITOR, "storm", draft("Rain"))
    assert await lines(newsroom, blog_id=newsroom.blog_id) == [
        (EDITOR.name, "blog_created"), (EDITOR.name, "blog_closed"),
    ]


async def test_lines_are_filtered_by_person_and_come_in_pages(newsroom: Newsroom) -> None:
    await bylines.create(newsroom.desk, EDITOR, bylines.Byline.by_name("Ada Torr"))
    await newsroom.post("Rain")
    await newsroom.post("Hail", caller=CONTRIBUTOR)
    assert await lines(newsroom, by_id=CONTRIBUTOR.id) == [(CONTRIBUTOR.name, "entry_pending")]
    async with newsroom.database.read() as connection:
        # what belongs to no blog only for those who may see everything
        of_blogs = await audit.listed(connection, audit.Wanted(), limit=100)
        first = await audit.listed(connection, audit.Wanted(), limit=1)
        rest = await audit.listed(connection, audit.Wanted(), before=(first[0].at, first[0].id), limit=100)
        people = await audit.people(connection, audit.Wanted(everything=True))
    assert "byline_added" not in {line.what for line in of_blogs}
    assert [*first, *rest] == list(of_blogs)
    assert people == {EDITOR.id: EDITOR.name, CONTRIBUTOR.id: CONTRIBUTOR.name}
