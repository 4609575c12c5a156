from __future__ import annotations

import pytest

from server.auth.throttle import Throttle
from server.domain.errors import Throttled

pytestmark = pytest.mark.anyio


async def test_one_name_is_throttled_whoever_tries() -> None:
    throttle = Throttle(by_name=3, by_address=100)
    for n in range(3):
        await throttle.attempt(name="ada", address=f"192.0.2.{n}")
    with pytest.raises(Throttled) as refused:
        await throttle.attempt(name="ADA", address="192.0.2.9")
    assert 1 <= refused.value.retry_after <= 60
    await throttle.attempt(name="grace", address="192.0.2.9")


async def test_one_address_is_throttled_whatever_the_name() -> None:
    throttle = Throttle(by_name=100, by_address=3)
    for n in range(3):
        await throttle.attempt(name=f"name{n}", address="192.0.2.1")
    with pytest.raises(Throttled):
        await throttle.attempt(name="another", address="192.0.2.1")
    await throttle.attempt(name="another", address="192.0.2.2")
