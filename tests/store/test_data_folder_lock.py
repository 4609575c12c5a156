"""A restore and whoever uses the data keep each other out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from server.domain.errors import Conflict, Unavailable
from server.store import data_folder_lock as module
from server.store.data_folder_lock import DataLock
from tests.support.process import ROOT


def test_any_number_share(tmp_path: Path) -> None:
    with DataLock(tmp_path, None), DataLock(tmp_path, tmp_path / "stoppress.db"):
        pass


def test_who_shares_keeps_a_restore_out(tmp_path: Path) -> None:
    database = tmp_path / "elsewhere" / "stoppress.db"
    with DataLock(tmp_path / "data", database):
        # the same database under another data folder
        with pytest.raises(Conflict, match="stop it first"):
            DataLock(tmp_path / "another", database).take()
    DataLock(tmp_path / "another", database).take()


def test_a_restore_keeps_everybody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    restore = DataLock(tmp_path, None)
    restore.take()
    with pytest.raises(Unavailable, match="restore is under way"):
        DataLock(tmp_path, None).share()
    with pytest.raises(Conflict):
        DataLock(tmp_path, None).take()
    restore.release()
    with DataLock(tmp_path, None):
        pass


def test_who_starts_waits_for_one_that_just_looks(tmp_path: Path) -> None:
    first = DataLock(tmp_path, None)
    first.take()
    timer = threading.Timer(0.2, first.release)
    timer.start()
    with DataLock(tmp_path, None):
        pass
    timer.join()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    words = (
        "import sys, pathlib; from server.store.data_folder_lock import DataLock;"
        "lock = DataLock(pathlib.Path(sys.argv[1]), None); lock.share(); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(Conflict):
            DataLock(tmp_path, None).take()
        process.kill()
    DataLock(tmp_path, None).take()


def test_a_folder_that_cannot_be_written_is_shared_and_not_restored_into(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with DataLock(tmp_path / "data", None):
        pass
    with pytest.raises(Unavailable):
        DataLock(tmp_path / "data", None).take()


def test_nobody_else_may_open_the_lock(tmp_path: Path) -> None:
    with DataLock(tmp_path / "data", None):
        assert os.stat(tmp_path / "data" / module.NAME).st_mode & 0o077 == 0  # noqa: PTH116
        assert os.stat(tmp_path / "data").st_mode & 0o077 == 0  # noqa: PTH116
