"""Programs of other people that judge pages: axe, the Nu HTML checker, Lighthouse. Their versions are in
tests/checkers/package.json."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.browser import CHROMIUM, QUIET

FOLDER = Path(__file__).parent.parent / "checkers"
PROGRAMS = FOLDER / "node_modules"
SECONDS = 240


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


def lighthouse(url: str) -> dict[str, Any]:
    """The report of Lighthouse about a page on a slow phone."""
    flags = " ".join(["--headless", *QUIET])
    done = subprocess.run(
        ["node", installed("lighthouse") / "cli" / "index.js", url, "--quiet", "--output=json",
         "--no-enable-error-reporting", f"--chrome-flags={flags}"],
        cwd=FOLDER, env=os.environ | {"CHROME_PATH": CHROMIUM}, capture_output=True, text=True, timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
