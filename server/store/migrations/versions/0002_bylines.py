"""Bylines become lists, each name kept once; blogs and entries have topics, entries a language.

What stood in a byline is taken as one name, as it was: nobody can say for sure where several begin and end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from server.domain.byline import cleaned, name_key
from server.domain.position import new_id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHUNK = 500
"""Rows that are read and written at once."""

Json = dict[str, Any]
Bylines = list[dict[str, str]]


def upgrade() -> None:
    op.create_table(
        "bylines",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("picture", sa.String(length=32)),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture"], ["media.id"], name=op.f("fk_bylines_picture"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bylines")),
        sa.UniqueConstraint("name_key", name=op.f("uq_bylines_name_key")),
    )
    op.create_table(
        "blog_media",
        sa.Column("blog_id", sa.String(length=32), nullable=False),
        sa.Column("media_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["blog_id"], ["blogs.id"], name=op.f("fk_blog_media_blog_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_blog_media_media_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("blog_id", "media_id", name=op.f("pk_blog_media")),
    )
    op.create_index("ix_blog_media_media_id", "blog_media", ["media_id"])
    # SQLite adds no column without a default to rows that are there, and to rebuild the table would delete
    # every entry that refers to it (ON DELETE CASCADE)
    for name in ("bylines", "topics"):
        op.add_column("blogs", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    _rewrite(Names(op.get_bind()))
    op.drop_column("blogs", "byline")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("bylines", "topics"):
            op.alter_column("blogs", name, server_default=None)


class Names:
    """The records, made as their names are met."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._at = datetime.now(UTC)
        self._known: dict[str, Json] = {}

    def of(self, text: str) -> Bylines:
        """The bylines that this text becomes: none, or one."""
        name = cleaned(text)
        if not name:
            return []
        key = name_key(name)
        if key not in self._known:
            record = {"id": new_id(), "name": name, "role": "", "place": "", "picture": "", "url": ""}
            moment = {"created_at": self._at, "updated_at": self._at}
            self.connection.execute(
                _BYLINES.insert().values(record | moment | {"name_key": key, "picture": None})
            )
            self._known[key] = record
        return [self._known[key] | {"name": name}]


def _rewrite(names: Names) -> None:
    for row in names.connection.execute(sa.select(_BLOGS.c.id, _BLOGS.c.byline)).all():
        names.connection.execute(
            sa.update(_BLOGS).where(_BLOGS.c.id == row.id).values(bylines=names.of(row.byline))
        )

    def entry(content: Json) -> Json:
        found = names.of(content.get("byline", ""))
        return content | {"bylines": found, "byline": _line(found), "topics": [], "language": None}

    def blog(content: Json) -> Json:
        found = names.of(content.get("byline", ""))
        return content | {"bylines": found, "byline": _line(found), "topics": []}

    _each(names.connection, _ENTRIES, ("id",), entry)
    _each(names.connection, _REVISIONS, ("entry_id", "revision"), entry)
    _each(names.connection, _BLOG_REVISIONS, ("blog_id", "revision"), blog)


def _each(
    connection: sa.Connection, table: sa.TableClause, keys: tuple[str, ...], change: Callable[[Json], Json]
) -> None:
    columns = [table.c[key] for key in keys]
    write = sa.update(table).where(*(c == sa.bindparam(f"key_{c.name}") for c in columns))
    write = write.values(content=sa.bindparam("changed", type_=sa.JSON()))
    for rows in _chunks(connection, table, columns):
        connection.execute(write, [
            {f"key_{key}": getattr(row, key) for key in keys} | {"changed": change(row.content)} for row in rows
        ])


def _chunks(
    connection: sa.Connection, table: sa.TableClause, columns: list[sa.ColumnClause[Any]]
) -> Iterator[list[sa.Row[Any]]]:
    """All rows in the order of their key: a newsroom of years does not fit into memory at once."""
    statement = sa.select(*columns, table.c.content).order_by(*columns).limit(CHUNK)
    rows: list[sa.Row[Any]] = list(connection.execute(statement))
    while rows:
        yield rows
        last = sa.tuple_(*(sa.literal(getattr(rows[-1], c.name), c.type) for c in columns))
        rows = list(connection.execute(statement.where(sa.tuple_(*columns) > last)))


def _line(bylines: Bylines) -> str:
    return ", ".join(b["name"] for b in bylines)


_BLOGS = sa.table(
    "blogs", sa.column("id", sa.String), sa.column("byline", sa.Text), sa.column("bylines", sa.JSON)
)
_BYLINES = sa.table(
    "bylines", sa.column("id", sa.String), sa.column("name", sa.Text), sa.column("name_key", sa.Text),
    sa.column("role", sa.Text), sa.column("place", sa.Text), sa.column("picture", sa.String),
    sa.column("url", sa.Text), sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)
_ENTRIES = sa.table("entries", sa.column("id", sa.String), sa.column("content", sa.JSON))
_REVISIONS = sa.table(
    "revisions", sa.column("entry_id", sa.String), sa.column("revision", sa.Integer),
    sa.column("content", sa.JSON),
)
_BLOG_REVISIONS = sa.table(
    "blog_revisions", sa.column("blog_id", sa.String), sa.column("revision", sa.Integer),
    sa.column("content", sa.JSON),
)
