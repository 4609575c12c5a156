"""The JSON of a change for a view, as docs/protocol.md describes it. Made once for several framings."""

from __future__ import annotations

import json
from typing import Protocol, cast

from server.delivery.framing import View, Wire, frame
from server.domain.change import Change
from server.hub.history import Encode, Item, Variant


class Rendering(Protocol):
    """Who turns changes into HTML; see web/pages/render.py."""

    def entry(self, change: Change) -> str: ...
    def key_event(self, change: Change) -> str: ...
    def furniture(self, change: Change) -> str: ...


def encoder(rendering: Rendering) -> Encode:
    """A function that encodes one change for a `Wire`; what several framings share is made once."""

    def encode(item: Item, variant: Variant) -> bytes:
        wire = cast(Wire, variant)
        text = item.encoded.get(wire.view)
        if text is None:
            text = item.encoded[wire.view] = payload(item.change, wire.view, rendering)
        change = item.change
        return frame(wire.framing, text, event=change.kind, position=str(change.position))

    return encode


def payload(change: Change, view: View, rendering: Rendering) -> bytes:
    """The JSON of a change as docs/protocol.md describes it."""
    data = change.data
    body: dict[str, object] = {
        "position": str(change.position),
        "kind": change.kind,
        "id": change.id,
        "revision": change.revision,
    }
    if "number" in data:
        body |= {"number": data["number"], "pinned": data.get("pinned", False)}
    if change.kind == "blog":
        body["status"] = data["status"]
    if view == "json":
        name = "blog" if change.kind == "blog" else "entry"
        body[name] = {k: v for k, v in data.items() if k not in ("slug", "language", "time_zone")}
        if change.kind == "blog":
            body["blog"] = data
    elif change.kind == "blog":
        body["html"] = rendering.furniture(change)
    elif "number" in data:
        body |= {"html": rendering.entry(change), "key_html": rendering.key_event(change)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
