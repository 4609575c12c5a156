"""The first person: an installation without users gets an admin, whose password is shown once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from server.newsroom.desk import Desk
from server.newsroom.first_person import first_admin

USERNAME = "admin"
FILE = "first-login.txt"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """Four groups of four letters and digits that nobody mixes up: 79 bits, and possible to type."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def make(desk: Desk) -> str | None:
    """Create the admin when there is no user yet; the password, which is kept nowhere in clear."""
    password = new_password()
    made = await first_admin(desk, USERNAME, password, name="Admin")
    return password if made else None


def keep(folder: Path, password: str) -> Path:
    """Leave the first log-in where a later start can point at it, for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE
    path.unlink(missing_ok=True)
    # 0600 from its first moment, not after a chmod
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"user: {USERNAME}\npassword: {password}\n")
    return path
