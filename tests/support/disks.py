"""Small disks of their own, for what a full or read-only one does: root is not stopped by file modes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

MEGABYTES = 4


def mount(folder: Path, *, megabytes: int = MEGABYTES) -> None:
    """A tmpfs at `folder`. Skips the test where that is not permitted."""
    folder.mkdir(exist_ok=True)
    command = shutil.which("mount")
    if command is None:
        pytest.skip("mount is not installed")
    done = subprocess.run(
        [command, "-t", "tmpfs", "-o", f"size={megabytes}m", "stoppress-tests", str(folder)],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        pytest.skip(f"no disk may be mounted here: {done.stderr.strip()}")


def remount(folder: Path, how: str) -> None:
    """`how` is `ro` or `rw`."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True, capture_output=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left; the file that does."""
    path = folder / "filling"
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65_536))
    except OSError:
        pass
    try:
        with path.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))
    except OSError:
        return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    mount(folder)
    try:
        yield folder
    finally:
        unmount(folder)
