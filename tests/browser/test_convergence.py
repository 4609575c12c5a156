"""Promise 2: a page that was opened at P and follows the changes is the page that is loaded now."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.app import Running
from tests.support.browser import until, visit

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

_slugs = (f"flood-{n}" for n in itertools.count())

NORMAL = """() => {
  const live = document.querySelector('.live').cloneNode(true);
  // room that is kept for a reader in mid-page until it is out of sight
  live.querySelectorAll('[data-part]').forEach((part) => part.removeAttribute('style'));
  // the line of what came since this browser was here last
  live.querySelectorAll('.mark--stop').forEach((line) => line.remove());
  live.querySelectorAll('time').forEach((t) => { t.textContent = ''; });
  live.querySelectorAll('*').forEach((e) => {
    const given = [...e.attributes].map((a) => [a.name, a.value]).sort(([a], [b]) => a < b ? -1 : 1);
    given.forEach(([name]) => e.removeAttribute(name));
    given.forEach(([name, value]) => e.setAttribute(name, value));
  });
  live.querySelectorAll('article').forEach((a) => {
    a.classList.remove('entry--new', 'entry--edited');
    ['hidden', 'tabindex'].forEach((name) => a.removeAttribute(name));
  });
  const parts = [...live.querySelectorAll('[data-part], [data-entries], [data-empty], .toolbar__title')];
  const lines = (node) => node.outerHTML.replace(/>\\s+/g, '>').replace(/\\s+</g, '<').replace(/></g, '>\\n<');
  return [document.title, live.dataset.status, live.dataset.position, ...parts.map(lines)].join('\\n');
}"""
"""Everything a page shows, without the words of times and without what only an arrival brings."""


@dataclass
class Story:
    """A blog that is written, and what has been written so far."""

    server: Running
    slug: str
    entries: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, **fields: Any) -> None:
        self.entries.append(await self.server.post(self.slug, **fields))

    async def edit(self, index: int, **fields: Any) -> None:
        await self.server.edit(self.entries[index], self.slug, **fields)

    async def retract(self, index: int) -> None:
        await self.server.retract(self.entries[index], self.slug)

    async def restore(self, index: int) -> None:
        path = f"/api/v1/blogs/{self.slug}/entries/{self.entries[index]['id']}/restore"
        answer = await self.server.http.post(path)
        assert answer.status_code == 200, answer.text

    async def furnish(self, **fields: Any) -> None:
        answer = await self.server.http.patch(
            f"/api/v1/blogs/{self.slug}", json=fields, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text

    async def publish_scheduled(self, index: int) -> None:
        await self.edit(index, status="published")


QUOTE = {"type": "quote", "html": "<p>We were lucky.</p>", "cite": "Mayor"}
LINK = {"type": "embed", "url": "https://example.org/tides", "title": "Tide tables", "provider": "Example"}

Step = Callable[[Story], Awaitable[None]]
STEPS: dict[str, Step] = {
    "post": lambda s: s.post(title="A bridge is closed", body="It is *closed*.", byline="Ines"),
    "post without a title": lambda s: s.post(body="Trains run again."),
    "edit the title": lambda s: s.edit(0, title="The quay is flooded"),
    "edit the body": lambda s: s.edit(1, body="Nobody is hurt."),
    "edit the blocks": lambda s: s.edit(1, blocks=[QUOTE, LINK]),
    "pin": lambda s: s.edit(0, pinned=True),
    "edit what is pinned": lambda s: s.edit(0, body="Still flooded."),
    "pin another": lambda s: s.edit(2, pinned=True),
    "unpin": lambda s: s.edit(0, pinned=False),
    "key": lambda s: s.edit(1, key=True),
    "key another": lambda s: s.edit(0, key=True),
    "unkey": lambda s: s.edit(1, key=False),
    "breaking": lambda s: s.edit(1, breaking=True),
    "retract": lambda s: s.retract(1),
    "retract a key event": lambda s: s.retract(0),
    "retract what is pinned": lambda s: s.retract(2),
    "restore": lambda s: s.restore(1),
    "restore a key event": lambda s: s.restore(0),
    "restore what was pinned": lambda s: s.restore(2),
    "schedule": lambda s: s.post(
        body="Later.", status="scheduled", publish_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat()
    ),
    "what was scheduled is published": lambda s: s.publish_scheduled(-1),
    "headline": lambda s: s.furnish(headline="Flood <recedes> & stays"),
    "standfirst": lambda s: s.furnish(standfirst="Water falls by a hand an hour."),
    "byline": lambda s: s.furnish(byline="Ines Faro"),
    "key developments": lambda s: s.furnish(key_developments=["Two bridges are closed", "Schools open"]),
    "related": lambda s: s.furnish(related=[{"title": "Why it rains", "url": "https://example.org/rain"}]),
    "nothing related": lambda s: s.furnish(related=[], key_developments=[], standfirst=""),
    "close": lambda s: s.furnish(status="closed"),
    "open again": lambda s: s.furnish(status="live"),
}


async def caught_up(page: Page, position: str) -> None:
    """Wait until the page stands at a position."""

    async def there() -> bool:
        return await page.get_attribute(".live", "data-position") == position

    await until(there, what=f"the page at {position}")


async def same(page: Page, fresh: Page, server: Running, address: str, step: str) -> None:
    await fresh.goto(address)
    position = await fresh.get_attribute(".live", "data-position")
    assert position is not None
    await caught_up(page, position)
    followed, loaded = await page.evaluate(NORMAL), await fresh.evaluate(NORMAL)
    difference = "\n".join(difflib.unified_diff(followed.split("\n"), loaded.split("\n"), lineterm="", n=1))
    assert not difference, f"after {step}:\n{difference}"


@pytest.mark.parametrize("transport", ["sse", "ws", "poll"])
async def test_a_page_that_follows_is_the_page_loaded_now(
    server: Running, browser: Browser, transport: str
) -> None:
    story = Story(server, next(_slugs))
    await server.blog(story.slug)
    address = f"{server.url}/live/{story.slug}"
    for number in range(3):
        await story.post(title=f"First reports {number}")
    async with visit(browser) as context, visit(browser) as another:
        page, fresh = await context.new_page(), await another.new_page()
        await page.goto(f"{address}?transport={transport}")
        await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live")
        if transport != "sse":
            # the other ways bring the same changes: once, all together
            for step in STEPS.values():
                await step(story)
            await same(page, fresh, server, address, "everything")
        else:
            for name, step in STEPS.items():
                await step(story)
                await same(page, fresh, server, address, name)


async def test_an_empty_page_that_fills(server: Running, browser: Browser) -> None:
    story = Story(server, next(_slugs))
    await server.blog(story.slug)
    address = f"{server.url}/live/{story.slug}"
    async with visit(browser) as context:
        page, fresh = await context.new_page(), await context.new_page()
        await page.goto(address)
        await story.post()
        await same(page, fresh, server, address, "the first post")


async def test_an_older_page_only_replaces_entries(server: Running, browser: Browser) -> None:
    story = Story(server, next(_slugs))
    await server.blog(story.slug)
    for number in range(41):
        await story.post(title=f"Report {number}")
    address = f"{server.url}/live/{story.slug}?before=21"
    async with visit(browser) as context, visit(browser) as another:
        page, fresh = await context.new_page(), await another.new_page()
        await page.goto(address)
        steps: dict[str, Step] = {
            "edit": lambda s: s.edit(3, title="Report 3, corrected"),
            "pin": lambda s: s.edit(3, pinned=True),
            "unpin": lambda s: s.edit(3, pinned=False),
            "retract": lambda s: s.retract(4),
            "edit elsewhere": lambda s: s.edit(30, title="Not here", key=True),
            "post": lambda s: s.post(title="Newest"),
        }
        for name, step in steps.items():
            await step(story)
            await same(page, fresh, server, address, name)
