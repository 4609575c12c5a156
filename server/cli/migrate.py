"""`stoppress migrate`: the schema of this version and, after a restore, new histories."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from server.cli.output import AsJson, say

NewEpoch = Annotated[
    bool,
    typer.Option("--new-epoch", help="After a restore: every position given out before gets a reset."),
]


def migrate(new_epoch: NewEpoch = False, as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Back it up first."""
    from server import settings
    from server.cli import logs
    from server.installation import data_lock
    from server.store.database import Database

    chosen = settings.load()
    with logs.quiet(), data_lock(chosen):
        asyncio.run(_upgrade(chosen.database, new_epoch=new_epoch))
    shown = Database(chosen.database).url.render_as_string(hide_password=True)
    text = f"Up to date: {shown}" + (", with new epochs" if new_epoch else "")
    say({"migrated": True, "database": shown, "new_epoch": new_epoch}, text, as_json=as_json)


async def _upgrade(url: str, *, new_epoch: bool) -> None:
    from server.store import feeds
    from server.store import migrate as migrations
    from server.store.database import Database

    database = Database(url)
    try:
        await migrations.upgrade(database)
        if new_epoch:
            async with database.write() as connection:
                await feeds.renew_epoch(connection)
    finally:
        await database.close()
