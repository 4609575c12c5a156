"""Usual requests of HTTP/1.1, whole and alone, taken apart: what answers before any parser reads.

This runs for every connection of a crowd, so it is written to be short in time: whole requests are judged by a
few calls into C, and no pattern looks at each header. Whatever is not usual goes to a parser, which decides
what it means.
"""

from __future__ import annotations

import string

MAX_BYTES = 4096
"""Requests that are longer are parsed."""
_PLAIN = bytes(range(0x20, 0x7F)) + b"\r\n"
_TOKEN = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
_BODY = frozenset((b"content-length", b"transfer-encoding", b"expect"))


def take_apart(data: bytes) -> tuple[bytes, dict[bytes, bytes]] | None:
    """The request line, and the headers by lower-case name (RFC 9112 §3 and §5). None where the full parser is
    needed: for what nobody sends (tabs, none or more than one space, bytes beyond ASCII), a header that comes
    twice, one that announces a body, or no host."""
    if (
        len(data) > MAX_BYTES or not data.endswith(b"\r\n\r\n") or b":  " in data
        or data.translate(None, _PLAIN)
    ):
        return None
    line, *fields = data[:-4].split(b"\r\n")
    headers: dict[bytes, bytes] = {}
    for field in fields:
        name, colon, value = field.partition(b": ")
        if not colon:
            return None
        headers[name.lower()] = value
    if (
        len(headers) != len(fields) or b"" in headers or b"host" not in headers or not _BODY.isdisjoint(headers)
        or b"".join(headers).translate(None, _TOKEN)
        or not data.count(b"\r") == data.count(b"\n") == len(fields) + 2  # none stands alone
    ):
        return None
    return line, headers
