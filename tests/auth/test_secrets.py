from __future__ import annotations

from server.auth import secrets


def test_tokens_are_recognised_and_never_the_same() -> None:
    made = {secrets.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(t.startswith("sp_") and 40 < len(t) < secrets.MAX_LENGTH for t in made)


def test_digest_takes_whatever_arrives() -> None:
    assert len(secrets.digest("half a \ud800 character")) == 64
    assert secrets.digest("a") != secrets.digest("b")
