"""`stoppress migrate --new-epoch`: after a restore no position of the lost history is taken for one of this."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from server.cli.main import main

Feeds = dict[tuple[str, str], tuple[str, int]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STOPPRESS_DATA_DIR", str(tmp_path))
    main_ok("blog", "add", "storm", "--headline", "Storm")
    main_ok("blog", "add", "election", "--headline", "Election")
    main_ok("post", "storm", "Harbour open")
    return tmp_path


def main_ok(*arguments: str) -> None:
    try:
        main([*arguments, "--json"])
    except SystemExit as ended:
        assert not ended.code, arguments


def _feeds(folder: Path) -> Feeds:
    connection = sqlite3.connect(folder / "stoppress.db")
    try:
        rows = connection.execute("SELECT blog_id, name, epoch, seq FROM feeds").fetchall()
    finally:
        connection.close()
    return {(blog, name): (epoch, seq) for blog, name, epoch, seq in rows}


def test_new_epoch_begins_a_new_history_in_every_feed_and_keeps_the_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _feeds(folder)
    capsys.readouterr()
    main_ok("migrate", "--new-epoch")
    assert json.loads(capsys.readouterr().out)["new_epoch"] is True
    after = _feeds(folder)
    assert after.keys() == before.keys()
    assert len(after) == 4
    assert [seq for _, seq in after.values()] == [seq for _, seq in before.values()]
    assert not {epoch for epoch, _ in after.values()} & {epoch for epoch, _ in before.values()}


def test_migrate_alone_keeps_every_history(folder: Path) -> None:
    before = _feeds(folder)
    main_ok("migrate")
    assert _feeds(folder) == before
