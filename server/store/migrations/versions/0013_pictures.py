"""Pictures that are found, edited and removed everywhere; the audience by minute."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.add_column("media", sa.Column("focal_x", sa.Float(), nullable=True))
    op.add_column("media", sa.Column("focal_y", sa.Float(), nullable=True))
    op.add_column(
        "media", sa.Column("source_sha256", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("media", sa.Column("words", sa.Text(), nullable=False, server_default=""))
    _fill_words()
    op.create_index(op.f("ix_media_sha256"), "media", ["sha256"])
    op.create_index(op.f("ix_media_source_sha256"), "media", ["source_sha256"])
    _removed_pictures()
    _audience()


def _fill_words() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT id, alt, caption, credit FROM media")).all()
    for row in found:
        # as text/search.py folds them today; a picture that is edited is folded anew
        plain = unicodedata.normalize("NFKD", " ".join((row.alt, row.caption, row.credit)).casefold())
        words = " ".join("".join(c for c in plain if unicodedata.category(c)[0] != "M").split())
        statement = sa.text("UPDATE media SET words = :words WHERE id = :id")
        connection.execute(statement, {"words": words, "id": row.id})


def _removed_pictures() -> None:
    op.create_table(
        "removed_pictures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_pictures")),
    )
    for column in ("at", "sha256", "source_sha256"):
        op.create_index(op.f(f"ix_removed_pictures_{column}"), "removed_pictures", [column])


def _audience() -> None:
    op.create_table(
        "audience",
        sa.Column("blog_id", sa.String(length=32), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.Column("sse", sa.Integer(), nullable=False),
        sa.Column("websocket", sa.Integer(), nullable=False),
        sa.Column("polling", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blog_id"], ["blogs.id"], name=op.f("fk_audience_blog_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("blog_id", "minute", "process", name=op.f("pk_audience")),
    )
    op.create_index("ix_audience_minute", "audience", ["minute"])
