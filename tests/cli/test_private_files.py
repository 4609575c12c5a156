"""What is on disk is for the server's user alone, whatever the umask of whoever starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from server.cli import private_files


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_what_a_command_makes_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-m", "server", "user", "add", "ada", "--json"], check=False, capture_output=True,
        env=os.environ | {"STOPPRESS_DATA_DIR": str(folder)}, umask=0o000,
    )
    assert done.returncode == 0, done.stderr
    assert mode(folder) == "0o700"
    assert {mode(path) for path in folder.iterdir() if path.is_file()} == {"0o600"}


def test_a_folder_that_was_left_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "media").mkdir(parents=True)
    files = [folder / name for name in ("stoppress.db", "stoppress.db-wal", "stoppress.db-shm")]
    for path in files:
        path.write_bytes(b"")
        path.chmod(0o644)
    folder.chmod(0o755)
    private_files.tighten(folder)
    assert (mode(folder), mode(folder / "media")) == ("0o700", "0o700")
    assert {mode(path) for path in files} == {"0o600"}


def test_a_folder_of_everybody_is_left_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    with structlog.testing.capture_logs() as said:
        private_files.tighten(folder)
    assert folder.stat().st_mode & 0o7777 == 0o1777
    assert [line["event"] for line in said] == ["files.open"]


@pytest.mark.parametrize("missing", ["nowhere"])
def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path, missing: str) -> None:
    private_files.tighten(tmp_path / missing)
