"""What an installation from the source needs: the source without what a checkout adds to it, and an environment
in which nothing of the checkout is found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from server.settings import PREFIX

LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".*")


def copy(source: Path, target: Path) -> None:
    """A file or a folder, without what tools leave in it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT)
    else:
        shutil.copy(source, target)


def outside(**chosen: str) -> dict[str, str]:
    """This process's environment without settings and without Python's own variables, and with those chosen."""
    left_out = (PREFIX, "PYTHON", "VIRTUAL_ENV", "PIP_CONSTRAINT")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return kept | {f"{PREFIX}{name.upper()}": value for name, value in chosen.items()}
