from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters

from server.auth import passwords
from server.domain.errors import Invalid

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def test_hash_is_argon2id_and_salted() -> None:
    first, second = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert first.startswith("$argon2id$")
    assert first != second
    assert await passwords.verify(first, PASSWORD)
    assert not await passwords.verify(first, PASSWORD + "x")
    assert not passwords.outdated(first)


async def test_hash_of_other_parameters_is_outdated() -> None:
    assert passwords.outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$WVy/xYjxkAz4Gv0PxVs1aw")


async def test_no_password_matches_an_unknown_user() -> None:
    assert not await passwords.verify(None, PASSWORD)
    assert not passwords.outdated(passwords._DUMMY_HASH)  # it costs what a real one costs


async def test_a_broken_hash_matches_no_password() -> None:
    assert not await passwords.verify("plain", "plain")


async def test_unknown_user_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = await passwords.hash(PASSWORD)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, kept: str, tried: bytes) -> bool:
        verified.append(kept)
        return verify(self, kept, tried)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for kept, tried in ((hashed, "wrong"), (None, "wrong"), (hashed, "x" * 5000)):
        assert not await passwords.verify(kept, tried)
    # one hash each, with the same memory and passes: that is all that takes time
    assert len(verified) == 3
    assert all(extract_parameters(kept) == extract_parameters(hashed) for kept in verified)


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 257, "long enough\u0000", "long enough\n", "half \ud800 char"]
)
async def test_invalid_password_is_rejected(password: str) -> None:
    with pytest.raises(Invalid):
        await passwords.hash(password)


async def test_password_in_any_script_is_accepted() -> None:
    assert await passwords.verify(await passwords.hash("पासवर्ड बहुत लंबा है"), "पासवर्ड बहुत लंबा है")
