"""What the write probe writes, and indexes for what pages and lists ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_entries_pinned", "status = 'published' AND pinned"),
    ("ix_entries_key", "status = 'published' AND key"),
)


def upgrade() -> None:
    op.create_table(
        "write_probes",
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.Column("filling", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_write_probes")),
    )
    for name, where in PARTIAL:
        op.create_index(
            name, "entries", ["blog_id", "number"],
            sqlite_where=sa.text(where), postgresql_where=sa.text(where),
        )
    op.create_index("ix_entries_listed", "entries", ["blog_id", "created_at", "id"])
    op.create_index("ix_entries_status", "entries", ["blog_id", "status", "created_at", "id"])
