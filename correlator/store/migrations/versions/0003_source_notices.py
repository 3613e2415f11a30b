"""What a source degrades to, its rate limits and clock, and since when it fails and needs a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("source_status", sa.Column("notices", sa.Text(), server_default="", nullable=False))
    op.add_column("source_status", sa.Column("limits", sa.Text(), server_default="", nullable=False))
    op.add_column("source_status", sa.Column("clock_offset_seconds", sa.Float(precision=53), nullable=True))
    op.add_column("source_status", sa.Column("permanent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("source_status", sa.Column("failing_since", sa.BigInteger(), nullable=True))
