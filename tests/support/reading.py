"""A blog to read in a browser, and what of it the page shows."""

from __future__ import annotations

import itertools
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.support.app import Running
from tests.support.browser import until

_numbers = itertools.count()

SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      const what = sources.map(({ node }) => node?.outerHTML?.slice(0, 100) ?? node?.data);
      if (!hadRecentInput) window.shifts.push([value, what]);
    }
  }).observe({ type: 'layout-shift', buffered: true });
"""
"""Init script: the layout shifts of the page and what moved, in `shifts`."""

SHOWN = "[data-entries] > article:not([hidden])"


async def storm(server: Running, posts: int = 3, **fields: Any) -> tuple[str, list[dict[str, Any]]]:
    """A blog with some updates: its slug, and the entries in the order of publication."""
    slug = f"storm-{next(_numbers)}"
    await server.blog(slug, **fields)
    long = "\n\n".join(["The harbour wall is under water and the promenade is closed to everybody."] * 3)
    return slug, [await server.post(slug, title=f"Report {n}", body=long) for n in range(1, posts + 1)]


async def opened(context: BrowserContext, server: Running, slug: str, query: str = "") -> Page:
    """The page, once its line is open."""
    page = await context.new_page()
    await page.goto(f"{server.url}/live/{slug}{query}")
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=10_000)
    return page


async def measured(context: BrowserContext, server: Running, slug: str) -> Page:
    """The same, which records its layout shifts. It has been opened before, so that the typefaces are there:
    on a machine without the fonts that their stand-ins are fitted to, the swap moves a word."""
    await (await opened(context, server, slug)).close()
    await context.add_init_script(SHIFTS)
    return await opened(context, server, slug)


async def titles(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        SHOWN, "all => all.map(a => a.querySelector('h3')?.textContent ?? 'gone')"
    )
    return found


async def shows(page: Page, *wanted: str) -> None:
    async def same() -> bool:
        return await titles(page) == list(wanted)

    await until(same, what=f"{wanted}")
