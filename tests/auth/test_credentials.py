from __future__ import annotations

from server.auth import credentials


def test_tokens_are_recognised_and_never_the_same() -> None:
    made = {credentials.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(t.startswith("sp_") and 40 < len(t) < credentials.MAX_LENGTH for t in made)


def test_digest_accepts_any_string() -> None:
    assert len(credentials.digest("half a \ud800 character")) == 64
    assert credentials.digest("a") != credentials.digest("b")
