"""Bundles take the place of the scripts that they were made of, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.web.assets import MADE_OF, Assets, made_of


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    folder = tmp_path / "reader"
    (folder / "dist").mkdir(parents=True)
    (folder / "main.js").write_text('import "./words.js";')
    (folder / "words.js").write_text("words()")
    (folder / "dist" / "main.js").write_text("words()")
    (folder / "dist" / "chunk-A.js").write_text("")
    (folder / "dist" / MADE_OF).write_text(made_of(folder) + "\n")
    return folder


def _body(folder: Path, name: str) -> bytes | None:
    found = Assets(folder.parent).get(name)
    return found.body if found else None


def test_a_bundle_takes_the_place_of_its_source(reader: Path) -> None:
    assert _body(reader, "reader/main.js") == b"words()"
    assert _body(reader, "reader/chunk-A.js") == b""
    assert _body(reader, "reader/words.js") == b"words()"
    assert _body(reader, f"reader/{MADE_OF}") is None
    assert _body(reader, "reader/dist/main.js") is None


@pytest.mark.parametrize("name", ["words.js", "new.js"])
def test_a_source_that_was_changed_since_is_served(reader: Path, name: str) -> None:
    before = Assets(reader.parent).digest
    (reader / name).write_text("changed()")
    assert _body(reader, "reader/main.js") == b'import "./words.js";'
    assert _body(reader, "reader/chunk-A.js") is None
    assert Assets(reader.parent).digest != before


def test_a_source_in_a_folder_of_its_own_counts(reader: Path) -> None:
    (reader / "part").mkdir()
    (reader / "part" / "more.js").write_text("")
    assert _body(reader, "reader/main.js") == b'import "./words.js";'


def test_without_a_note_of_what_they_were_made_of_bundles_are_left_out(reader: Path) -> None:
    (reader / "dist" / MADE_OF).unlink()
    assert _body(reader, "reader/main.js") == b'import "./words.js";'
