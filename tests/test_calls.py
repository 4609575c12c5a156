"""The count of calls sees what waits."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

import pytest

from tests.support.calls import calls_of

HERE, THERE = socket.socketpair()


@pytest.mark.parametrize(
    "work",
    [
        lambda: time.sleep(0), lambda: HERE.send(b"x"), lambda: THERE.recv(1), lambda: os.fsync(0),
        lambda: threading.Lock().acquire(),
    ],
    ids=["sleep", "send", "receive", "fsync", "lock"],
)
def test_a_call_that_may_wait_is_named(work: Callable[[], object]) -> None:
    def run() -> None:
        try:
            work()
        except OSError:
            pass

    assert len(calls_of(run).waiting) == 1


def test_plain_work_is_counted_and_waits_for_nothing() -> None:
    few, many = (calls_of(lambda n=n: [str(i).encode() for i in range(n)]) for n in (10, 1000))  # type: ignore[misc]
    assert few.waiting == many.waiting == []
    assert few.count < 40 < many.count
