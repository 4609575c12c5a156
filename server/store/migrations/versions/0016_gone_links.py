"""Links that were gone before revision 0010 are looked up again too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # in a string such quotation marks are escaped, so this finds the field alone
    op.execute(
        sa.text(
            "INSERT INTO link_checks (entry_id, blog_id, tries, at) "
            "SELECT id, blog_id, 0, updated_at FROM entries WHERE status = 'published' "
            "AND (CAST(content AS TEXT) LIKE :spaced OR CAST(content AS TEXT) LIKE :compact) "
            "AND id NOT IN (SELECT entry_id FROM link_checks)"
        ).bindparams(spaced='%"unavailable": true%', compact='%"unavailable":true%')
    )
