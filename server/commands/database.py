"""`stoppress migrate`: bring the database to the schema of this version."""

from __future__ import annotations

import asyncio

from server import settings
from server.commands.output import AsJson, say
from server.store import migrate as migrations
from server.store.database import Database


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Back it up first."""
    chosen = settings.load()
    asyncio.run(_upgrade(chosen.database))
    shown = Database(chosen.database).url.render_as_string(hide_password=True)
    say({"migrated": True, "database": shown}, f"Up to date: {shown}", as_json=as_json)


async def _upgrade(url: str) -> None:
    database = Database(url)
    try:
        await migrations.upgrade(database)
    finally:
        await database.close()
