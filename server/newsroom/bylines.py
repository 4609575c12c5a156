"""Bylines: each name of the newsroom kept once, and chosen by name or id for entries and blogs.

What an entry or a blog shows is written into it. Name, picture and link are taken from the record each time
that the entry or blog is changed; role and place stay as they were chosen, because they belong to that report.
A record that is changed or removed touches nothing that is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.byline import Byline, cleaned, line_of, name_key
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.message import N_, Message
from server.domain.permissions import Action, Caller, may, require
from server.domain.position import new_id
from server.newsroom import audit
from server.newsroom.desk import Desk
from server.store import bylines, media
from server.store.bylines import Record

_DIFFERS = {
    "picture": (
        N_("the newsroom’s byline “%(name)s” has no picture; leave it out, or change the byline itself"),
        N_("the newsroom’s byline “%(name)s” has another picture; leave it out, or change the byline itself"),
    ),
    "url": (
        N_("the newsroom’s byline “%(name)s” has no link; leave it out, or change the byline itself"),
        N_("the newsroom’s byline “%(name)s” has another link; leave it out, or change the byline itself"),
    ),
}
"""What is said where an entry gives a byline something that the record has not, or has otherwise."""


async def create(desk: Desk, caller: Caller, byline: Byline) -> Record:
    """Keep a new byline.

    Raises:
        Forbidden: only editors and admins for all blogs keep bylines.
        Invalid: the name shows nothing, or there is no such picture.
        Conflict: there is a byline of that name.
    """
    require(caller, Action.BYLINES_MANAGE)
    now = desk.now()
    async with desk.database.write() as connection:
        made = replace(byline, name=_named("name", byline.name), id=new_id())
        await _check_picture(connection, "picture", made.picture)
        if not await bylines.insert(connection, made, now):
            raise _taken(made.name)
        await audit.record(connection, caller, "byline_added", at=now, byline=made.id, name=made.name)
    return Record(made, now, now)


async def edit(desk: Desk, caller: Caller, byline_id: str, changed: dict[str, str]) -> Record:
    """Change the fields that are given. Entries and blogs follow when they are next changed themselves.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as for `create`.
    """
    require(caller, Action.BYLINES_MANAGE)
    if "name" in changed:
        changed = changed | {"name": _named("name", changed["name"])}
    try:
        async with desk.database.write() as connection:
            await bylines.get(connection, byline_id)
            await _check_picture(connection, "picture", changed.get("picture"))
            made = await bylines.change(connection, byline_id, changed, desk.now())
            await audit.record(
                connection, caller, "byline_changed", at=made.updated_at, byline=byline_id,
                name=made.byline.name, changed=sorted(changed),
            )
            return made
    except IntegrityError as error:
        raise _taken(changed.get("name", "")) from error


async def remove(desk: Desk, caller: Caller, byline_id: str) -> None:
    """Forget a byline. Entries and blogs that show it keep what they show.

    Raises:
        NotFound, Forbidden.
    """
    require(caller, Action.BYLINES_MANAGE)
    async with desk.database.write() as connection:
        known = await bylines.get(connection, byline_id)
        await bylines.remove(connection, byline_id)
        await audit.record(
            connection, caller, "byline_removed", at=desk.now(), byline=byline_id, name=known.byline.name
        )


async def resolved(
    connection: AsyncConnection,
    caller: Caller,
    wanted: Sequence[Byline],
    *,
    before: Sequence[Byline] = (),
    at: datetime,
) -> tuple[Byline, ...]:
    """What an entry or a blog shall show: each byline with the parts of its record. A name that the newsroom
    does not have yet is kept from now on.

    Args:
        wanted: chosen by `id`, or by `name` where that is empty. A role or place that is left out stays as it
            was in `before`, or is the record's.
        before: what the entry or blog showed up to now.

    Raises:
        Invalid: a name shows nothing or comes twice, there is no such byline or picture, or a picture or link
            differs from the record's.
    """
    if len(wanted) == 1 and wanted[0] == Byline.by_name(line_of(before)) and before:
        wanted = before  # one line of text, sent back as it was read: the parts behind it stay
    known = await bylines.by_ids(connection, (b.id for b in wanted if b.id))
    named = await _by_name(connection, caller, wanted, before, known, at)
    found = [_shown(i, b, before, known, named) for i, b in enumerate(wanted)]
    keys = [name_key(b.name) for b in found]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            said = Message("“%(name)s” is named twice", name=found[index].name)
            raise Invalid.field(f"bylines.{index}", said)
    return tuple(found)


async def _by_name(
    connection: AsyncConnection,
    caller: Caller,
    wanted: Sequence[Byline],
    before: Sequence[Byline],
    known: dict[str, Byline],
    at: datetime,
) -> dict[str, Byline]:
    """The records that are chosen by name, by `name_key`; those that are missing are made."""
    asked: dict[str, tuple[int, Byline]] = {}
    for index, byline in enumerate(wanted):
        if not byline.id:
            name = _named(f"bylines.{index}.name", byline.name)
            asked.setdefault(name_key(name), (index, replace(byline, name=name)))
            await _check_picture(connection, f"bylines.{index}.picture", byline.picture)
    found = await bylines.by_names(connection, (b.name for _, b in asked.values()))
    # in one order in all transactions: two that make the same names must not wait for each other
    for key in sorted(asked.keys() - found.keys()):
        made = _new(asked[key][1])
        if await bylines.insert(connection, made, at):
            await audit.record(connection, caller, "byline_added", at=at, byline=made.id, name=made.name)
    if asked.keys() - found.keys():
        found = await bylines.by_names(connection, (b.name for _, b in asked.values()))
    for key, (index, byline) in sorted(asked.items()):
        found[key] = await _completed(connection, caller, index, byline, found[key], at)
    return found


async def _completed(
    connection: AsyncConnection, caller: Caller, index: int, asked: Byline, record: Byline, at: datetime
) -> Byline:
    """The record, with picture and link that it did not have yet. Raises Invalid where they differ."""
    missing: dict[str, str] = {}
    for part, (no, other) in _DIFFERS.items():
        given, has = getattr(asked, part), getattr(record, part)
        if not given or given == has:
            continue
        if has or not may(caller, Action.BYLINES_MANAGE):
            raise Invalid.field(f"bylines.{index}.{part}", Message(other if has else no, name=record.name))
        missing[part] = given
    if not missing:
        return record
    await audit.record(
        connection, caller, "byline_changed", at=at, byline=record.id, name=record.name, changed=sorted(missing)
    )
    return (await bylines.change(connection, record.id, missing, at)).byline


def _shown(
    index: int, byline: Byline, before: Sequence[Byline], known: dict[str, Byline], named: dict[str, Byline]
) -> Byline:
    record = known.get(byline.id) if byline.id else named[name_key(cleaned(byline.name))]
    earlier = next((b for b in before if b.id == (record.id if record else byline.id)), None)
    # its record was removed: what was published with it stays as it is
    record = record or earlier
    if record is None:
        raise Invalid.field(f"bylines.{index}.id", "there is no such byline")
    left_out = earlier or record
    return replace(
        record,
        role=left_out.role if byline.role is None else byline.role,
        place=left_out.place if byline.place is None else byline.place,
    )


def _new(asked: Byline) -> Byline:
    """The record that a new name begins with."""
    return Byline(
        asked.name, asked.role or "", asked.place or "", asked.picture or "", asked.url or "", id=new_id()
    )


def _named(field: str, name: str) -> str:
    shown = cleaned(name)
    if not shown:
        raise Invalid.field(field, "a byline needs a name that can be seen")
    return shown


def _taken(name: str) -> Conflict:
    return Conflict(Message("there is a byline “%(name)s” already.", name=name), field="name")


async def _check_picture(connection: AsyncConnection, field: str, picture: str | None) -> None:
    if not picture:
        return
    try:
        await media.get(connection, picture)
    except NotFound as error:
        raise Invalid.field(field, "there is no such picture; upload it first") from error
