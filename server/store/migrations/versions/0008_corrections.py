"""Corrections that readers see, and versions that are kept out of the public history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("corrections", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("revisions", sa.Column("correction", sa.Text(), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
