"""Who has a blog's page open in the console, and which entry they write in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("tab", sa.String(length=64), nullable=False),
        sa.Column("blog_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blog_id"], ["blogs.id"], name=op.f("fk_presence_blog_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "tab", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_blog_id", "presence", ["blog_id"])
