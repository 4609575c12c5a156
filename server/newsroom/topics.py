"""Topics: a blog has a list of them, and an entry any number of its blog's."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.byline import cleaned, name_key
from server.domain.errors import Invalid
from server.domain.topic import slug_of


def of_blog(wanted: Sequence[str]) -> tuple[str, ...]:
    """The topics as they are kept. Raises Invalid for one that shows nothing or comes twice."""
    names = [cleaned(name) for name in wanted]
    keys = [name_key(name) for name in names]
    slugs = [slug_of(name) for name in names]
    for index, key in enumerate(keys):
        if not key:
            raise Invalid.field(f"topics.{index}", "a topic needs a name that can be seen")
        if key in keys[:index]:
            raise Invalid.field(f"topics.{index}", f"“{names[index]}” is named twice")
        if slugs[index] in slugs[:index]:
            other = names[slugs.index(slugs[index])]
            raise Invalid.field(f"topics.{index}", f"“{names[index]}” has the same address as “{other}”")
    return tuple(names)


def of_entry(wanted: Sequence[str], offered: Sequence[str], *, before: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of the blog's topics that `wanted` names, in the blog's order and spelling.

    Args:
        offered: the blog's topics.
        before: the entry's topics up to now. Of these, one that the blog no longer has falls away.

    Raises:
        Invalid: the blog has no such topic.
    """
    keys = {name_key(name) for name in offered}
    earlier = {name_key(name) for name in before}
    for index, name in enumerate(wanted):
        if name_key(name) not in keys | earlier:
            has = f"it has {', '.join(offered)}" if offered else "it has none"
            raise Invalid.field(f"topics.{index}", f"the blog has no topic “{name}”; {has}")
    chosen = {name_key(name) for name in wanted}
    return tuple(name for name in offered if name_key(name) in chosen)
