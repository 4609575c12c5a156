"""Secrets that people and programs carry: API tokens and session cookies. The database holds their SHA-256.

They are random and long, so a plain digest is enough: there is nothing to guess, and a stolen database does
not log anybody in. Passwords are another matter, see passwords.py.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "sp_"  # noqa: S105 (how a token is recognised, also by scanners for leaked secrets)
MAX_LENGTH = 200
"""Longer ones are not looked up at all."""


def new_token() -> str:
    """An API token: `sp_` and 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_session() -> str:
    """What a session cookie holds: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 as 64 hexadecimal digits: what is kept and looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
