"""Clients that do not read their answers cost bounded memory, for a bounded time."""

from __future__ import annotations

from dataclasses import dataclass

from server.serving.unread_responses import LAST_PIECE_SECONDS, MAX_UNREAD_BYTES, UnreadAnswers


@dataclass(eq=False)
class Connection:
    unread: int = 1
    finished: bool = True
    aborted: bool = False

    def abort(self) -> None:
        self.aborted = True


def test_a_last_piece_that_is_not_read_in_time_is_dropped() -> None:
    answers, reads, stuck, sends = UnreadAnswers(), Connection(), Connection(), Connection(finished=False)
    everybody = [reads, stuck, sends]
    assert answers.sweep(everybody, 0.0) == 0
    reads.unread = 0
    assert answers.sweep(everybody, LAST_PIECE_SECONDS) == 0
    reads.unread = 1  # its next answer: the time begins anew
    assert answers.sweep(everybody, LAST_PIECE_SECONDS + 1) == 1
    assert stuck.aborted and not reads.aborted and not sends.aborted
    sends.finished = True
    assert answers.sweep([reads, sends], LAST_PIECE_SECONDS + 2) == 0
    assert answers.sweep([reads, sends], 2 * LAST_PIECE_SECONDS + 3) == 2


def test_beyond_the_total_the_oldest_are_closed() -> None:
    answers, size = UnreadAnswers(), MAX_UNREAD_BYTES // 4
    everybody = [Connection(size, finished=False) for _ in range(4)]
    for second, _ in enumerate(everybody, 1):
        assert answers.sweep(everybody[:second], second) == 0
    newest = [Connection(size, finished=False), Connection(1, finished=False)]
    assert answers.sweep([*newest, *reversed(everybody)], 5.0) == 2
    assert [c.aborted for c in everybody] == [True, True, False, False]
    assert not any(c.aborted for c in newest)
