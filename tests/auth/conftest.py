from __future__ import annotations

import pytest

from server.auth import passwords
from tests.support.hashers import COSTLY


@pytest.fixture(autouse=True)
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as the server makes them, see `cheap_passwords`."""
    monkeypatch.setattr(passwords, "_hasher", COSTLY)
