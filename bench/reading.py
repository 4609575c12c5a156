"""What a reader's page costs while updates arrive and while it is scrolled: `python -m bench.reading`.

Chromium opens a blog twice in one run, side by side: as it comes (the newest page), and with every entry loaded by
"Load more updates", and both once more with the processor slowed down as Lighthouse does for a phone. Each task of the
page's main thread is taken from Chromium's own trace: wall time, which other programs on the machine make longer, and
processor time, which they do not. Layouts and restyled elements are counted by the same trace. Needs Playwright and
Chromium, which `make test` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench import report
from bench.servers import StopPressSse

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
SLOWDOWN = 4
"""Lighthouse's for a phone of the middle price range."""
LONG_MS = 50
"""A longer task is a long one (W3C Long Tasks)."""
TRACED = ["toplevel", "devtools.timeline", "__metadata"]
OBSERVED = """
  window.observed = { longtask: [], "long-animation-frame": [], "layout-shift": [] };
  for (const type of Object.keys(observed)) {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) continue;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) observed[type].push(type === "layout-shift" ? each.value : each.duration);
    }).observe({ type });
  }
"""
PARAGRAPH = "The harbour wall is under water and the promenade is closed to everybody, the police say. "


def entry(number: int) -> dict[str, Any]:
    """Of the usual kinds: text, some with a quotation, a table or a video, some key events."""
    blocks: list[dict[str, Any]] = [{"type": "text", "html": f"<p>{PARAGRAPH * 2}</p><p>{PARAGRAPH}</p>"}]
    if number % 7 == 0:
        blocks.append({"type": "quote", "html": f"<p>{PARAGRAPH}</p>", "cite": "A keeper"})
    if number % 11 == 0:
        row = "<tr><td>Port Ness</td><td>9</td></tr>"
        blocks.append({"type": "text", "html": f"<table><tbody>{row * 6}</tbody></table>"})
    if number % 13 == 0:
        blocks.append({"type": "video", "url": "https://video.example.org/storm.mp4", "title": "The wall"})
    return {"title": f"Report {number} from the coast", "blocks": blocks, "key": number % 40 == 0, "byline": "Ines Faro"}


@dataclass
class Reader:
    """One open page, and the posts that it gets."""

    page: Page
    server: StopPressSse
    browser: Browser
    posted: int

    def post(self) -> None:
        self.posted += 1
        self.server.http.post("/api/v1/blogs/bench/entries", json=entry(self.posted)).raise_for_status()

    def has_all(self) -> None:
        """Wait until the page is where the server is. A selector would have to look through the whole page, again and again."""
        wanted = self.server.http.get("/live/bench/changes").json()["position"]
        deadline = time.monotonic() + 120
        while self.page.evaluate("document.querySelector('.live').dataset.position") != wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the page is not at {wanted}")
            time.sleep(0.02)
        self.settled()

    def settled(self) -> None:
        self.page.evaluate("new Promise(done => requestIdleCallback(() => requestAnimationFrame(() => setTimeout(done))))")

    def scroll_to(self, part: float) -> None:
        self.page.evaluate(f"scrollTo({{ top: document.documentElement.scrollHeight * {part}, behavior: 'instant' }})")
        self.settled()


def one_by_one(reader: Reader, count: int) -> None:
    for _ in range(count):
        reader.post()
        reader.has_all()


def in_a_burst(reader: Reader, count: int) -> None:
    reader.page.context.set_offline(True)
    reader.page.locator("[data-connection][data-state=reconnecting]").wait_for(timeout=90_000)
    for _ in range(count):
        reader.post()
    reader.page.context.set_offline(False)
    reader.has_all()


def scrolling(reader: Reader, count: int) -> None:
    """The wheel, a step of two thirds of a screen at a time, while an update arrives with every other step."""
    for step in range(count):
        reader.page.mouse.wheel(0, 560 if step < count * 0.7 else -560)
        if step % 2:
            reader.post()
        reader.page.evaluate("new Promise(requestAnimationFrame)")
    reader.has_all()


SCENES: dict[str, tuple[float, Callable[[Reader, int], None]]] = {
    "one by one, at the top": (0, one_by_one),
    "one by one, in the middle": (0.5, one_by_one),
    "in a burst after an outage, in the middle": (0.5, in_a_burst),
    "while it is scrolled": (0.3, scrolling),
}
"""Where the reader is, as a part of the page, and how the updates come."""


