"""What is taken apart without a parser means the same to a parser."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.delivery.request_pattern import MAX_BYTES, take_apart

LINE = b"GET /live/storm/stream HTTP/1.1"
PIECES = st.sampled_from([
    b"Host: a", b"host: b", b"Accept: */*", b"X: a: b", b"X:  a", b"X:a", b"X : a", b"X: ", b"X:", b": a", b"X",
    b" folded", b"X: \ta", b"X: \xe9", b"X: a\rY: b", b"X: a\nY: b", b"Content-Length: 3", b"X\x00: a",
    b"X: a ", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"A(b): c", b"",
])


class Head:
    """What httptools calls."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.strip()))

    def on_message_complete(self) -> None:
        self.complete = True


@given(st.lists(PIECES, max_size=6))
def test_a_parser_finds_the_same_headers(fields: list[bytes]) -> None:
    data = b"\r\n".join([LINE, *fields, b"", b""])
    found = take_apart(data)
    if found is None:
        return
    head = Head()
    httptools.HttpRequestParser(head).feed_data(data)
    assert head.complete
    assert found[0] == LINE
    assert [(name, value.strip()) for name, value in found[1].items()] == head.headers


@pytest.mark.parametrize("fields", [
    [], [b"Accept: a"], [b"Host: a", b"Host: a"], [b"Host: a", b"X:  a"], [b"Host: a", b"X"],
    [b"Host: a", b"X:a"], [b"Host: a", b"X: \t"],
    [b"Host: a", b"X: \xe9"], [b"Host: a", b"X: a\rb"], [b"Host: a", b"X: a\nY: b"],
    [b"Host: a", b"Content-Length: 0"], [b"Host: a", b""], [b"Host: a", b"X : a"], [b"Host: a", b": a"],
    [b"Host: a", b"X: " + b"a" * MAX_BYTES],
])
def test_what_is_not_usual_is_left_to_the_parser(fields: list[bytes]) -> None:
    assert take_apart(b"\r\n".join([LINE, *fields, b"", b""])) is None


def test_a_usual_request_is_taken_apart() -> None:
    data = b"\r\n".join([LINE, b"Host: a", b"User-Agent: x: (y)", b"Cookie: ", b"", b""])
    assert take_apart(data) == (LINE, {b"host": b"a", b"user-agent": b"x: (y)", b"cookie": b""})
    assert take_apart(data + data) is None
    assert take_apart(data[:-2]) is None
