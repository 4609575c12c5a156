"""Addresses that blogs had before, which lead to the one that they have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "old_slugs",
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("blog_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["blog_id"], ["blogs.id"], name=op.f("fk_old_slugs_blog_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_old_slugs")),
    )
    op.create_index("ix_old_slugs_blog_id", "old_slugs", ["blog_id"])
