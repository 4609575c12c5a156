"""How the results of a run are kept: figures as JSON, and a table for people beside them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def keep(folder: Path, name: str, figures: Any, lines: Sequence[str]) -> None:
    """Write `name`.json and `name`.md into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    (folder / f"{name}.md").write_text("\n".join(lines) + "\n")
