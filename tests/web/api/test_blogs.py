from __future__ import annotations

from typing import Any

import pytest

from tests.web.api.conftest import BLOG, Cast, made, said

pytestmark = pytest.mark.anyio


async def test_new_blog_has_location_etag_and_position(cast: Cast) -> None:
    answer = await cast["editor"].post(
        "/api/v1/blogs",
        json={
            "slug": "full", "headline": "Ferry", "standfirst": "Two lines\nof text", "byline": "Ada",
            "key_developments": ["One", "Two"], "status": "live", "language": "pt-PT",
            "time_zone": "Europe/Lisbon", "related": [{"title": "Map", "url": "https://example.org/map"}],
        },
    )
    blog = made(answer)
    assert answer.headers["location"] == "/api/v1/blogs/full"
    assert answer.headers["etag"] == f'"1.{answer.json()["position"]}"'
    assert blog["position"].endswith(".1")
    assert blog["related"] == [{"title": "Map", "url": "https://example.org/map"}]
    assert blog["started_at"] is not None
    shown = (await cast["editor"].get("/api/v1/blogs/full")).json()
    assert shown == blog


async def test_retried_blog_is_made_once(cast: Cast) -> None:
    body, key = {"slug": "once", "headline": "Once"}, {"Idempotency-Key": "blog-once"}
    first = made(await cast["editor"].post("/api/v1/blogs", json=body, headers=key))
    second = made(await cast["editor"].post("/api/v1/blogs", json=body, headers=key))
    assert first["id"] == second["id"]
    other = await cast["editor"].post("/api/v1/blogs", json=body | {"headline": "Twice"}, headers=key)
    said(other, 422, "idempotency_key_reused")


async def test_taken_slug_conflicts(cast: Cast) -> None:
    said(await cast["editor"].post("/api/v1/blogs", json={"slug": BLOG, "headline": "A"}), 409, "conflict")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("slug", "Storm", "slug"),
        ("slug", "storm--coast", "slug"),
        ("slug", "storm\n", "slug"),
        ("slug", "a" * 101, "slug"),
        ("headline", "", "headline"),
        ("headline", "   ", "headline"),
        ("headline", "\u200b\u00ad\u2060", "headline"),
        ("headline", "x" * 301, "headline"),
        ("headline", 5, "headline"),
        ("status", "open", "status"),
        ("language", "english please", "language"),
        ("time_zone", "Mars/Olympus", "time_zone"),
        ("key_developments", ["fine", "\u00a0\u200b"], "key_developments.1"),
        ("related", [{"title": "A", "url": "javascript:alert(1)"}], "related.0.url"),
        ("related", [{"title": "A", "url": "https://user@example.org/"}], "related.0.url"),
        ("related", [{"title": "A", "url": "https://example.org/", "rel": "x"}], "related.0.rel"),
        ("colour", "red", "colour"),
    ],
)
async def test_invalid_field_is_named(cast: Cast, field: str, value: Any, named: str) -> None:
    body = {"slug": "never", "headline": "Never"} | {field: value}
    problem = said(await cast["editor"].post("/api/v1/blogs", json=body), 422, "invalid")
    assert [e["field"] for e in problem["errors"]] == [named]


async def test_edit_keeps_omitted_fields(cast: Cast) -> None:
    blog = await cast.blog(standfirst="Stays", byline="Ada")
    answer = await cast["editor"].patch(
        f"/api/v1/blogs/{blog['slug']}", json={"headline": "New"}, headers={"If-Match": '"1"'}
    )
    edited = answer.json()
    assert (edited["headline"], edited["standfirst"], edited["byline"]) == ("New", "Stays", "Ada")
    assert answer.headers["etag"].startswith('"2.')


async def test_stale_edit_gets_both_versions(cast: Cast) -> None:
    blog = await cast.blog()
    path = f"/api/v1/blogs/{blog['slug']}"
    await cast["editor"].patch(path, json={"headline": "Hers"}, headers={"If-Match": '"1"'})
    answer = await cast["admin"].patch(path, json={"headline": "His"}, headers={"If-Match": '"1"'})
    problem = said(answer, 412, "stale_revision")
    assert problem["current"]["headline"] == "Hers"
    assert problem["yours"] == {"headline": "His"}
    assert problem["based_on"] == "1"
    assert answer.headers["etag"] == '"2"'


async def test_edit_without_revision_is_refused(cast: Cast) -> None:
    blog = await cast.blog()
    path = f"/api/v1/blogs/{blog['slug']}"
    said(await cast["editor"].patch(path, json={"headline": "New"}), 428, "revision_required")
    for text in ("-1", '"1', 'W/"1"', '"1", "2"', '"-1"', '"99999999999999999999"', '"x"'):
        answer = await cast["editor"].patch(path, json={"headline": "New"}, headers={"If-Match": text})
        assert said(answer, 422, "invalid")["errors"][0]["field"] == "If-Match"


