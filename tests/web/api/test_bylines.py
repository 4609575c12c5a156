"""Bylines over HTTP: as names, as objects, as one line of text; and the newsroom's list of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.api.conftest import BLOG, Cast, made, path_of, said

pytestmark = pytest.mark.anyio

BYLINES = "/api/v1/bylines"
ANY = {"If-Match": "*"}
EMPTY = {"role": "", "place": "", "picture": "", "url": ""}


def names(thing: dict[str, Any]) -> list[str]:
    return [b["name"] for b in thing["bylines"]]


async def patched(cast: Cast, entry: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await cast["editor"].patch(path_of(entry), json=fields, headers=ANY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_names_and_objects_are_taken(cast: Cast) -> None:
    entry = await cast.entry("editor", bylines=[
        "Nora Lind", {"name": "Omar Said", "role": "Reporter", "place": "Cairo", "url": "https://example.org/o"}
    ])
    assert [{k: v for k, v in b.items() if k != "id"} for b in entry["bylines"]] == [
        {"name": "Nora Lind"} | EMPTY,
        {"name": "Omar Said"} | EMPTY | {"role": "Reporter", "place": "Cairo", "url": "https://example.org/o"},
    ]
    assert entry["byline"] == "Nora Lind, Omar Said"
    again = await cast.entry("owner", bylines=["omar said"])
    assert again["bylines"] == [entry["bylines"][1]], "a contributor chooses by name too"


async def test_one_line_of_text_is_one_name(cast: Cast) -> None:
    entry = await cast.entry("editor", byline="Ada, Countess of Lovelace")
    assert names(entry) == ["Ada, Countess of Lovelace"] == [entry["byline"]]
    blog = await cast.blog("editor", byline="Desk")
    assert (names(blog), blog["byline"]) == (["Desk"], "Desk")
    assert names(await patched(cast, entry, byline="")) == []


@pytest.mark.parametrize("fields", [{}, {"byline": ""}, {"byline": " \u200b"}, {"bylines": []}])
@pytest.mark.parametrize("who", ["editor", "owner"])
async def test_no_byline_is_none_and_not_the_callers_name(
    cast: Cast, who: str, fields: dict[str, Any]
) -> None:
    entry = await cast.entry(who, **fields)
    assert (entry["bylines"], entry["byline"]) == ([], "")


async def test_what_was_read_can_be_sent_back(cast: Cast) -> None:
    entry = await cast.entry("editor", bylines=[{"name": "Pia", "place": "Oslo"}, "Quentin"])
    back = {k: entry[k] for k in ("title", "bylines", "byline", "topics", "language", "pinned")}
    assert (await patched(cast, entry, **back))["bylines"] == entry["bylines"]
    assert (await patched(cast, entry, byline=entry["byline"]))["bylines"] == entry["bylines"]
    byline = entry["bylines"][0]["id"]
    await cast["editor"].patch(f"{BYLINES}/{byline}", json={"name": "Pia Dahl"})
    late = await patched(cast, entry, bylines=entry["bylines"])
    assert [(b["name"], b["place"]) for b in late["bylines"]] == [("Pia Dahl", "Oslo"), ("Quentin", "")]


async def test_bylines_come_before_byline(cast: Cast) -> None:
    assert names(await cast.entry("editor", bylines=["Rosa"], byline="Somebody else")) == ["Rosa"]


@pytest.mark.parametrize(("bylines", "field"), [
    ([{"name": ""}], "bylines.0.name"),
    ([{}], "bylines.0.name"),
    ([" "], "bylines.0"),
    (["\u200b"], "bylines.0"),
    ([5], "bylines.0"),
    (["Sam", {"name": "SAM"}], "bylines.1"),
    ([{"name": "Sam", "url": "http://example.org/"}], "bylines.0.url"),
    ([{"name": "Sam", "url": "javascript:alert(1)"}], "bylines.0.url"),
    ([{"name": "Sam", "picture": "a" * 16}], "bylines.0.picture"),
    ([{"name": "Sam", "picture": "../etc"}], "bylines.0.picture"),
    ([{"name": "Sam", "age": 5}], "bylines.0.age"),
    ([{"name": "x" * 301}], "bylines.0.name"),
    ([{"id": "a" * 16}], "bylines.0.id"),
    ([f"Name {n}" for n in range(21)], "bylines"),
])
async def test_what_cannot_be_taken_is_named(cast: Cast, bylines: Any, field: str) -> None:
    body = {"body": "Rain", "bylines": bylines}
    problem = said(await cast["editor"].post(f"/api/v1/blogs/{BLOG}/entries", json=body), 422, "invalid")
    assert [e["field"] for e in problem["errors"]] == [field]


async def test_bylines_are_listed_page_by_page(cast: Cast) -> None:
    for n in range(3):
        made(await cast["editor"].post(BYLINES, json={"name": f"zz {n}"}))
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await cast["owner"].get(BYLINES, params=query)).json()
        found += [b["name"] for b in page["bylines"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found[-3:] == ["zz 0", "zz 1", "zz 2"]
    assert len(found) == len(set(found))
    said(await cast["owner"].get(BYLINES, params={"before": "a" * 16}), 422, "invalid")


async def test_a_byline_is_made_changed_and_removed(cast: Cast) -> None:
    answer = await cast["editor"].post(BYLINES, json={"name": " Tove  Berg ", "url": "https://example.org/t"})
    byline = made(answer)
    assert answer.headers["location"] == f"{BYLINES}/{byline['id']}"
    assert (byline["name"], byline["role"], byline["url"]) == ("Tove Berg", "", "https://example.org/t")
    said(await cast["editor"].post(BYLINES, json={"name": "TOVE BERG"}), 409, "conflict")
    path = answer.headers["location"]
    changed = await cast["editor"].patch(path, json={"role": "Editor"})
    assert changed.json() == byline | {"role": "Editor", "updated_at": changed.json()["updated_at"]}
    assert (await cast["owner"].get(path)).json() == changed.json()
    for wrong in ({"name": ""}, {"name": "\u200b"}, {"url": "ftp://x"}, {"picture": "a" * 16}):
        problem = said(await cast["editor"].patch(path, json=wrong), 422, "invalid")
        assert [e["field"] for e in problem["errors"]] == list(wrong)
    assert (await cast["editor"].delete(path)).status_code == 204
    said(await cast["editor"].get(path), 404, "not_found")
    said(await cast["editor"].delete(path), 404, "not_found")


async def test_a_stale_edit_shows_both_lists(cast: Cast) -> None:
    entry = await cast.entry("editor", bylines=["Uma"])
    await patched(cast, entry, bylines=["Vera"])
    answer = await cast["editor"].patch(path_of(entry), json={"bylines": ["Wim"]}, headers={"If-Match": '"1"'})
    problem = said(answer, 412, "stale_revision")
    assert (names(problem["current"]), names(problem["yours"])) == (["Vera"], ["Wim"])


async def test_topics_and_language_of_an_entry(cast: Cast) -> None:
    blog = await cast.blog("editor", topics=["Weather", "Traffic"], status="live")
    slug = blog["slug"]
    assert blog["topics"] == ["Weather", "Traffic"]
    start = (await cast["anonymous"].get(f"/api/v1/blogs/{slug}")).json()["position"]
    entry = await cast.entry("editor", slug=slug, topics=["traffic"], language="pt-PT")
    assert (entry["topics"], entry["language"]) == (["Traffic"], "pt-PT")
    public = (await cast["anonymous"].get(path_of(entry, slug))).json()
    assert (public["topics"], public["language"]) == (["Traffic"], "pt-PT")
    seen = (await cast["anonymous"].get(f"/live/{slug}/changes?after={start}&view=json")).json()
    public_entry = next(c["entry"] for c in seen["changes"] if c["id"] == entry["id"])
    assert (public_entry["topics"], public_entry["language"]) == (["Traffic"], "pt-PT")
    answer = await cast["editor"].patch(
        path_of(entry, slug), json={"language": None, "topics": []}, headers=ANY
    )
    assert (answer.json()["topics"], answer.json()["language"]) == ([], None)
    wrong = {"body": "x", "topics": ["Sport"]}
    problem = said(await cast["editor"].post(f"/api/v1/blogs/{slug}/entries", json=wrong), 422, "invalid")
    assert [e["field"] for e in problem["errors"]] == ["topics.0"]
