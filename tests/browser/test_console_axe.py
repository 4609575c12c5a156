"""Every view of the console before axe, at a desk and on a phone, in the dark and in Arabic, with its dialogs
and menus open and its errors shown; on a phone of 360 px everything fits and is large enough for a thumb."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.console import route_table
from tests.support.app import Running
from tests.support.browser import visit
from tests.support.checkers import axe
from tests.support.console import at_work, hire

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SLUG = "in-every-view"
NO_PAGES = {"/console/blogs/{slug}/list"}
"""What scripts ask for."""
STATES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "color_scheme": "dark",
        "locale": "ar",
        "has_touch": True,
        "is_mobile": True,
    },
}
TOO_SMALL = """() => {
  const inline = (one) => getComputedStyle(one).display === "inline" && one.closest("p, li, dd, legend");
  const all = document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea");
  return [...all].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !inline(one))
    .map((one) => one.closest("label") ?? one)
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1)
    .filter(({ one }) => !one.matches(".visually-hidden, .skip"))
    .filter(({ box }) => Math.min(box.width, box.height) < 24)
    .map(({ one, box }) => `${one.outerHTML.slice(0, 120)} ${box.width}×${box.height}`);
}"""
"""Targets below 24 px (WCAG 2.2, 2.5.8); links within text are exempt."""


@pytest.fixture(scope="module", autouse=True)
async def ids(server: Running, jpeg: bytes) -> AsyncIterator[dict[str, str]]:
    """A blog with an entry of each status, a picture, a byline, a token and people."""
    await hire(server)
    await server.blog(SLUG, topics=["Weather"], key_developments=["The bridge is closed"])
    made = await server.http.post("/api/v1/media", files={"file": ("a.jpg", jpeg)}, data={"alt": "A bridge"})
    picture = {"type": "image", "media_id": made.json()["id"], "alt": "A bridge", "caption": "The bridge"}
    entries = f"/api/v1/blogs/{SLUG}/entries"
    entry = (await server.http.post(entries, json={"title": "Bridge closed", "blocks": [picture]})).json()
    for status in ("draft", "pending"):
        await server.http.post(entries, json={"title": f"A {status}", "body": "Rain", "status": status})
    later = {"title": "Later", "body": "Rain", "status": "scheduled", "publish_at": "2027-01-01T10:00:00Z"}
    await server.http.post(entries, json=later)
    byline = (await server.http.post("/api/v1/bylines", json={"name": "Ada Torr"})).json()
    token, _ = await people.create_token(server.desk, SYSTEM, name="wire", role="editor")
    users = (await server.http.get("/api/v1/users")).json()
    person = next(u["id"] for u in users.get("items", users.get("users", [])) if u["username"] == "rosa")
    yield {
        "entries": entry["id"],
        "bylines": byline["id"],
        "tokens": token.id,
        "users": person,
        "pictures": made.json()["id"],
        "media": made.json()["id"],
        "templates": "none",
    }


def pages(ids: dict[str, str]) -> list[str]:
    """The address of every page that the console has."""
    found = []
    for route in route_table.routes():
        if "GET" not in (route.methods or ()) or route.path in NO_PAGES:
            continue
        kind = next((k for k in ids if f"/{k}/" in route.path), "entries")
        found.append(route.path.replace("{slug}", SLUG).replace("{id}", ids[kind]))
    return found


@pytest.mark.parametrize("state", list(STATES))
async def test_axe_finds_nothing_in_any_view(
    server: Running, browser: Browser, ids: dict[str, str], state: str
) -> None:
    found: list[str] = []
    async with at_work(browser, server, "ada", plain=False, **STATES[state]) as context:
        page = await context.new_page()
        for path in pages(ids):
            answer = await page.goto(path)
            if answer is None or answer.status != 200 or "html" not in answer.headers["content-type"]:
                continue
            found += [f"{path}: {each}" for each in await axe(page)]
            if state == "phone":
                found += [f"{path}: {each}" for each in await page.evaluate(TOO_SMALL)]
                if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{path} is wider than the phone")
    assert found == []


@pytest.mark.parametrize("state", list(STATES))
async def test_axe_finds_nothing_in_what_opens(server: Running, browser: Browser, state: str) -> None:
    found: list[str] = []

    async def judged(page: Page, name: str) -> None:
        found.extend(f"{name}: {each}" for each in await axe(page))

    async with at_work(browser, server, "eddy", plain=False, **STATES[state]) as context:
        page = await context.new_page()
        await page.goto(f"/console/blogs/{SLUG}")
        words = page.locator("#words")
        await words.wait_for()
        await page.locator(".desk__language > summary").click()
        await judged(page, "languages")
        await page.keyboard.press("Escape")
        if state == "phone":
            await page.locator("[data-tab=lists]").click()
        await page.locator("#entries .row details.menu > summary").first.click()
        await judged(page, "the menu of a row")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await page.locator("dialog[open]").wait_for()
        await judged(page, "keys")
        await page.keyboard.press("Escape")
        await page.locator("dialog").wait_for(state="detached")
        if state == "phone":
            await page.locator("[data-tab=write]").click()
        await words.click()
        await words.press_sequentially("/")
        await page.locator(".slash").wait_for()
        await judged(page, "what can be inserted")
        await page.keyboard.press("Escape")
        await words.press_sequentially("x")
        await page.evaluate("document.querySelectorAll('details.more').forEach(each => { each.open = true })")
        await judged(page, "the editor with all its fields")
    assert found == []


async def test_axe_finds_nothing_in_what_is_empty_and_what_failed(server: Running, browser: Browser) -> None:
    found: list[str] = []
    await server.blog("empty-view")
    async with at_work(
        browser, server, "eddy", plain=True, viewport={"width": 768, "height": 900}
    ) as context:
        page = await context.new_page()
        for path, name in (
            (f"/console/blogs/{'empty-view'}", "an empty blog"),
            ("/console/blogs/nothing", "not there"),
        ):
            await page.goto(path)
            found += [f"{name}: {each}" for each in await axe(page)]
        await page.goto("/console/blogs/empty-view")
        await page.evaluate("document.querySelector('form.compose').noValidate = true")
        await page.fill("#title", "x" * 400)
        await page.locator("#compose button[data-primary]").click()
        await page.locator(".wrong").wait_for()
        found += [f"a mistake: {each}" for each in await axe(page)]
    async with visit(browser, base_url=server.url) as context:
        page = await context.new_page()
        await page.goto("/console/login")
        await page.fill("#username", "eddy")
        await page.fill("#password", "not the password")
        await page.click("button.do")
        await page.locator(".wrong").wait_for()
        found += [f"a wrong password: {each}" for each in await axe(page)]
    assert found == []