async def test_get_with_known_version_is_not_sent_again(cast: Cast) -> None:
    first = await cast["anonymous"].get(f"/api/v1/blogs/{BLOG}")
    again = await cast["anonymous"].get(
        f"/api/v1/blogs/{BLOG}", headers={"If-None-Match": f'"nothing", W/{first.headers["etag"]}'}
    )
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


async def test_drafts_are_listed_for_their_newsroom_only(cast: Cast) -> None:
    draft = await cast.blog()

    async def listed(who: str) -> set[str]:
        answer = await cast[who].get("/api/v1/blogs", params={"limit": 100})
        return {b["slug"] for b in answer.json()["blogs"]}

    assert draft["slug"] in await listed("owner")
    for who in ("anonymous", "outsider", "blog_editor"):
        assert draft["slug"] not in await listed(who)
        assert BLOG in await listed(who)


async def test_pages_of_blogs_hold_each_once(cast: Cast) -> None:
    for _ in range(5):
        await cast.blog()
    whole = (await cast["editor"].get("/api/v1/blogs", params={"limit": 100})).json()
    assert whole["next"] is None
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await cast["editor"].get("/api/v1/blogs", params=query)).json()
        found += [b["id"] for b in page["blogs"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == [b["id"] for b in whole["blogs"]]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1&limit=2", "before=%01", "before=abc", "status=open",
              "sort=up"]
)
async def test_unknown_query_is_refused(cast: Cast, query: str) -> None:
    said(await cast["editor"].get(f"/api/v1/blogs?{query}"), 422, "invalid")


async def test_bodies_that_are_not_json_are_rejected(cast: Cast) -> None:
    async def send(content: bytes, kind: str = "application/json") -> Any:
        return await cast["editor"].post("/api/v1/blogs", content=content, headers={"Content-Type": kind})

    for content in (b"", b"{", b"\xff\xfe", b'{"slug": NaN}', b"[" * 100_000, b"1" * 10_000):
        said(await send(content), 400, "bad_request")
    for content in (b"[]", b"null", b'"text"'):
        said(await send(content), 422, "invalid")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"):
        said(await send(b"{}", kind), 415, "unsupported_media")


async def test_405_lists_the_allowed_methods(cast: Cast) -> None:
    answer = await cast["editor"].put("/api/v1/blogs", json={})
    said(answer, 405, "method_not_allowed")
    assert {m.strip() for m in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST", "OPTIONS"}
    asked = await cast["anonymous"].options("/api/v1/blogs")
    assert asked.status_code == 204
    assert asked.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    head = await cast["anonymous"].head(f"/api/v1/blogs/{BLOG}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"]


async def test_newsroom_responses_are_not_cacheable(cast: Cast) -> None:
    inside = await cast["owner"].get(f"/api/v1/blogs/{BLOG}")
    outside = await cast["anonymous"].get(f"/api/v1/blogs/{BLOG}")
    assert inside.headers["cache-control"] == "private, no-store"
    assert outside.headers["cache-control"] == "no-cache"
    assert outside.headers["vary"] == "Authorization, Cookie"


async def test_position_is_the_head_of_the_feed(cast: Cast) -> None:
    slug = (await cast.blog(status="live"))["slug"]
    path = f"/api/v1/blogs/{slug}"
    before = await cast["anonymous"].get(path)
    entry = await cast.entry("editor", slug=slug)
    after = await cast["anonymous"].get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200, "the blog's revision is the same, and what is answered is not"
    assert after.json()["position"] == entry["position"]
    changes = await cast["anonymous"].get(f"/live/{slug}/changes", params={"after": after.json()["position"]})
    assert changes.json()["changes"] == []
    newsroom = (await cast["editor"].get(path)).json()["position"]
    seen = await cast["editor"].get(f"/live/{slug}/changes", params={"after": newsroom, "feed": "newsroom"})
    assert seen.json()["changes"] == []


async def test_either_etag_names_the_revision_to_edit(cast: Cast) -> None:
    path = f"/api/v1/blogs/{(await cast.blog())['slug']}"
    etag = (await cast["editor"].get(path)).headers["etag"]
    assert etag.startswith('"1.')
    edited = await cast["editor"].patch(path, json={"headline": "New"}, headers={"If-Match": etag})
    assert edited.status_code == 200
    assert edited.headers["etag"].startswith('"2.')
    late = await cast["editor"].patch(path, json={"headline": "x"}, headers={"If-Match": etag})
    said(late, 412, "stale_revision")
