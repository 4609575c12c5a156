"""Notes for the newsroom: several on an entry, one on a blog for who comes next; and when a blog is planned to
end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("internal_notes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("blogs", sa.Column("handover", sa.Text(), nullable=False, server_default=""))
    op.add_column("blogs", sa.Column("handover_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("blogs", sa.Column("handover_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("blogs", sa.Column("planned_end", sa.DateTime(timezone=True), nullable=True))
