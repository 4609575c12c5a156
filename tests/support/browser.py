"""Chromium for tests: one for all tests of a process, and a fresh context for each visit."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
OWN_CONNECTION = "delete window.SharedWorker"
"""Init script of a page whose requests a test wants to intercept: those of a SharedWorker belong to no page."""
WIDE = {"width": 1100, "height": 700}


@contextlib.asynccontextmanager
async def chromium(*, back_forward_cache: bool = False) -> AsyncIterator[Browser]:
    """`back_forward_cache`: pages that are left are kept alive, as for people. Playwright does without, because
    it waits for a `load` that such a page does not have: go back with `history.back()`."""
    without = ["--disable-back-forward-cache"] if back_forward_cache else None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=QUIET, ignore_default_args=without
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def visit(browser: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    """A fresh context. Fails in the end if a script threw or something broke the policy of the page."""
    context = await browser.new_context(**({"viewport": WIDE} | options))
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(message.text)

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", said)

    context.on("page", watch)
    try:
        yield context
    finally:
        await context.close()
    assert not wrong, wrong


async def open_details(page: Page) -> None:
    """Show what is folded."""
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


async def until(
    condition: Callable[[], Awaitable[Any]], *, within: float = 10.0, what: str = ""
) -> None:
    """Wait for a condition; fails when it takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        await asyncio.sleep(0.03)
