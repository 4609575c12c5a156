"""The count of calls sees what waits."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

import pytest

from tests.support.calls import calls_of


@pytest.mark.parametrize(
    "work",
    [
        lambda here, there: time.sleep(0), lambda here, there: here.send(b"x"),
        lambda here, there: there.recv(1), lambda here, there: os.fsync(0),
        lambda here, there: threading.Lock().acquire(),
    ],
    ids=["sleep", "send", "receive", "fsync", "lock"],
)
def test_a_call_that_may_wait_is_named(work: Callable[[socket.socket, socket.socket], object]) -> None:
    here, there = socket.socketpair()
    with here, there:
        here.send(b"y")

        def run() -> None:
            try:
                work(here, there)
            except OSError:
                pass

        assert len(calls_of(run).waiting) == 1


def test_plain_work_is_counted_and_waits_for_nothing() -> None:
    few, many = (calls_of(lambda n=n: [str(i).encode() for i in range(n)]) for n in (10, 1000))  # type: ignore[misc]
    assert few.waiting == many.waiting == []
    assert few.count < 40 < many.count
