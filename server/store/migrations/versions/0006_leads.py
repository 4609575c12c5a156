"""Blogs have a lead picture or video, a closing summary and a link to what follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blogs", sa.Column("lead", sa.JSON()))
    op.add_column("blogs", sa.Column("closing_summary", sa.Text(), nullable=False, server_default=""))
    op.add_column("blogs", sa.Column("successor", sa.JSON()))
