from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.api.conftest import BLOG, Cast, made, path_of, said

pytestmark = pytest.mark.anyio

ENTRIES = f"/api/v1/blogs/{BLOG}/entries"
ANY = {"If-Match": "*"}


async def test_new_entry_has_location_etag_and_position(cast: Cast) -> None:
    answer = await cast["editor"].post(ENTRIES, json={"title": "Harbour open", "body": "Since *noon*."})
    entry = made(answer)
    assert answer.headers["location"] == f"{ENTRIES}/{entry['id']}"
    assert answer.headers["etag"] == f'"1.{answer.json()["position"]}"'
    assert entry["blocks"] == [
        {"type": "text", "html": "<p>Since <em>noon</em>.</p>", "markdown": "Since *noon*."}
    ]
    assert entry["status"] == "published"
    assert entry["number"] >= 1
    shown = await cast["editor"].get(answer.headers["location"])
    assert shown.json() == entry


async def test_body_comes_before_blocks(cast: Cast) -> None:
    entry = await cast.entry(
        "editor", body="First",
        blocks=[{"type": "quote", "html": "<p>Second</p>", "cite": "Someone"},
                {"type": "text", "markdown": "**Third**"}],
    )
    assert [b["type"] for b in entry["blocks"]] == ["text", "quote", "text"]
    assert entry["blocks"][2]["html"] == "<p><strong>Third</strong></p>"


async def test_blocks_that_were_read_can_be_sent_back(cast: Cast) -> None:
    blocks = [
        {"type": "text", "html": "<p>Text</p>", "markdown": ""},
        {"type": "quote", "html": "<p>Words</p>", "cite": "Ada"},
        {"type": "video", "url": "https://example.org/a.mp4", "title": "A", "byline": "B", "caption": "C",
         "poster": "", "provider": "", "poster_width": 0, "poster_height": 0, "poster_widths": [],
         "unavailable": False},
        {"type": "embed", "url": "https://example.org/post/1", "title": "A post", "provider": "Example",
         "author": "Ada", "description": "Rain", "thumbnail": "", "width": 0, "height": 0, "unavailable": True},
    ]
    entry = await cast.entry("editor", body="", blocks=blocks)
    assert entry["blocks"] == blocks
    answer = await cast["editor"].patch(path_of(entry), json={"blocks": entry["blocks"]}, headers=ANY)
    assert answer.json()["blocks"] == blocks


async def test_contributors_entry_waits_for_an_editor(cast: Cast) -> None:
    entry = await cast.entry("owner")
    assert (entry["status"], entry["number"]) == ("pending", None)
    said(await cast["anonymous"].get(path_of(entry)), 404, "not_found")
    answer = await cast["editor"].patch(path_of(entry), json={"status": "published"}, headers=ANY)
    assert answer.json()["status"] == "published"
    assert answer.json()["author"]["name"] == "owner"
    assert (await cast["anonymous"].get(path_of(entry))).status_code == 200


async def test_readers_see_nothing_of_the_newsroom(cast: Cast) -> None:
    entry = await cast.published()
    inside = (await cast["editor"].get(path_of(entry))).json()
    outside = (await cast["anonymous"].get(path_of(entry))).json()
    assert set(inside) - set(outside) == {
        "author", "created_at", "updated_at", "publish_at", "retracted_at", "note", "note_by",
        "internal_notes",
    }
    listed = (await cast["anonymous"].get(ENTRIES, params={"limit": 100})).json()["entries"]
    assert outside in listed
    assert {e["status"] for e in listed} == {"published"}


async def test_retried_post_is_made_once(cast: Cast) -> None:
    body, key = {"body": "Only once"}, {"Idempotency-Key": "entry-once"}
    answers = await asyncio.gather(
        *(cast["editor"].post(ENTRIES, json=body, headers=key) for _ in range(5))
    )
    assert len({made(a)["id"] for a in answers}) == 1
    assert sum("idempotency-replayed" in a.headers for a in answers) == 4
    said(
        await cast["editor"].post(ENTRIES, json={"body": "Other"}, headers=key), 422, "idempotency_key_reused"
    )
    # a key belongs to whoever used it
    assert made(await cast["admin"].post(ENTRIES, json=body, headers=key))["id"] != made(answers[0])["id"]


