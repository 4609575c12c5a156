"""Topics: a blog has a list of them, and an entry any number of its blog's."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.byline import cleaned, name_key
from server.domain.errors import Invalid
from server.domain.message import Message
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
            raise Invalid.field(f"topics.{index}", Message("“%(name)s” is named twice", name=names[index]))
        if slugs[index] in slugs[:index]:
            other = names[slugs.index(slugs[index])]
            said = Message("“%(name)s” has the same address as “%(other)s”", name=names[index], other=other)
            raise Invalid.field(f"topics.{index}", said)
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
            said = Message("the blog has no topic “%(name)s”; it has none", name=name)
            if offered:
                topics = ", ".join(offered)
                said = Message("the blog has no topic “%(name)s”; it has %(topics)s", name=name, topics=topics)
            raise Invalid.field(f"topics.{index}", said)
    chosen = {name_key(name) for name in wanted}
    return tuple(name for name in offered if name_key(name) in chosen)
