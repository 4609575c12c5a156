"""Where an entry went that was moved to another blog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("moved_to", sa.String(length=32), nullable=True))