async def test_retry_after_retraction_answers_without_the_text(cast: Cast) -> None:
    body, key = {"title": "Secret", "body": "Never again"}, {"Idempotency-Key": "then-retracted"}
    first = made(await cast["editor"].post(ENTRIES, json=body, headers=key))
    await cast["editor"].delete(path_of(first))
    answer = await cast["editor"].post(ENTRIES, json=body, headers=key)
    again = made(answer)
    assert (again["id"], again["status"], again["blocks"]) == (first["id"], "retracted", [])
    assert "Secret" not in answer.text
    assert "Never again" not in answer.text


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
async def test_key_that_cannot_be_kept_is_refused(cast: Cast, key: str) -> None:
    answer = await cast["editor"].post(
        ENTRIES, json={"body": "A"}, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert said(answer, 422, "invalid")["errors"][0]["field"] == "Idempotency-Key"


async def test_stale_edit_gets_both_versions(cast: Cast) -> None:
    entry = await cast.entry("editor")
    first = {"If-Match": f'"{entry["revision"]}"'}
    assert (
        await cast["editor"].patch(path_of(entry), json={"title": "Hers"}, headers=first)
    ).status_code == 200
    answer = await cast["admin"].patch(path_of(entry), json={"body": "His"}, headers=first)
    problem = said(answer, 412, "stale_revision")
    assert problem["current"]["title"] == "Hers"
    assert problem["yours"]["blocks"][0]["html"] == "<p>His</p>"
    said(await cast["admin"].delete(path_of(entry), headers=first), 412, "stale_revision")


async def test_edit_without_revision_is_refused(cast: Cast) -> None:
    entry = await cast.entry("editor")
    said(await cast["editor"].patch(path_of(entry), json={"title": "A"}), 428, "revision_required")


async def test_retracted_entry_is_gone_for_readers(cast: Cast) -> None:
    entry = await cast.entry("editor", title="Wrong name")
    gone = await cast["editor"].delete(path_of(entry))
    assert gone.status_code == 200
    assert (gone.json()["status"], gone.json()["title"], gone.json()["blocks"]) == ("retracted", "", [])
    said(await cast["anonymous"].get(path_of(entry)), 410, "gone")
    inside = await cast["editor"].get(path_of(entry))
    revisions = await cast["editor"].get(f"{path_of(entry)}/revisions")
    assert "Wrong name" not in gone.text + inside.text + revisions.text
    assert [r["status"] for r in revisions.json()["revisions"]] == ["retracted", "published"]
    said(await cast["editor"].patch(path_of(entry), json={"title": "A"}, headers=ANY), 409, "conflict")


async def test_restored_entry_is_what_it_was(cast: Cast) -> None:
    entry = await cast.entry("editor")
    await cast["editor"].delete(path_of(entry))
    answer = await cast["editor"].post(f"{path_of(entry)}/restore")
    restored = answer.json()
    assert (restored["status"], restored["blocks"]) == ("published", entry["blocks"])
    assert restored["number"] == entry["number"]
    said(await cast["editor"].post(f"{path_of(entry)}/restore"), 409, "conflict")


async def test_revisions_are_listed_newest_first(cast: Cast) -> None:
    entry = await cast.entry("editor", title="One")
    await cast["admin"].patch(path_of(entry), json={"title": "Two"}, headers=ANY)
    found = (await cast["editor"].get(f"{path_of(entry)}/revisions")).json()
    assert [(r["revision"], r["title"], r["author"]["name"]) for r in found["revisions"]] == [
        (2, "Two", "admin"), (1, "One", "editor"),
    ]


async def test_scheduled_entry_needs_a_time_ahead(cast: Cast) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    entry = await cast.entry("editor", status="scheduled", publish_at=ahead)
    assert entry["status"] == "scheduled"
    for publish_at in (None, "2001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-11-22T10:00:00", 5):
        body = {"body": "A", "status": "scheduled", "publish_at": publish_at}
        problem = said(await cast["editor"].post(ENTRIES, json=body), 422, "invalid")
        assert [e["field"] for e in problem["errors"]] == ["publish_at"]


async def test_a_publish_at_of_null_cancels_the_schedule(cast: Cast) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    entry = await cast.entry("editor", status="scheduled", publish_at=ahead)
    answer = await cast["editor"].patch(path_of(entry), json={"publish_at": None}, headers=ANY)
    assert (answer.json()["status"], answer.json()["publish_at"]) == ("draft", None)


async def test_the_author_gets_the_reason_with_what_was_sent_back(cast: Cast) -> None:
    entry = await cast.entry("owner")
    sent = {"status": "draft", "note": "Who says so?"}
    said(await cast["owner"].patch(path_of(entry), json=sent, headers=ANY), 403, "forbidden")
    assert (await cast["editor"].patch(path_of(entry), json=sent, headers=ANY)).status_code == 200
    found = (await cast["owner"].get(path_of(entry))).json()
    assert (found["status"], found["note"], found["note_by"]) == ("draft", "Who says so?", "editor")
    assert found["title"] == entry["title"]
    said(await cast["editor"].patch(path_of(entry), json=sent, headers=ANY), 409, "conflict")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"body": ""}, "body"),
        ({"status": "retracted", "body": "A"}, "status"),
        ({"title": "two\ud800"}, "title"),
        ({"body": "a\ud800b"}, "body"),
        ({"body": "&nbsp;"}, "body"),
        ({"body": "\u200b\u2060\ufeff"}, "body"),
        ({"title": "\u00ad\u200b"}, "body"),
        ({"blocks": [{"type": "text", "html": "<p>&nbsp;</p><p></p><br>"}]}, "body"),
        ({"body": "---\n\n***"}, "body"),
        ({"blocks": [{"type": "quote", "html": "&nbsp;", "cite": "The mayor"}]}, "blocks.0.html"),
        ({"body": "A", "blocks": [{"type": "image", "media_id": "a" * 16, "alt": "\u200b"}]}, "blocks.0.alt"),
        ({"body": "A", "key": "true"}, "key"),
        ({"body": "A", "pinned": 1}, "pinned"),
        ({"blocks": [{"type": "map"}]}, "blocks.0"),
        ({"blocks": [{"html": "<p>A</p>"}]}, "blocks.0"),
        ({"blocks": [{"type": "quote"}]}, "blocks.0.html"),
        ({"blocks": [{"type": "text", "html": "A", "onclick": "x"}]}, "blocks.0.onclick"),
        ({"blocks": [{"type": "image", "media_id": "../../etc", "alt": "A"}]}, "blocks.0.media_id"),
        ({"blocks": [{"type": "image", "media_id": "a" * 16, "alt": "A"}]}, "blocks.0.media_id"),
        ({"blocks": [{"type": "embed", "url": "data:text/html,x"}]}, "blocks.0.url"),
        ({"blocks": [{"type": "text", "html": "A"}] * 201}, "blocks"),
    ],
)
async def test_field_that_cannot_be_taken_is_named(cast: Cast, body: dict[str, Any], named: str) -> None:
    content, headers = json.dumps(body), {"Content-Type": "application/json"}  # httpx2 writes no half character
    answer = await cast["editor"].post(ENTRIES, content=content, headers=headers)
    problem = said(answer, 422, "invalid")
    assert [e["field"] for e in problem["errors"]] == [named]


