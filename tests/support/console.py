"""People who work in the console with a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, BrowserContext, Locator, Page

from server.domain.permissions import SYSTEM, Role
from server.newsroom import people
from tests.support.app import Running
from tests.support.browser import until, visit

PLAIN = "if (location.protocol === 'http:') localStorage.setItem('stoppress:plain', 'true')"
PASSWORD = "a long enough password"
CAST: dict[str, Role] = {"ada": "admin", "eddy": "editor", "rosa": "editor", "connie": "contributor"}


_cookies: dict[tuple[str, str], Any] = {}
"""The session of each person on each server: logging in often is throttled."""


async def hire(server: Running) -> None:
    """Make everybody of the cast."""
    for name, role in CAST.items():
        await people.create_user(server.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role=role)


@contextlib.asynccontextmanager
async def at_work(
    browser: Browser, server: Running, name: str, *, own_session: bool = False, plain: bool = True,
    **options: Any,
) -> AsyncIterator[BrowserContext]:
    """A browser of its own in which this person is logged in; who logs out in it asks for an `own_session`.
    `plain`: the person chose the plain form, whose fields tests fill in by their ids."""
    async with visit(browser, base_url=server.url, **options) as context:
        if plain:
            await context.add_init_script(PLAIN)
        found = None if own_session else _cookies.get((server.url, name))
        if found:
            await context.add_cookies(found)
        else:
            page = await context.new_page()
            await log_in(page, name)
            await page.close()
            if not own_session:
                _cookies[server.url, name] = await context.cookies()
        yield context


async def log_in(page: Page, name: str) -> None:
    await page.goto("/console/login")
    await page.fill("#username", name)
    await page.fill("#password", PASSWORD)
    await page.click("button.do")
    await page.wait_for_url("**/console")


async def opened(context: BrowserContext, slug: str, path: str = "") -> Page:
    """A new tab with the blog's page, its scripts at work."""
    page = await context.new_page()
    await page.goto(f"/console/blogs/{slug}{path}")
    return page


async def at_desk(context: BrowserContext, slug: str, path: str = "") -> Page:
    """The blog's page with the cursor in the editor. `loads` of the page counts what loads after that."""
    page = await context.new_page()
    await page.goto(f"/console/blogs/{slug}{path}")
    await page.locator("#words:focus").wait_for()
    await page.evaluate("window.sameLoad = true")
    return page


async def said(page: Page, words: str) -> None:
    """Wait until the page says so."""
    await page.locator("#said", has_text=words).wait_for()


async def writes(page: Page, words: str) -> None:
    """Type where the cursor is, and wait until it is kept."""
    await page.keyboard.type(words)
    kept = "(w) => Object.entries(localStorage).some(([k, v]) => k.includes(':draft:') && v.includes(w))"
    await page.wait_for_function(kept, arg=words)


async def row(page: Page, words: str) -> Locator:
    found = page.locator("#entries [data-rows] .row", has_text=words)
    await until(lambda: _one(found), what=f"one row with {words!r}")
    return found


async def menu_of(page: Page, words: str) -> Locator:
    """The row with its menu open."""
    return await with_menu(await row(page, words))


async def with_menu(found: Locator) -> Locator:
    """The same row with its menu open."""
    closed = found.locator("details.menu:not([open]) > summary")
    if await closed.count():
        await closed.click()
    return found


async def _one(found: Locator) -> bool:
    return await found.count() == 1


async def keys(page: Page) -> list[str]:
    """The drafts that this browser keeps."""
    found: list[str] = await page.evaluate(
        "Object.keys(localStorage).filter((k) => k.startsWith('stoppress:draft:'))"
    )
    return found


async def drafts_kept(page: Page, count: int) -> None:
    async def kept() -> bool:
        return len(await keys(page)) == count

    await until(kept, what=f"{count} drafts")


async def entries(server: Running, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await server.http.get(f"/api/v1/blogs/{slug}/entries")).json()["entries"]
    return found


def ahead(zone: str = "UTC", **amount: float) -> str:
    """A time to come as `<input type=datetime-local>` takes it."""
    return (datetime.now(ZoneInfo(zone)) + timedelta(**amount)).strftime("%Y-%m-%dT%H:%M")
