"""Notes what the bundles were made of, so that stale ones are not served."""

from __future__ import annotations

from pathlib import Path

from server.web.assets import BUNDLES, MADE_OF, made_of

for folder in (Path("static/reader"), Path("static/console"), Path("static/css")):
    (folder / BUNDLES / MADE_OF).write_text(made_of(folder) + "\n", encoding="utf-8")
