"""Which tests may run again. A fault test kills, freezes and starts processes, and on a machine that is busy
with something else one of them may come too late. It runs a second time; what fails twice has failed, and the
run counts and names every second time (`-rR`). All other tests have one try."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

RERUNS = 1


def allow_reruns(items: Iterable[pytest.Item], folder: Path) -> None:
    """Let the tests under this folder run again, and no others."""
    for item in items:
        if item.path.is_relative_to(folder):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))
