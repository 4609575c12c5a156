"""Why a contribution was sent back, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("entries", sa.Column("note_by", sa.Text(), nullable=False, server_default=""))
