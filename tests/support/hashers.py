"""Password hashers for tests."""

from __future__ import annotations

import argon2

from server.auth import passwords

COSTLY = passwords._hasher
"""The server's own, kept before a fixture takes its place."""
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
