"""From an editor's shortcut to a reader's screen, in two real browsers: `python -m bench.shortcut [--posts N]`.

An editor's page and a reader's page of one blog are open in Chromium. The editor types a line and presses Ctrl+Enter;
the clock runs from that key until the frame that shows the entry to the reader. The way is divided: the page's own
work until the request, the request until its answer begins, the entry's way to the reader's page meanwhile, and the
reader's frame. A timed test would fail on a busy machine; this is run by hand and its result kept.

Needs the packages of the tests (`make .make/dev`) and Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from bench import report
from bench.servers import StopPressSse

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "a long enough password"
POSTS = 40
PAUSE_SECONDS = 0.5
PARTS = {
    "key_to_request": "key → request sent", "request_to_answer": "request → answer",
    "request_to_page": "request → in the reader’s page", "page_to_frame": "in the page → on the screen",
    "total": "key → on the reader’s screen",
}
EDITOR = """() => {
  const now = () => performance.timeOrigin + performance.now();
  addEventListener("keydown", (event) => { if (event.key === "Enter" && event.ctrlKey) window.pressed = now(); }, true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (/\\/api\\/v1\\/blogs\\/[^/]+\\/entries$/.test(one.name)) {
      window.sent = performance.timeOrigin + one.startTime;
      window.answered = performance.timeOrigin + one.responseStart;
    }
  }).observe({ type: "resource" });
}"""
READER = """() => {
  const now = () => performance.timeOrigin + performance.now();
  window.seen = {};
  new MutationObserver(() => {
    for (const article of document.querySelectorAll("article:not([data-measured])")) {
      const mark = /@@\\d+@@/.exec(article.textContent)?.[0];
      if (!mark || article.hidden) continue;
      article.dataset.measured = "";
      const inserted = now();
      // the frame that is drawn next has it; the one after it begins once that is on the screen
      requestAnimationFrame(() => requestAnimationFrame(() => { window.seen[mark] = [inserted, now()]; }));
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
}"""


async def _editor(browser: Browser, url: str) -> Page:
    page = await (await browser.new_context(base_url=url)).new_page()
    await page.goto("/console/login")
    await page.fill("#username", "bench")
    await page.fill("#password", PASSWORD)
    await page.click("button.do")
    await page.wait_for_url("**/console")
    await page.goto("/console/blogs/bench")
    await page.locator("#words:focus").wait_for()
    await page.evaluate(EDITOR)
    return page


async def _one(editor: Page, reader: Page, number: int) -> dict[str, float]:
    mark = f"@@{number}@@"
    await editor.keyboard.insert_text(f"The convoy left the harbour at noon {mark}")
    await asyncio.sleep(PAUSE_SECONDS)  # its draft is kept by then
    await editor.keyboard.press("Control+Enter")
    await reader.wait_for_function("(mark) => mark in window.seen", arg=mark)
    await editor.locator("#said", has_text=mark).wait_for()
    inserted, shown = await reader.evaluate("(mark) => window.seen[mark]", mark)
    pressed, sent, answered = await editor.evaluate("[window.pressed, window.sent, window.answered]")
    return {
        "key_to_request": sent - pressed, "request_to_answer": answered - sent, "request_to_page": inserted - sent,
        "page_to_frame": shown - inserted, "total": shown - pressed,
    }


async def run(posts: int) -> list[dict[str, float]]:
    """Milliseconds of each part, for each post."""
    server = StopPressSse()
    try:
        server.start()
        made = server.http.post("/api/v1/users", json={"username": "bench", "name": "Bench", "password": PASSWORD, "role": "editor"})
        made.raise_for_status()
        async with async_playwright() as playwright:
            browsers = [
                await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                for _ in range(2)
            ]
            url = str(server.http.base_url)
            editor = await _editor(browsers[0], url)
            reader = await browsers[1].new_page(base_url=url)
            await reader.goto("/live/bench")
            await reader.evaluate(READER)
            await _one(editor, reader, 0)  # the first has everything to load
            found = [await _one(editor, reader, number) for number in range(1, posts + 1)]
            for browser in browsers:
                await browser.close()
            return found
    finally:
        server.stop()


def figures(found: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and worst of each part."""
    def of(values: list[float]) -> dict[str, float]:
        return {
            "p50": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1], "worst": max(values)
        }

    return {part: of([one[part] for one in found]) for part in PARTS}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.shortcut", description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    made: dict[str, Any] = figures(asyncio.run(run(chosen.posts)))
    lines = [
        "# From an editor’s shortcut to a reader’s screen", "",
        f"`python -m bench.shortcut {' '.join(sys.argv[1:])}`: {chosen.posts} posts on {report.machine()};"
        f" server and both browsers on the same machine, load average "
        f"{load:.1f} before. Milliseconds.", "",
        "| part | p50 | p95 | worst |", "| --- | ---: | ---: | ---: |",
        *(f"| {PARTS[part]} | " + " | ".join(f"{value:.0f}" for value in row.values()) + " |" for part, row in made.items()),
    ]
    report.keep(chosen.out, "shortcut", made, lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