def traced(reader: Reader, scene: Callable[[Reader, int], None], updates: int) -> dict[str, float]:
    reader.page.evaluate(OBSERVED)
    reader.browser.start_tracing(page=reader.page, categories=TRACED)
    scene(reader, updates)
    events = json.loads(reader.browser.stop_tracing())["traceEvents"]
    observed = reader.page.evaluate("observed")
    main, _ = Counter(
        (e["pid"], e["tid"]) for e in events if e["name"] == "UpdateLayoutTree" and e["ph"] == "X"
    ).most_common(1)[0]
    own = [e for e in events if e["ph"] == "X" and (e["pid"], e["tid"]) == main]
    tasks = [e for e in own if e["name"].endswith("RunTask") and e["dur"] > 0]
    cpu = [e.get("tdur", 0) / 1e3 for e in tasks]
    return {
        "longest_cpu_ms": max(cpu), "cpu_ms_per_update": sum(cpu) / updates, "longest_ms": max(e["dur"] for e in tasks) / 1e3,
        "tasks_over_50_ms_cpu": sum(ms > LONG_MS for ms in cpu), "longtasks": len(observed["longtask"]),
        "longest_frame_ms": max(observed["long-animation-frame"], default=0.0), "layout_shift": sum(observed["layout-shift"]),
        "layouts_per_update": sum(e["name"] == "Layout" for e in own) / updates,
        "restyled_per_update": sum(e["args"].get("elementCount", 0) for e in own if e["name"] == "UpdateLayoutTree") / updates,
    }


def slowed(page: Page, rate: int) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return session


def loaded(page: Page, entries: int) -> None:
    """Click "Load more updates" until so many are there."""
    while page.locator("[data-entries] > article").count() < entries:
        before = page.locator("[data-entries] > article").count()
        page.evaluate("document.querySelector('[data-more]').click()")
        page.locator(f"[data-entries] > article:nth-of-type({before + 1})").wait_for(state="attached", timeout=60_000)


def run(entries: int, updates: int, say: Callable[[str], None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    server = StopPressSse()
    try:
        server.start()
        posted = 1
        for number in range(2, entries + 1):
            server.http.post("/api/v1/blogs/bench/entries", json=entry(number)).raise_for_status()
            posted = number
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            for rate in (1, SLOWDOWN):
                for size in (0, entries):
                    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
                    page = context.new_page()
                    page.goto(f"{server.http.base_url}/live/bench")
                    page.wait_for_selector('[data-connection][data-state="live"]')
                    loaded(page, size)
                    slowed(page, rate)
                    reader = Reader(page, server, browser, posted)
                    for name, (part, scene) in SCENES.items():
                        reader.scroll_to(part)
                        shown = page.locator("[data-entries] > article").count()
                        row = {"entries": shown, "slowdown": rate, "updates": name, **traced(reader, scene, updates)}
                        found[f"{shown} entries, {name}, {rate}×"] = row
                        say(f"{row}")
                    posted = reader.posted
                    context.close()
            browser.close()
    finally:
        server.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    found = run(chosen.entries, chosen.updates, lambda line: print(line, file=sys.stderr))
    figures = [name for name, value in next(iter(found.values())).items() if isinstance(value, float | int) and name not in ("entries", "slowdown")]
    lines = [
        f"# What a reader's page costs while {chosen.updates} updates arrive", "",
        f"`python -m bench.reading {' '.join(sys.argv[1:])}` on {os.cpu_count()} cores, Chromium without a graphics processor, "
        f"390 × 844, {platform.system()}; load average {os.getloadavg()[0]:.1f} in the end. Tasks of the page's main thread from "
        "Chromium's trace; `cpu` is processor time, which other programs do not make longer, the rest is wall time. `longtasks` and "
        "`longest_frame_ms` are what the page's own PerformanceObserver saw.", "",
        "| entries on the page | slowdown | updates arrive | " + " | ".join(figures) + " |", "| ---: | ---: | --- |" + " ---: |" * len(figures),
        *(f"| {row['entries']} | {row['slowdown']}× | {row['updates']} | " + " | ".join(f"{row[f]:.4g}" for f in figures) + " |"
          for row in found.values()),
    ]
    report.keep(chosen.out, "reading", found, lines)


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
