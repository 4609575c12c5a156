"""API tokens and session secrets. The database stores only their SHA-256.

They are long and random, so a plain digest is enough: they cannot be guessed, and a stolen database does not
help to log in. For passwords see passwords.py.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "sp_"  # noqa: S105 (a prefix, which secret scanners recognise too)
MAX_LENGTH = 200
"""Longer values are rejected without a lookup."""


def new_token() -> str:
    """An API token: `sp_` and 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_session() -> str:
    """A session secret for the cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 as 64 hexadecimal digits, as stored in the database."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
