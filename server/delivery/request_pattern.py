"""Usual requests of HTTP/1.1, whole and alone, taken apart by pattern: what answers before any parser reads.

Whatever the patterns do not match goes to a parser, which decides what it means.
"""

from __future__ import annotations

import re

MAX_BYTES = 4096
"""Requests that are longer are parsed."""
HEADERS = rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?(?:[\x21-\x7e][\x20-\x7e]*)?\r\n)+)\r\n"
"""RFC 9112 §5, without what nobody sends: tabs, more than one space, bytes beyond ASCII."""
_HEADER = re.compile(rb"([^:]+): ?([^\r]*)\r\n")
_BODY = frozenset((b"content-length", b"transfer-encoding", b"expect"))


def headers_of(lines: bytes) -> dict[bytes, bytes] | None:
    """Headers by lower-case name. None where the full parser is needed: a header that comes twice, one that
    announces a body, or no host."""
    found = _HEADER.findall(lines)
    headers = {name.lower(): value for name, value in found}
    if len(headers) != len(found) or not _BODY.isdisjoint(headers) or b"host" not in headers:
        return None
    return headers
