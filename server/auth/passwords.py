"""Password hashing with Argon2id (RFC 9106, the 64 MiB profile) in a small thread pool.

A hash takes tens of milliseconds and 64 MiB by design; the pool limits the memory and CPU that a burst of
log-ins can use.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from server.domain.errors import Invalid
from server.domain.message import Message
from server.domain.text_limits import MAX_PASSWORD, MIN_PASSWORD

_hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")

_DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$zgHau7QrVSjfPYShgEorsQ$/BZKGnTaEew/QVAmXEA7A5/zfv365d5G1l62JE8KOKQ"
)
"""Hash of an unknown password with the parameters above, precomputed because hashing takes as long as a
log-in."""


def check(password: str) -> None:
    """Raises Invalid for a password that is too short, too long or holds control characters."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        said = Message("%(least)s to %(most)s characters", least=MIN_PASSWORD, most=MAX_PASSWORD)
        raise Invalid.field("password", said)
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in password):
        raise Invalid.field("password", "must not contain control characters")


async def hash(password: str) -> str:
    """The Argon2id hash, with its salt and parameters. Raises Invalid, see `check`."""
    check(password)
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


async def verify(hashed: str | None, password: str) -> bool:
    """Whether `password` matches the hash. With None (unknown user) it takes just as long and returns False, so
    that response times do not reveal which user names exist."""
    if len(password) > MAX_PASSWORD:
        hashed, password = None, ""
    same = await asyncio.get_running_loop().run_in_executor(_pool, _matches, hashed or _DUMMY_HASH, password)
    return same and hashed is not None


def outdated(hashed: str) -> bool:
    """Whether the hash was made with parameters other than the current ones."""
    return _hasher.check_needs_rehash(hashed)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
