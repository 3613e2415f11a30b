"""When monitors changed their state: facts a finding may point to, and no changes that somebody made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TEXTS = ("monitor_id", "state", "before", "title", "groups", "job", "service", "tenant")


def upgrade() -> None:
    op.create_table(
        "monitor_transitions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_monitor_transitions")),
    )
    op.create_index("ix_monitor_transitions_at", "monitor_transitions", ["at"])