async def test_closed_blog_takes_no_entry(cast: Cast) -> None:
    blog = await cast.blog(status="closed")
    path = f"/api/v1/blogs/{blog['slug']}/entries"
    said(await cast["editor"].post(path, json={"body": "A"}), 409, "conflict")


async def test_pages_hold_each_entry_once_while_the_blog_grows(cast: Cast) -> None:
    blog = await cast.blog(status="live")
    path = f"/api/v1/blogs/{blog['slug']}/entries"
    written = [(await cast.entry("editor", blog["slug"]))["id"] for _ in range(7)]
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await cast["anonymous"].get(path, params=query)).json()
        found += [e["id"] for e in page["entries"]]
        await cast.entry("editor", blog["slug"])  # newer than all of these pages
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == written[::-1]


async def test_list_shows_each_role_what_it_may_see(cast: Cast) -> None:
    blog = await cast.blog(status="live")
    path = f"/api/v1/blogs/{blog['slug']}/entries"
    mine = (await cast.entry("owner", blog["slug"]))["id"]
    theirs = (await cast.entry("teammate", blog["slug"], status="draft"))["id"]
    public = (await cast.entry("editor", blog["slug"]))["id"]

    async def listed(who: str, **query: str) -> set[str]:
        return {e["id"] for e in (await cast[who].get(path, params=query)).json()["entries"]}

    assert await listed("owner") == {mine, public}
    assert await listed("teammate") == {theirs, public}
    assert await listed("editor") == {mine, theirs, public}
    assert await listed("outsider") == await listed("anonymous") == {public}
    assert await listed("editor", status="draft,pending") == {mine, theirs}
    assert await listed("anonymous", status="draft,pending") == set()
    assert await listed("owner", status="pending") == {mine}


async def test_html_is_sanitised(cast: Cast) -> None:
    html = '<p onclick="x()">A <a href="javascript:x()">b</a></p><iframe></iframe>'
    entry = await cast.entry(
        "editor", body="Hi <script>alert(1)</script>", blocks=[{"type": "text", "html": html}]
    )
    shown = "".join(b["html"] for b in entry["blocks"])
    assert "<p>Hi &lt;script&gt;alert(1)&lt;/script&gt;</p>" in shown
    for forbidden in ("<script", "onclick", "javascript:", "iframe"):
        assert forbidden not in shown


async def test_readers_never_get_the_source(cast: Cast) -> None:
    entry = await cast.entry("editor", body="Hi <!-- ask Grace first --> there")
    assert "Grace" in (await cast["editor"].get(path_of(entry))).text
    for path in (path_of(entry), ENTRIES):
        assert "Grace" not in (await cast["anonymous"].get(path)).text


async def test_unknown_entry_is_not_found(cast: Cast) -> None:
    said(await cast["editor"].get(f"{ENTRIES}/aaaaaaaaaaaaaaaa"), 404, "not_found")
    said(await cast["editor"].get("/api/v1/blogs/nowhere/entries"), 404, "not_found")
    elsewhere = await cast.entry("admin", "harbour")
    said(await cast["editor"].get(path_of(elsewhere)), 404, "not_found")
