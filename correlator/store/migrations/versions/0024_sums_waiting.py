"""Sums are counted part by part: what still waits is kept, so that a count that was cut goes on. What came in is found
by its time, to be let go of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "sums_waiting",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("month", "tenant", "job")),
        sa.Column("days", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("month", "tenant", "job", name=op.f("pk_sums_waiting")),
    )
    op.create_index("ix_raw_answers_fetched_at", "raw_answers", ["fetched_at"])
    op.create_index("ix_set_aside_last_at", "set_aside", ["last_at"])
