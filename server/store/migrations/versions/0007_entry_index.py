"""Published entries are found by topic and by their words."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Any

import sqlalchemy as sa
from alembic import op

from server.domain.topic import slug_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TAG = re.compile(r"<[^>]*>")
MAX_SEARCHED = 20_000
CHUNK = 500
"""Rows that are read and written at once."""


def upgrade() -> None:
    for name, column in (("entry_topics", "slug"), ("entry_words", "words")):
        keys = ("entry_id", "slug") if column == "slug" else ("entry_id",)
        op.create_table(
            name,
            sa.Column("entry_id", sa.String(length=32), nullable=False),
            sa.Column("blog_id", sa.String(length=32), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column(column, sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(
                ["entry_id"], ["entries.id"], name=op.f(f"fk_{name}_entry_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")),
        )
    op.create_index("ix_entry_topics_number", "entry_topics", ["blog_id", "slug", "number"])
    op.create_index("ix_entry_words_number", "entry_words", ["blog_id", "number"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    statement = (
        sa.select(_ENTRIES).where(_ENTRIES.c.status == "published").order_by(_ENTRIES.c.id).limit(CHUNK)
    )
    rows = connection.execute(statement).all()
    while rows:
        words, topics = [], []
        for row in rows:
            place = {"entry_id": row.id, "blog_id": row.blog_id, "number": row.number}
            words.append(place | {"words": _searched(row.content)})
            named = {slug_of(topic) for topic in row.content["topics"]}
            topics += [place | {"slug": slug} for slug in sorted(named)]
        connection.execute(_WORDS.insert(), words)
        if topics:
            connection.execute(_TOPICS.insert(), topics)
        rows = connection.execute(statement.where(_ENTRIES.c.id > rows[-1].id)).all()


def _searched(content: dict[str, Any]) -> str:
    """About what text/search.py keeps of an entry; the next edit puts its own in its place."""
    parts = [content["title"], *(b["name"] for b in content["bylines"])]
    for block in content["blocks"]:
        texts = (str(block.get(name, "")) for name in ("html", "cite", "caption", "title"))
        parts += [unescape(_TAG.sub(" ", text)) for text in texts]
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", " ".join(parts)).casefold())
    kept = "".join(c for c in plain if unicodedata.category(c)[0] != "M" and c != "\u0640")
    return " ".join(kept.split())[:MAX_SEARCHED]


def _columns(*more: str) -> list[sa.ColumnClause[object]]:
    names = ("entry_id", "blog_id", "number", *more)
    return [sa.column(name) for name in names]


_ENTRIES = sa.table(
    "entries", sa.column("id", sa.String), sa.column("blog_id", sa.String), sa.column("status", sa.String),
    sa.column("number", sa.Integer), sa.column("content", sa.JSON),
)
_WORDS = sa.table("entry_words", *_columns("words"))
_TOPICS = sa.table("entry_topics", *_columns("slug"))
