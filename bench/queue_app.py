"""What most Python projects do: sse-starlette with a queue for each listener. The thing to beat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: set[asyncio.Queue[str]] = set()


async def stream(request: Request) -> Response:
    queue: asyncio.Queue[str] = asyncio.Queue(1000)

    async def events() -> AsyncIterator[ServerSentEvent]:
        queues.add(queue)
        try:
            yield ServerSentEvent(comment="hello")
            while True:
                yield ServerSentEvent(await queue.get(), event="entry", id="1")
        finally:
            queues.discard(queue)

    return EventSourceResponse(events(), ping=15)


async def publish(request: Request) -> Response:
    text = (await request.body()).decode()
    for queue in queues:
        queue.put_nowait(text)
    return Response(status_code=204)


app = Starlette(routes=[Route("/sub", stream), Route("/pub", publish, methods=["POST"])])
