"""Who sees a picture, and who can publish it: those who see what shows it."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from PIL import Image

from tests.web.api.conftest import BLOG, ELSEWHERE, Cast, made

pytestmark = pytest.mark.anyio

MEMBERS = ["owner", "teammate", "blog_contributor", "outsider", "blog_editor", "editor", "blog_admin", "admin"]


COUNT = itertools.count(1)


async def picture(cast: Cast, who: str) -> dict[str, Any]:
    """One of its own for each test: the same file is one picture."""
    out = io.BytesIO()
    Image.new("RGB", (30, 20), (200, 0, next(COUNT))).save(out, "PNG")
    files = {"file": ("a.png", out.getvalue(), "image/png")}
    return made(await cast[who].post("/api/v1/media", files=files, data={"alt": "Red"}))


def shown(picture: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "image", "media_id": picture["id"], "alt": "Red"}]


async def seen_by(cast: Cast, item: dict[str, Any]) -> set[str]:
    """Who sees it: at its address, in the API and in the list, which must agree."""
    found = set()
    for who in MEMBERS:
        paths = (item["url"], "/api/v1/media/" + item["id"])
        answers = [(await cast[who].get(path)).status_code for path in paths]
        listed = (await cast[who].get("/api/v1/media?limit=100")).json()["media"]
        agreed = {200 if item["id"] in [m["id"] for m in listed] else 404, *answers}
        assert len(agreed) == 1, (who, agreed)
        if agreed == {200}:
            found.add(who)
    return found


async def usable_by(cast: Cast, item: dict[str, Any]) -> set[str]:
    """Who can put it into an entry of a blog of theirs."""
    found = set()
    for who in MEMBERS:
        slug = ELSEWHERE if who == "outsider" else BLOG
        body = {"title": "Red", "status": "draft", "blocks": shown(item)}
        answer = await cast[who].post(f"/api/v1/blogs/{slug}/entries", json=body)
        if answer.status_code == 201:
            found.add(who)
            await cast["admin"].delete(f"/api/v1/blogs/{slug}/entries/{answer.json()['id']}")
        else:
            assert answer.status_code == 422, answer.text
            assert "picture not found" in answer.text
    return found


async def test_an_unused_picture_is_not_for_other_blogs(cast: Cast) -> None:
    item = await picture(cast, "blog_contributor")
    expected = {"blog_contributor", "owner", "teammate", "editor", "admin"}
    assert await seen_by(cast, item) == expected
    assert await usable_by(cast, item) == expected


async def test_a_picture_of_a_draft_is_not_for_editors_of_other_blogs(cast: Cast) -> None:
    item = await picture(cast, "blog_contributor")
    await cast.entry("blog_contributor", status="draft", blocks=shown(item), body="")
    expected = {"blog_contributor", "blog_editor", "blog_admin", "editor", "admin"}
    assert await seen_by(cast, item) == expected
    assert await usable_by(cast, item) == expected
    assert (await cast["anonymous"].get(item["url"])).status_code == 404


async def test_a_published_picture_is_for_everybody(cast: Cast) -> None:
    item = await picture(cast, "editor")
    await cast.entry("editor", blocks=shown(item), body="")
    assert await seen_by(cast, item) == set(MEMBERS)
    assert await usable_by(cast, item) == set(MEMBERS)
    assert (await cast["anonymous"].get(item["url"])).status_code == 200


async def test_a_picture_in_a_draft_blog_is_for_its_newsroom(cast: Cast) -> None:
    blog = await cast.blog(status="draft")
    item = await picture(cast, "editor")
    await cast.entry("editor", slug=blog["slug"], blocks=shown(item), body="")
    assert await seen_by(cast, item) == {"owner", "teammate", "editor", "admin"}
