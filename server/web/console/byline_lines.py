"""Roles and places of bylines in one entry, as the form has them: one to a line, `name | role | place`."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.byline import Byline, name_key
from server.domain.errors import Invalid
from server.domain.message import Message

PARTS = ("role", "place")


def of(bylines: Sequence[Byline]) -> str:
    """The lines of the bylines that have a role or a place."""
    detailed = [b for b in bylines if b.role or b.place]
    return "\n".join(f"{b.name} | {b.role or ''} | {b.place or ''}".rstrip() for b in detailed)


def read(text: str, names: Sequence[str], before: Sequence[Byline]) -> list[dict[str, str]]:
    """The bylines of an entry as the API takes them, from their names and the lines. A name without a line has
    what its record says, and nothing where `before`, as the form was loaded, gave it a line.

    Raises:
        Invalid: a line has more parts, its name comes twice or is none of the bylines.
    """
    made = {name_key(name): {"name": name} for name in names}
    for byline in before:
        if (byline.role or byline.place) and name_key(byline.name) in made:
            made[name_key(byline.name)] |= dict.fromkeys(PARTS, "")
    seen: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, *parts = [part.strip() for part in line.split("|")]
        key = name_key(name)
        if len(parts) > len(PARTS):
            raise _wrong(number, Message("more than name | role | place"))
        if key not in made:
            raise _wrong(number, Message("“%(name)s” is none of the bylines above", name=name))
        if key in seen:
            raise _wrong(number, Message("“%(name)s” comes twice", name=name))
        seen.add(key)
        made[key] |= dict(zip(PARTS, parts, strict=False))
    # a name that was typed twice stays so: the newsroom says what is wrong with it
    return [dict(made[name_key(name)]) for name in names]


def _wrong(number: int, said: str) -> Invalid:
    place = Message("line %(n)s", n=str(number))
    return Invalid.field("byline_parts", Message("%(place)s: %(message)s", place=place, message=said))
