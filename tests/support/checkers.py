"""Programs of other people that judge pages: axe, the Nu HTML checker, Lighthouse. Their versions are in
tests/checkers/package.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.browser import CHROMIUM, QUIET

FOLDER = Path(__file__).parent.parent / "checkers"
PROGRAMS = FOLDER / "node_modules"
SECONDS = 240
SLOWER = 4.0
"""Lighthouse's own, for a mid-range phone and a fast computer."""
IDLE_INDEX = 2600.0
"""`benchmarkIndex` of an idle 2.5 GHz core."""


def installed(name: str) -> Path:
    """The folder of one of them."""
    folder = PROGRAMS / name
    assert folder.is_dir(), f"{name} is not installed: run `make .make/checkers`"
    return folder


@lru_cache(maxsize=1)
def _axe() -> str:
    return (installed("axe-core") / "axe.min.js").read_text(encoding="utf-8")


async def axe(page: Page) -> list[str]:
    """What axe finds on a page as it is now: rule, and the elements that break it."""
    await page.evaluate(_axe())
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def nu(files: Sequence[Path]) -> list[str]:
    """Errors of the Nu HTML checker in pages and style sheets."""
    jar = installed("vnu-jar") / "build" / "dist" / "vnu.jar"
    done = subprocess.run(
        ["java", "-jar", jar, "--format", "json", "--also-check-css", "--exit-zero-always", *files],
        capture_output=True, text=True, timeout=SECONDS,
    )
    said = json.loads(done.stderr)["messages"]
    wrong = (message for message in said if message["type"] != "info")
    return [f"{Path(m.get('url', '')).name}:{m.get('lastLine')}: {m['message']}" for m in wrong]


def environment() -> dict[str, str]:
    """With Chromium, and with the Node that the virtual environment may have."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"CHROME_PATH": CHROMIUM, "PATH": path}


def slower_than_now(report: dict[str, Any]) -> float:
    """How many times slower a slow phone is than this machine was during the report: with other tests on it,
    less than when it is idle. Lighthouse measures its host for this (`benchmarkIndex`)."""
    return min(SLOWER, max(1.0, SLOWER * report["environment"]["benchmarkIndex"] / IDLE_INDEX))


def lighthouse(url: str, *, slower: float = SLOWER) -> dict[str, Any]:
    """The report of Lighthouse about a page on a phone whose processor is so much slower than this one."""
    flags = " ".join(["--headless", *QUIET])
    done = subprocess.run(
        ["node", installed("lighthouse") / "cli" / "index.js", url, "--quiet", "--output=json",
         "--no-enable-error-reporting", f"--throttling.cpuSlowdownMultiplier={slower:.2f}",
         f"--chrome-flags={flags}"],
        cwd=FOLDER, env=environment(), capture_output=True, text=True, timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
