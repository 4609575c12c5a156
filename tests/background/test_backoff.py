"""Waits grow, stay within their bounds, and begin again."""

from __future__ import annotations

from server.background.backoff import Backoff


def test_waits_double_up_to_their_bound() -> None:
    backoff = Backoff(0.5, 3, chance=lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [0.5, 1, 2, 3, 3]


def test_reset_begins_with_the_first_wait() -> None:
    backoff = Backoff(0.5, 3, chance=lambda: 1.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 0.5


def test_jitter_takes_up_to_half() -> None:
    assert Backoff(2, 3, chance=lambda: 0.0).next() == 1
    waits = [Backoff(2, 3).next() for _ in range(200)]
    assert min(waits) >= 1
    assert max(waits) <= 2
    assert len(set(waits)) > 100
