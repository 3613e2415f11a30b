"""Edges with their origin, and since when and until when each of them holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("dependencies") as table:
        table.add_column(sa.Column("origin", sa.Text(), server_default="declared", nullable=False))
        table.add_column(sa.Column("since_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("seen_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE dependencies SET since_at = known_at, seen_at = revised_at")
    with op.batch_alter_table("dependencies") as table:
        table.alter_column("since_at", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("seen_at", existing_type=sa.BigInteger(), nullable=False)
