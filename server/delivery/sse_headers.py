"""What an event stream's response says of itself, whichever way it is served."""

from __future__ import annotations

SSE_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
}
SUBPROTOCOL = "stoppress.v1"
