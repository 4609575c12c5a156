"""What the server keeps on disk is for its own user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

UMASK = 0o077


def keep_private() -> None:
    """Whatever this process makes from now on is readable for its user only: 0700 and 0600."""
    os.umask(UMASK)


def tighten(folder: Path) -> None:
    """Close a data folder that an earlier version, or a person, left open to others, and the database in it.
    What cannot be closed is told in the log. A folder that others use as well (/tmp) is left as it is."""
    import structlog

    for path in [folder, folder / "media", *sorted(folder.glob("*.db")), *sorted(folder.glob("*.db-*"))]:
        try:
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode) or not found.st_mode & 0o077:
                continue
            if found.st_mode & stat.S_ISVTX:
                raise PermissionError("others use it as well")
            path.chmod(found.st_mode & 0o700)
        except FileNotFoundError:
            continue
        except OSError as error:
            structlog.get_logger().warning(
                "files.open", path=str(path), reason=error.strerror or str(error),
                hint="Others on this machine can read it: chmod it, or choose another STOPPRESS_DATA_DIR.",
            )
