"""The typefaces that tools/fonts.sh cuts: what they weigh, how they are served, and a page without them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from server.web.assets import Assets
from server.web.render import BUNDLES, PRELOADED, PRELOADED_RIGHT_TO_LEFT
from tests.support.app import running

STATIC = Path(__file__).parent.parent / "static"
LATIN_BYTES = 110_000
"""The most that a page in a Latin script downloads in typefaces."""
REGISTRY_URL = re.compile(r"https?://[^\"]*(?:registry|npm)[^\"]*")


@pytest.fixture(scope="module")
def assets() -> Assets:
    found = Assets(STATIC, bundles=BUNDLES)
    assert found.fonts(*PRELOADED), "no typefaces: run `make .make/fonts`"
    return found


def _sizes(assets: Assets) -> dict[str, int]:
    """Bytes of each typeface by the name of its cut, as the style sheet names it."""
    sheet = assets.get("reader.css")
    assert sheet is not None
    named = re.findall(r"url\(\"/static/(fonts/([\w-]+)\.\w+\.woff2)\"\)", sheet.body.decode())
    return {cut: len(found.body) for path, cut in named if (found := assets.get(path)) is not None}


def test_every_cut_is_in_the_style_sheet_and_the_latin_ones_keep_to_their_budget(assets: Assets) -> None:
    plan = json.loads((STATIC / "fonts" / "cuts.json").read_text(encoding="utf-8"))["cuts"]
    sizes = _sizes(assets)
    assert set(sizes) == {cut["name"] for cut in plan}
    assert sum(sizes[cut["name"]] for cut in plan if cut["script"] == "latin") <= LATIN_BYTES


def test_every_typeface_has_fallbacks_of_the_same_size(assets: Assets) -> None:
    sheet = (STATIC / "fonts" / "faces.css").read_text(encoding="utf-8")
    for family in ("Newsreader Display", "Newsreader", "Public Sans"):
        face = rf'font-family: "{family} \w+";[^}}]*size-adjust: ([\d.]+)%;[^}}]*ascent-override'
        fallbacks = re.findall(face, sheet)
        assert len(fallbacks) == 3, family
        assert all(75 < float(scale) < 125 for scale in fallbacks), family


@pytest.mark.parametrize("names", [PRELOADED, PRELOADED_RIGHT_TO_LEFT])
def test_what_is_preloaded_exists(assets: Assets, names: tuple[str, ...]) -> None:
    assert len(assets.fonts(*names)) == len(names)


def test_lock_files_name_no_registry() -> None:
    root = STATIC.parent
    locks = [p for p in root.rglob("package-lock.json") if not {"node_modules", ".venv"} & set(p.parts)]
    assert STATIC / "package-lock.json" in locks
    for lock in locks:
        assert "resolved" not in lock.read_text(encoding="utf-8"), lock
        assert not REGISTRY_URL.search(lock.read_text(encoding="utf-8")), lock


@pytest.mark.anyio
async def test_a_typeface_is_kept_for_ever_under_its_own_digest(assets: Assets, tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        page = (await server.anonymous.get("/")).text
        link = r'<link rel="preload" href="([^"]+)" as="font" type="font/woff2" crossorigin>'
        preloaded = re.findall(link, page)
        assert preloaded == assets.fonts(*PRELOADED)
        for url in preloaded:
            assert re.fullmatch(r"/static/fonts/[\w-]+\.[0-9a-f]{8}\.woff2", url)
            answer = await server.anonymous.get(url)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "font/woff2")
            assert "immutable" in answer.headers["cache-control"]
        assert (await server.anonymous.get("/static/fonts/newsreader-text.00000000.woff2")).status_code == 404


def test_without_typefaces_nothing_is_preloaded(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "tokens.css").write_text(":root {\n}\n")
    bare = Assets(tmp_path, bundles=BUNDLES)
    assert bare.fonts(*PRELOADED) == []
    sheet = bare.get("reader.css")
    assert sheet is not None
    assert b"@font-face" not in sheet.body
