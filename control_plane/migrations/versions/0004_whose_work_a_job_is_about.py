"""The person whose work a job is about, who need not be the one who asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward. Until now everybody was taken to ask about their own work."""
    op.add_column("jobs", sa.Column("about", sa.String(length=256), nullable=True))
    op.execute("UPDATE jobs SET about = user_id")
    op.create_index("ix_jobs_about", "jobs", ["about", "room_id"], unique=False)


def downgrade() -> None:
    """Go one step back."""
    op.drop_index("ix_jobs_about", table_name="jobs")
    op.drop_column("jobs", "about")
