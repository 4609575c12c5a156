"""Follows a blog for `stoppress tail`. It keeps its position and resumes by itself, whatever happens to the
connection or the server; docs/protocol.md is all that it knows of the server."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from rich.markup import escape

from server.cli.sse_parser import Event, events
from server.domain.errors import Forbidden, Invalid, NotFound
from server.text.excerpt import plain

FIRST_WAIT = 0.5
LONGEST_WAIT = 15.0
FOLLOWED = ("entry", "gone", "blog", "reset")
"""Other events, heartbeats among them, say nothing about the blog."""
FIRST_SILENCE_SECONDS = 150.0
SILENT_BEATS = 2.5
"""A connection that is silent for longer than so many heartbeats is dead, whatever TCP says. The first event
says how often they come; until then they may be a minute apart."""


@dataclass(slots=True)
class Follower:
    """Follows one blog's public feed, from `position` on (None: from now on).

    Args:
        url: address of the blog's page.
        retry: seconds that the server asked to wait before a reconnect.
    """

    url: str
    position: str | None = None
    retry: float = FIRST_WAIT
    silence: float = FIRST_SILENCE_SECONDS
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def changes(self) -> AsyncIterator[dict[str, Any]]:
        """Changes in their order, each once, without end. After a `reset` it goes on from
        the position that came with it.

        Raises:
            NotFound: there is no such blog.
        """
        failures = 0
        timeout = httpx2.Timeout(None, connect=10.0)
        async with httpx2.AsyncClient(timeout=timeout) as client:
            while True:
                try:
                    async for event in self._stream(client):
                        failures = 0
                        if (change := self._taken(event)) is not None:
                            yield change
                except TimeoutError:
                    pass
                except httpx2.UnsupportedProtocol as error:
                    raise Invalid.field("URL", "must start with http:// or https://") from error
                except httpx2.HTTPError:
                    pass  # the position says where to go on; the wait below keeps from hammering
                failures += 1
                wait = min(LONGEST_WAIT, self.retry * 2 ** min(failures - 1, 6))
                await self.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)

    async def _stream(self, client: httpx2.AsyncClient) -> AsyncIterator[Event]:
        asked = {"view": "json"} | ({"after": self.position} if self.position else {})
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        async with client.stream("GET", f"{self.url}/stream", params=asked, headers=headers) as answer:
            _known(answer)
            stream = events(answer.aiter_lines())
            while True:
                async with asyncio.timeout(self.silence):
                    event = await anext(stream, None)
                if event is None:
                    return
                yield event

    def _taken(self, event: Event) -> dict[str, Any] | None:
        if event.retry is not None:
            self.retry = max(0.1, event.retry / 1000)
        if event.id:
            self.position = event.id
        if not event.data:
            return None
        change: dict[str, Any] = json.loads(event.data)
        if event.name == "hello":
            self.silence = SILENT_BEATS * float(change["heartbeat_seconds"])
        return change if event.name in FOLLOWED else None


def _known(answer: httpx2.Response) -> None:
    if answer.status_code in (404, 410):
        raise NotFound("Blog not found.")
    if answer.status_code in (401, 403):
        raise Forbidden
    answer.raise_for_status()


def line(change: dict[str, Any]) -> str:
    """A change as one line for a person, in rich's markup."""
    kind, position = change["kind"], escape(str(change.get("position", "")))
    if kind == "reset":
        return "[yellow]reset[/yellow]  the history is another one; following from now"
    if kind == "gone":
        return f"[dim]{position}[/dim]  [red]retracted[/red]  {escape(str(change['id']))}"
    thing = change.get("blog") or change.get("entry") or change
    if kind == "blog":
        return f"[dim]{position}[/dim]  [cyan]blog[/cyan]  {escape(str(thing.get('headline', '')))}"
    title = str(thing.get("title") or "")
    body = plain(" ".join(str(b.get("html", "")) for b in thing.get("blocks", [])))
    flags = "".join(f"[bold red]{f}[/bold red] " for f in ("breaking", "pinned", "key") if thing.get(f))
    again = " [yellow](updated)[/yellow]" if thing.get("edited_at") else ""
    return f"[dim]{position}[/dim]  {flags}[bold]{escape(title)}[/bold]{again}  {escape(body)}".rstrip()
