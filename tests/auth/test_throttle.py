from __future__ import annotations

import asyncio
import time

import pytest
from limits.aio.storage import MemoryStorage

from server.auth import attempts
from server.auth.throttle import Throttle
from server.domain.errors import Throttled

pytestmark = pytest.mark.anyio


async def test_one_name_is_throttled_from_one_address() -> None:
    throttle = Throttle(by_name=3, by_address=100)
    for _ in range(3):
        await throttle.attempt(name="ada", address="192.0.2.9")
    with pytest.raises(Throttled) as refused:
        await throttle.attempt(name="ADA", address="192.0.2.9")
    assert 1 <= refused.value.retry_after <= 60
    await throttle.attempt(name="grace", address="192.0.2.9")


async def test_nobody_is_kept_out_by_attempts_of_others() -> None:
    """Whoever knows a name can slow it down by a bounded time, and no more."""
    throttle = Throttle(by_name=3, by_address=100, delay=0.2)
    took = []
    for n in range(30):
        began = time.monotonic()
        await throttle.attempt(name="ada", address=f"192.0.2.{n}")
        took.append(time.monotonic() - began)
    assert max(took[:3]) < 0.05
    assert min(took[-5:]) > 0.15
    assert max(took) < 1
    began = time.monotonic()
    await throttle.attempt(name="grace", address="192.0.2.1")
    assert time.monotonic() - began < 0.1


async def test_one_address_is_throttled_whatever_the_name() -> None:
    throttle = Throttle(by_name=100, by_address=3)
    for n in range(3):
        await throttle.attempt(name=f"name{n}", address="192.0.2.1")
    with pytest.raises(Throttled):
        await throttle.attempt(name="another", address="192.0.2.1")
    await throttle.attempt(name="another", address="192.0.2.2")


async def test_after_any_failure_of_the_shared_count_the_process_counts_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = MemoryStorage()
    asked = 0

    async def fail(*_: object, **__: object) -> bool:
        nonlocal asked
        asked += 1
        raise RuntimeError("Redis answered with something odd")

    monkeypatch.setattr(shared, "acquire_entry", fail)
    throttle = Throttle(shared, by_name=3, by_address=100)
    for _ in range(3):
        await throttle.attempt(name="ada", address="192.0.2.9")
    with pytest.raises(Throttled):
        await throttle.attempt(name="ada", address="192.0.2.9")
    assert asked == 1  # it is left alone for a while


async def test_a_shared_count_that_does_not_answer_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = MemoryStorage()

    asked = 0

    async def hang(*_: object, **__: object) -> bool:
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(shared, "acquire_entry", hang)
    monkeypatch.setattr("server.auth.throttle.SHARED_SECONDS", 0.05)
    throttle = Throttle(shared, by_name=3, by_address=100)
    async with asyncio.timeout(30):
        for _ in range(3):
            await throttle.attempt(name="ada", address="192.0.2.9")
        assert asked == 1
        assert throttle.alone
        with pytest.raises(Throttled):  # the attempt that waited counts here, too
            await throttle.attempt(name="ada", address="192.0.2.9")


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_clock_that_is_set_makes_no_difference(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    monotonic, day = [1000.0], [1.8e9]
    monkeypatch.setattr(time, "monotonic", lambda: monotonic[0])
    monkeypatch.setattr(time, "time", lambda: day[0])
    throttle = Throttle(by_name=2, by_address=100, delay=0)
    for _ in range(2):
        await throttle.attempt(name="ada", address="192.0.2.9")
    day[0] += hours * 3600
    monotonic[0] += 20
    with pytest.raises(Throttled) as refused:
        await throttle.attempt(name="ada", address="192.0.2.9")
    assert refused.value.retry_after == 40
    monotonic[0] += 41
    await throttle.attempt(name="ada", address="192.0.2.9")


async def test_quiet_names_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = [0.0]
    monkeypatch.setattr(attempts, "TIDY_EVERY", 10)
    monkeypatch.setattr(attempts.time, "monotonic", lambda: monotonic[0])
    storage = attempts.MonotonicStorage()
    for number in range(100):
        monotonic[0] += 10
        assert await storage.acquire_entry(f"name{number}", 1, 60)
    assert len(storage._hits) < 20
