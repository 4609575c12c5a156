"""Passwords: hashed with Argon2id (RFC 9106, the profile for 64 MiB), in threads, a few at a time.

One hash takes tens of milliseconds and 64 MiB on purpose; the small pool bounds what a storm of log-ins can
take of memory and processor.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from server.domain.errors import Invalid
from server.domain.limits import MAX_PASSWORD, MIN_PASSWORD

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")

_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$zgHau7QrVSjfPYShgEorsQ$/BZKGnTaEew/QVAmXEA7A5/zfv365d5G1l62JE8KOKQ"
"""The hash of a password that nobody knows, with the parameters above; made once, because making it takes as
long as a log-in."""


def check(password: str) -> None:
    """Raises Invalid for a password that is too short, too long or holds control characters."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid.field("password", f"{MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in password):
        raise Invalid.field("password", "no control characters")


async def hash(password: str) -> str:
    """The Argon2id hash, with its salt and parameters. Raises Invalid, see `check`."""
    check(password)
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


async def verify(hashed: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed. With None (there is no such user) it takes as long and
    says no, so that the time tells nobody which names exist."""
    if len(password) > MAX_PASSWORD:
        hashed, password = None, ""
    same = await asyncio.get_running_loop().run_in_executor(_pool, _same, hashed or _NOBODY, password)
    return same and hashed is not None


def outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def _same(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
