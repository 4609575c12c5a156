"""A picture that was removed, taken out of what people have typed and not sent: the form of a draft as the
console's scripts keep it, whose document is JSON in a field of JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.store import drafts

KEYS = ("media_id", "_key")
"""Fields by which a picture of the editor names its upload."""


async def clear(connection: AsyncConnection, media_id: str) -> None:
    """Take the picture out of all drafts. The version counts on, so that no open form writes it back unseen."""
    for user_id, draft in await drafts.naming(connection, media_id):
        cleared = replace(draft, form=without(draft.form, media_id), version=draft.version + 1)
        await drafts.put(connection, user_id, cleared)


def without(form: str, media_id: str) -> str:
    """The form, as JSON, without the pictures that have this id. What only names it, such as the address of a
    thumbnail, is emptied."""
    try:
        return json.dumps(_without(json.loads(form), media_id), ensure_ascii=False)
    except ValueError:
        return form.replace(media_id, "")


def _without(value: Any, media_id: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, media_id) for key, item in value.items()}
    if isinstance(value, list):
        cleared = [_without(item, media_id) for item in value if not _is_picture(item, media_id)]
        return [item for item in cleared if not _shows_nothing(item)]
    if not isinstance(value, str) or media_id not in value:
        return value
    try:
        inner = json.loads(value)
    except ValueError:
        return ""
    return json.dumps(_without(inner, media_id), ensure_ascii=False) if isinstance(inner, dict | list) else ""


def _is_picture(value: Any, media_id: str) -> bool:
    return isinstance(value, dict) and any(value.get(key) == media_id for key in KEYS)


def _shows_nothing(value: Any) -> bool:
    """Whether it is the editor's node for pictures, with none in it."""
    if not isinstance(value, dict) or value.get("type") != "pictures":
        return False
    fields = (value.get("attrs") or {}).get("fields") or {}
    return not fields.get("images")
