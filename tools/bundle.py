"""Notes what the bundles of static/reader/dist were made of, so that stale ones are not served."""

from __future__ import annotations

from pathlib import Path

from server.web.assets import MADE_OF, made_of

folder = Path("static/reader")
(folder / "dist" / MADE_OF).write_text(made_of(folder) + "\n", encoding="utf-8")
