"""A note on a job for its effect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.add_column("jobs", sa.Column("noted", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("jobs", "noted")
