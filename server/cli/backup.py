"""`stoppress backup` and `stoppress restore`: what they take and what they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from server.cli.output import AsJson, say

Target = Annotated[Path, typer.Argument(help="A folder that is made; there must be nothing of that name.")]
Source = Annotated[Path, typer.Argument(help="What `backup` made, or the file of a SQLite database.")]


def backup(target: Target, as_json: AsJson = False) -> None:
    """Copy database and pictures, while the server runs or not."""
    from server.cli import backup_folder

    pictures = backup_folder.backup(target)
    shown = f"Backup written: {target} (database and {pictures} picture files)"
    say({"backup": str(target), "picture_files": pictures}, shown, as_json=as_json)


def restore(source: Source, as_json: AsJson = False) -> None:
    """Put a backup in the place of the present data. No server may run. What was there is kept beside."""
    from server.cli import backup_folder

    done = backup_folder.restore(source)
    text = f"Restored: {done.database}, with new epochs: every reader loads afresh."
    if done.former:
        text += f"\nWhat was there is kept in {done.former}; delete it when you do not need it."
    if done.missing:
        text += f"\n{done.missing} pictures of the database are missing in {backup_folder.MEDIA}/."
    data = {
        "restored": str(done.database), "former": str(done.former) if done.former else None,
        "picture_files": done.pictures, "missing_pictures": done.missing,
    }
    say(data, text, as_json=as_json)
