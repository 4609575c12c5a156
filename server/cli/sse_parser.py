"""Reads an event stream, as the HTML standard says (§9.2.6 Interpreting an event stream). Sans I/O but for
the lines it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `id` is the last one sent so far; `retry` in milliseconds, where this event set it."""

    name: str
    data: str
    id: str = ""
    retry: int | None = None


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """The events of a stream. One that the end of the stream cut off is dropped, as the standard asks:
    half an event must not count as received. Comments pass unseen."""
    name, data, last_id = "", list[str](), ""
    retry: int | None = None
    async for line in lines:
        if not line:
            if data or retry is not None:
                yield Event(name or "message", "\n".join(data), last_id, retry)
            name, data, retry = "", [], None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field == "retry" and value.isdigit():
            retry = int(value)
