"""The public history of an entry: what was public, with the editors' notes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.text.difference import Piece, difference, lines
from tests.support.app import Running, running
from tests.web.reader.test_pages import page, structured

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("history")) as started:
        await started.blog()
        yield started


def address(entry: dict[str, Any]) -> str:
    return f"/live/storm/entries/{entry['id']}/history"


def marked(html: str, tag: str) -> list[str]:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    return [re.sub(r"<span.*?</span>", "", text, flags=re.DOTALL) for text in found]


async def test_an_edit_shows_what_changed_and_why(server: Running) -> None:
    draft = await server.post(body="A secret draft", status="draft")
    await server.edit(draft, body="Leaves at eight.\n\nStays.", status="published")
    entry = await server.edit(draft, key=True)
    await server.edit(entry, body="Leaves at nine.\n\nStays.", correction="We wrote <eight>.")
    html = await page(server, address(entry))
    assert (marked(html, "del"), marked(html, "ins")) == (["eight."], ["nine."])
    assert html.count('<li class="history__change">') == 2, "a flag is no change of the text"
    assert "We wrote &lt;eight&gt;." in html and "secret" not in html
    assert not any("Stays." in words for words in re.findall('history__words".*?</p>', html, re.DOTALL))
    alone = await page(server, address(entry).removesuffix("/history"))
    assert f'<a class="entry__edited" href="{address(entry)}">' in alone
    assert [c["text"] for c in structured(alone)["correction"]] == ["We wrote <eight>."]
    seen = (await server.anonymous.get(f"/api/v1/blogs/storm/entries/{entry['id']}")).json()
    assert [c["note"] for c in seen["corrections"]] == ["We wrote <eight>."]


async def test_what_is_taken_out_of_the_history_is_gone_at_once(server: Running) -> None:
    entry = await server.post(body="Clean.")
    await server.edit(entry, body="Clean. Libel.", correction="Added libel.")
    first = await server.anonymous.get(address(entry))
    assert "Libel" in first.text
    await server.edit(entry, body="Clean.")
    assert "Libel" in await page(server, address(entry))
    await server.edit(entry, remove_from_history=True)
    answer = await server.anonymous.get(address(entry), headers={"If-None-Match": first.headers["etag"]})
    assert answer.status_code == 200 and "ibel" not in answer.text
    assert "The earlier text is not shown." in answer.text
    seen = await server.anonymous.get(f"/api/v1/blogs/storm/entries/{entry['id']}")
    assert seen.json()["corrections"] == []
    kept = (await server.http.get(f"/api/v1/blogs/storm/entries/{entry['id']}/revisions")).json()["revisions"]
    assert [r["hidden"] for r in kept] == [False, True, True, True]


async def test_a_retraction_ends_the_history(server: Running) -> None:
    entry = await server.post(body="First words")
    await server.edit(entry, body="Second words", correction="A note")
    first = await server.anonymous.get(address(entry))
    await server.retract(entry)
    for headers in ({}, {"If-None-Match": first.headers["etag"]}):
        answer = await server.anonymous.get(address(entry), headers=headers)
        assert answer.status_code == 410 and "words" not in answer.text and "A note" not in answer.text
    restored = await server.http.post(f"/api/v1/blogs/storm/entries/{entry['id']}/restore")
    assert restored.json()["corrections"] == []
    html = await page(server, address(entry))
    assert "First" not in html and "A note" not in html, "what was retracted is not shown again"


async def test_only_what_is_published_has_a_history(server: Running) -> None:
    entry = await server.post(status="draft")
    assert (await server.anonymous.get(address(entry))).status_code == 404
    fields: dict[str, Any] = {"correction": "x", "remove_from_history": True}
    for name, value in fields.items():
        answer = await server.http.patch(
            f"/api/v1/blogs/storm/entries/{entry['id']}", json={name: value}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == name


def test_lines_of_html() -> None:
    html = "<p>a <b>b</b></p><ul><li>c</li></ul><table><tr><td>1</td><td>2</td></tr></table>"
    assert lines(html) == ["a b", "c", "1 · 2"]


def test_words_are_compared_within_lines() -> None:
    found = difference(["same", "one two three"], ["same", "one four three", "new"], most=10_000)
    assert found == [[
        Piece("same", "one "), Piece("removed", "two"), Piece("added", "four"), Piece("same", " three"),
        Piece("added", "\nnew"),
    ]]
    assert difference(["東京は雨"], ["東京は晴"], most=100) == [[
        Piece("same", "東京は"), Piece("removed", "雨"), Piece("added", "晴")
    ]]


def test_what_costs_too_much_is_replaced_as_a_whole() -> None:
    before, after = [" ".join(f"{w}{n}" for n in range(2000)) for w in "ab"]
    assert difference([before], [after], most=1000) == [[
        Piece("removed", before), Piece("same", "\n"), Piece("added", after)
    ]]


def test_a_sentence_that_was_written_anew_is_no_puzzle_of_single_words() -> None:
    found = difference(
        ["It is expected at the Hallin Bridge around noon and in Dorrin before dark."],
        ["Heavy rain is expected after nine and may close the last stretch until morning."], most=10_000,
    )
    assert [[piece.kind for piece in place] for place in found] == [["removed", "same", "added"]]


def test_two_words_that_stayed_between_changes_are_part_of_the_change() -> None:
    before = "They have promised a total of 64 million dollars in two weeks and will say how soon."
    after = "They have promised a total of 65 million crowns in two weeks and will say how soon."
    assert difference([before], [after], most=10_000) == [[
        Piece("same", "They have promised a total of "), Piece("removed", "64 million dollars"),
        Piece("added", "65 million crowns"), Piece("same", " in two weeks and will say how soon."),
    ]]
