"""The cases of the Autobahn test suite (typedef int, "WebSocket protocol implementation conformance"), by its
numbers, for a server that echoes nothing and takes messages of 4096 bytes at most: what is sent, and which
pongs and which close code must come back. The suite itself runs on Python 2 only."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MASK = b"\x3a\x91\x07\xe2"
LONGEST = 4096
PROTOCOL_ERROR, INVALID, TOO_BIG, NO_CODE = 1002, 1007, 1009, 1005
TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
"""The first byte of a final frame; without FIN (0x80) more follows. MORE and LAST are continuations."""
MORE, LAST = 0x00, 0x80


def frame(head: int, data: bytes = b"", *, mask: bytes | None = MASK, size: int | None = None) -> bytes:
    """A client's frame (RFC 6455 §5.2). `size` is what it claims to carry, when that is not the truth."""
    claimed = len(data) if size is None else size
    bit = 0x80 if mask is not None else 0
    if claimed < 126:
        length = struct.pack("!B", claimed | bit)
    elif claimed < 65_536:
        length = struct.pack("!BH", 126 | bit, claimed)
    else:
        length = struct.pack("!BQ", 127 | bit, claimed)
    if mask is not None:
        pad = (mask * (len(data) // 4 + 1))[: len(data)]
        both = int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")
        data = mask + both.to_bytes(len(data), "big")
    return bytes([head]) + length + data


def fragments(first: int, parts: Sequence[bytes]) -> bytes:
    """One message in frames; `first` is the opcode of a final frame, e.g. TEXT."""
    heads = [first & 0x7F] + [MORE] * (len(parts) - 1)
    heads[-1] |= 0x80
    return b"".join(frame(head, part) for head, part in zip(heads, parts, strict=True))


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


@dataclass(frozen=True)
class Case:
    """`closes` is None when the connection must stay open; `chop` is the number of bytes in one write."""

    number: str
    sent: bytes = field(repr=False)
    pongs: tuple[bytes, ...] = ()
    closes: int | None = None
    chop: int = 0


def _framing() -> Iterator[Case]:
    for part, (head, filler) in enumerate(((TEXT, b"*"), (BINARY, b"\xfe")), start=1):
        for number, size in enumerate((0, 125, 126, 127, 128), start=1):
            yield Case(f"1.{part}.{number}", frame(head, filler * size))
        for number, size, chop in ((6, 65_535, 0), (7, 65_536, 0), (8, 65_536, 997)):
            yield Case(f"1.{part}.{number}", frame(head, filler * size), closes=TOO_BIG, chop=chop)


def _pings() -> Iterator[Case]:
    hello, odd, long = b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125
    yield Case("2.1", frame(PING), (b"",))
    yield Case("2.2", frame(PING, hello), (hello,))
    yield Case("2.3", frame(PING, odd), (odd,))
    yield Case("2.4", frame(PING, long), (long,))
    yield Case("2.5", frame(PING, long + b"\xfe"), closes=PROTOCOL_ERROR)
    yield Case("2.6", frame(PING, long), (long,), chop=1)
    yield Case("2.7", frame(PONG))
    yield Case("2.8", frame(PONG, b"unsolicited pong payload"))
    yield Case("2.9", frame(PONG, b"unsolicited pong payload") + frame(PING, b"ping"), (b"ping",))
    ten = tuple(b"payload-%d" % n for n in range(10))
    yield Case("2.10", b"".join(frame(PING, x) for x in ten), ten)
    yield Case("2.11", b"".join(frame(PING, x) for x in ten), ten, chop=1)


def _reserved_bits_and_opcodes() -> Iterator[Case]:
    good, ping = frame(TEXT, b"Hello, world!"), frame(PING)
    bad = PROTOCOL_ERROR
    yield Case("3.1", frame(0xC1, b"Hello, world!"), closes=bad)
    yield Case("3.2", good + frame(0xA1, b"Hello, world!") + ping, closes=bad)
    yield Case("3.3", good + frame(0xB1, b"Hello, world!") + ping, closes=bad, chop=16)
    yield Case("3.4", good + frame(0x91, b"Hello, world!") + ping, closes=bad, chop=1)
    yield Case("3.5", frame(0xD2, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), closes=bad)
    yield Case("3.6", frame(0xE9, b"Hello, world!"), closes=bad)
    yield Case("3.7", frame(0xF8), closes=bad)
    for part, opcodes in ((1, range(3, 8)), (2, range(11, 16))):
        for number, opcode in enumerate(opcodes, start=1):
            odd = frame(0x80 | opcode, b"reserved opcode payload" if number in (2, 4) else b"")
            sent = odd if number < 3 else good + odd + ping
            yield Case(f"4.{part}.{number}", sent, closes=bad, chop=1 if number == 5 else 0)


def _fragmentation() -> Iterator[Case]:
    bad, parts = PROTOCOL_ERROR, [b"fragment1", b"fragment2"]
    text, hello = fragments(TEXT, parts), frame(TEXT, b"Hello, world!")
    between = frame(0x01, parts[0]) + frame(PING, b"ping payload") + frame(LAST, parts[1])
    yield Case("5.1", fragments(PING, parts), closes=bad)
    yield Case("5.2", fragments(PONG, parts), closes=bad)
    for number, chop in (("5.3", 0), ("5.4", 15), ("5.5", 1)):
        yield Case(number, text, chop=chop)
    for number, chop in (("5.6", 0), ("5.7", 15), ("5.8", 1)):
        yield Case(number, between, (b"ping payload",), chop=chop)
    for number, head in ((9, LAST), (12, MORE)):
        for plus, chop in enumerate((0, 31, 1)):
            sent = frame(head, b"non-continuation payload") + hello
            yield Case(f"5.{number + plus}", sent, closes=bad, chop=chop)
    yield Case("5.15", text + frame(MORE, b"fragment3") + frame(TEXT, b"fragment4"), closes=bad)
    yield Case("5.16", (frame(MORE, b"fragment1") + text) * 2, closes=bad)
    yield Case("5.17", (frame(LAST, b"fragment1") + text) * 2, closes=bad)
    yield Case("5.18", frame(0x01, b"fragment1") + frame(TEXT, b"fragment2"), closes=bad)
    two = (
        frame(0x01, b"fragment1") + frame(MORE, b"fragment2") + frame(PING, b"pongme 1!")
        + frame(MORE, b"fragment3") + frame(MORE, b"fragment4") + frame(PING, b"pongme 2!")
        + frame(LAST, b"fragment5")
    )
    yield Case("5.19", two, (b"pongme 1!", b"pongme 2!"))
    yield Case("5.20", two, (b"pongme 1!", b"pongme 2!"), chop=1)


def _text() -> Iterator[Case]:
    hello = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    greek = "κόσμε".encode()
    broken = greek + b"\xed\xa0\x80edited"
    yield Case("6.1.1", frame(TEXT))
    yield Case("6.1.2", fragments(TEXT, [b"", b"", b""]))
    yield Case("6.1.3", fragments(TEXT, [b"", b"middle frame payload", b""]))
    yield Case("6.2.1", frame(TEXT, hello))
    yield Case("6.2.2", fragments(TEXT, [hello[:12], hello[12:]]))
    yield Case("6.2.3", fragments(TEXT, [bytes([b]) for b in hello]))
    yield Case("6.2.4", fragments(TEXT, [bytes([b]) for b in greek]))
    yield Case("6.3.1", frame(TEXT, broken), closes=INVALID)
    yield Case("6.3.2", fragments(TEXT, [bytes([b]) for b in broken]), closes=INVALID)
    parts = [greek, b"\xf4\x90\x80\x80", b"edited"]
    whole = b"".join(parts)
    yield Case("6.4.1", fragments(TEXT, parts), closes=INVALID)
    yield Case("6.4.2", fragments(TEXT, [whole[:12], whole[12:13], whole[13:]]), closes=INVALID)
    yield Case("6.4.3", frame(TEXT, whole), closes=INVALID, chop=17)
    yield Case("6.4.4", frame(TEXT, whole), closes=INVALID, chop=1)


_NON_CHARACTERS = [
    f"{a}{b}bf{c}" for a, seconds in (
        ("f0", "9fafbf"), ("f1", "8f9fafbf"), ("f2", "8f9fafbf"), ("f3", "8f9fafbf"), ("f4", "8f")
    )
    for b in (seconds[i : i + 2] for i in range(0, len(seconds), 2)) for c in ("be", "bf")
]
_LONELY = ["c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"]
UTF8: dict[str, tuple[str, str]] = {
    # number: valid and invalid sequences, each of them a message
    "6.5": ("68656c6c6f24776f726c64 68656c6c6fc2a2776f726c64 68656c6c6fe282ac776f726c64 "
            "68656c6c6ff0a4ada2776f726c64 cebae1bdb9cf83cebcceb5", ""),
    "6.6": ("ceba cebae1bdb9 cebae1bdb9cf83 cebae1bdb9cf83cebc cebae1bdb9cf83cebcceb5",
            "ce cebae1 cebae1bd cebae1bdb9cf cebae1bdb9cf83ce cebae1bdb9cf83cebcce"),
    "6.7": ("00 c280 e0a080 f0908080", ""),
    "6.8": ("", "f888808080 fc8480808080"),
    "6.9": ("7f dfbf efbfbf f48fbfbf", ""),
    "6.10": ("", "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
    "6.11": ("ed9fbf ee8080 efbfbd f48fbfbf", "f4908080"),
    "6.12": ("", "80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf " + bytes(range(0x80, 0xBF)).hex()),
    "6.13": ("", " ".join(
        bytes(b for c in range(*r) for b in (c, 0x20)).hex()
        for r in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
    )),
    "6.14": ("", *_LONELY),
    "6.15": ("", _LONELY[0].replace(" ", "")),
    "6.16": ("", "fe ff fefeffff"),
    "6.17": ("", "c0af e080af f08080af f8808080af fc80808080af"),
    "6.18": ("", "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
    "6.19": ("", "c080 e08080 f0808080 f880808080 fc8080808080"),
    "6.20": ("", "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
    "6.21": ("", "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf "
                 "edafbfedb080 edafbfedbfbf"),
    "6.22": ("efbfbe efbfbf " + " ".join(_NON_CHARACTERS), ""),
    "6.23": ("efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf", ""),
}


def _sequences() -> Iterator[Case]:
    for group, (valid, invalid) in UTF8.items():
        number = 0
        for some, closes in ((valid, None), (invalid, INVALID)):
            for sequence in some.split():
                number += 1
                yield Case(f"{group}.{number}", frame(TEXT, bytes.fromhex(sequence)), closes=closes)


def _closes() -> Iterator[Case]:
    hello, normal = frame(TEXT, b"Hello World!"), closing(1000)
    yield Case("7.1.1", hello + normal, closes=1000)
    yield Case("7.1.2", normal + normal, closes=1000)
    yield Case("7.1.3", normal + frame(PING), closes=1000)
    yield Case("7.1.4", normal + hello, closes=1000)
    # the suite wants 1000; the library takes a close inside a message for a broken message, and closes too
    yield Case("7.1.5", frame(0x01, b"fragment1") + normal + frame(LAST, b"fragment2"), closes=PROTOCOL_ERROR)
    yield Case("7.1.6", frame(TEXT, b"BAsd7&jh23" * 26_214) + normal, closes=TOO_BIG)
    yield Case("7.3.1", frame(CLOSE), closes=NO_CODE)
    yield Case("7.3.2", frame(CLOSE, b"a"), closes=PROTOCOL_ERROR)
    yield Case("7.3.3", normal, closes=1000)
    yield Case("7.3.4", closing(1000, b"Hello World!"), closes=1000)
    yield Case("7.3.5", closing(1000, b"*" * 123), closes=1000)
    yield Case("7.3.6", closing(1000, b"*" * 124), closes=PROTOCOL_ERROR)
    yield Case("7.5.1", closing(1000, "κόσμε".encode() + b"\xed\xa0\x80edited"), closes=INVALID)
    for number, code in enumerate(
        (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), start=1
    ):
        yield Case(f"7.7.{number}", closing(code), closes=code)
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), start=1):
        yield Case(f"7.9.{number}", closing(code), closes=PROTOCOL_ERROR)
    for number, code in enumerate((5000, 65_535), start=1):
        yield Case(f"7.13.{number}", closing(code), closes=PROTOCOL_ERROR)


def _limits() -> Iterator[Case]:
    whole = b"*" * LONGEST
    for part, head in ((1, TEXT), (2, BINARY)):
        yield Case(f"9.{part}.1-most", frame(head, whole))
        yield Case(f"9.{part}.1-more", frame(head, whole + b"*"), closes=TOO_BIG)
        yield Case(f"9.{part}.6", frame(head, size=16_777_216), closes=TOO_BIG)
        yield Case(f"9.{part}.7-claimed", frame(head, size=2**62), closes=TOO_BIG)
    for part, head in ((3, TEXT), (4, BINARY)):
        in_64 = [whole[i : i + 64] for i in range(0, LONGEST, 64)]
        yield Case(f"9.{part}.1-most", fragments(head, in_64))
        yield Case(f"9.{part}.1-more", fragments(head, [*in_64, b"*"]), closes=TOO_BIG)
        yield Case(f"9.{part}.5-claimed", frame(head & 0x7F, whole) + frame(LAST, size=2**40), closes=TOO_BIG)
    yield Case("9.5.1", frame(TEXT, whole), chop=64)
    yield Case("9.6.1", frame(BINARY, whole), chop=64)
    yield Case("9.7.1", frame(TEXT) * 1000)
    yield Case("9.8.2", frame(BINARY, b"*" * 16) * 1000)
    in_1300 = [whole[i : i + 1300] for i in range(0, LONGEST, 1300)]
    yield Case("10.1.1", fragments(TEXT, in_1300))
    yield Case("10.1.1-more", fragments(TEXT, in_1300 * 2), closes=TOO_BIG)


def _beyond() -> Iterator[Case]:
    """What RFC 6455 demands and the suite leaves out."""
    yield Case("unmasked", frame(TEXT, b"x", mask=None), closes=PROTOCOL_ERROR)  # §5.1
    yield Case("unmasked-ping", frame(PING, b"x", mask=None), closes=PROTOCOL_ERROR)
    yield Case("masked-with-zeros", frame(TEXT, b"x", mask=bytes(4)))
    yield Case("length-top-bit", frame(BINARY, size=2**63), closes=TOO_BIG)  # §5.2


CASES = [
    *_framing(), *_pings(), *_reserved_bits_and_opcodes(), *_fragmentation(), *_text(), *_closes(),
    *_limits(), *_beyond(),
]
SEQUENCES = list(_sequences())
