"""A theme: what of it is on pages and where, its policy, and what keeps a server from starting."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from server.domain.errors import SettingsError
from server.settings import load
from server.web.security_headers import DIRECTIVES, policy
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "theme"
SOURCES = "script-src https://ads.example.com 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='; img-src https://*.px.example.com"


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    chosen: dict[str, Any] = {"theme": EXAMPLE, "slot_every": 3, "csp_sources": SOURCES}
    async with running(tmp_path_factory.mktemp("theme"), **chosen) as started:
        await started.blog()
        for n in range(8):
            await started.post(title=f"Entry {n + 1}", pinned=n == 4)
        yield started


def order(html: str) -> list[str]:
    """Numbers of the entries of a page, and where slots stand between them."""
    listed = html[html.index("data-entries") :]
    return [number or "slot" for number in re.findall(r'data-number="(\d+)"|data-slot="between"', listed)]


async def test_every_slot_and_the_logo_are_on_a_page(server: Running) -> None:
    page = (await server.anonymous.get("/live/storm")).text
    for slot in ("below-head", "rail", "foot"):
        assert page.count(f'data-slot="{slot}"') == 1
    assert 'alt="Harbour Courier"' in page and "theme/analytics.js" in page
    assert order(page) == ["5", "8", "7", "slot", "6", "4", "slot", "3", "2", "1"]
    oldest = (await server.anonymous.get("/live/storm?order=oldest")).text
    assert order(oldest) == ["5", "1", "2", "3", "slot", "4", "6", "slot", "7", "8"]


async def test_other_sites_and_lists_have_no_slots(server: Running) -> None:
    for path in ("/live/storm/embed", "/live/storm/component", "/live/storm?q=entry"):
        assert 'data-slot="between"' not in (await server.anonymous.get(path)).text, path
    for path in ("/live/storm/embed", "/live/storm/component", "/console"):
        page = await server.http.get(path, follow_redirects=True)
        assert "courier" not in page.text, path


async def test_files_of_the_theme_are_served(server: Running) -> None:
    page = (await server.anonymous.get("/live/storm")).text
    style, logo = re.findall(r'"(/static/[^"]+(?:reader\.css|logo\.svg))"', page)
    assert "courier-note" in (await server.anonymous.get(style)).text
    found = (await server.anonymous.get(logo)).headers
    assert found["content-type"].startswith("image/svg") and "immutable" in found["cache-control"]


async def test_the_policy_has_what_was_added_and_nothing_else(server: Running) -> None:
    found = (await server.anonymous.get("/live/storm")).headers["content-security-policy"]
    directives = {name: sources.split() for name, _, sources in (d.partition(" ") for d in found.split("; "))}
    assert directives.pop("frame-src")[0].startswith("https://")
    added = {
        "script-src": ["https://ads.example.com", "'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='"],
        "img-src": ["https://*.px.example.com"],
    }
    assert directives == {name: [*sources, *added.get(name, [])] for name, sources in DIRECTIVES.items()}
    for path in ("/console/login", "/api/v1/blogs"):
        assert "example.com" not in (await server.anonymous.get(path)).headers["content-security-policy"]
    missing = await server.anonymous.get("/live/nothing")
    assert missing.status_code == 404 and "ads.example.com" in missing.headers["content-security-policy"]


def test_without_a_theme_the_policy_is_as_it_was() -> None:
    assert policy({}) == policy()


@pytest.mark.parametrize(
    "value",
    [
        "script-src 'unsafe-inline'", "script-src 'unsafe-eval'", "script-src *", "script-src https:",
        "script-src data:", "script-src http://ads.example.com", "script-src https://*", "script-src https://*.com",
        "script-src https://ads.example.com, https://b.example.com", "script-src", "ads.example.com",
        "default-src https://ads.example.com", "frame-ancestors https://ads.example.com",
        "script-src https://a.example; script-src https://b.example", "script-src 'nonce-abc'",
        "script-src https://ads.example.com/?x", "script-src 'strict-dynamic'", "base-uri https://a.example",
    ],
)  # fmt: skip
def test_sources_that_open_the_page_are_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOPPRESS_CSP_SOURCES", value)
    with pytest.raises(SettingsError, match=r"^STOPPRESS_CSP_SOURCES: "):
        load()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "neither"),
        ({"templates/slots/middle.html": ""}, "takes the place of no template"),
        ({"templates/console/layout.html": ""}, "takes the place of no template"),
        ({"templates/slots/foot.html": "{% if %}"}, "foot.html, line 1"),
    ],
)
def test_a_theme_that_cannot_work_stops_the_start(
    files: dict[str, str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in files.items():
        (tmp_path / "theme" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "theme" / name).write_text(text)
    (tmp_path / "theme").mkdir(exist_ok=True)
    monkeypatch.setenv("STOPPRESS_THEME", str(tmp_path / "theme"))
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "STOPPRESS_THEME: " in said and reason in said
