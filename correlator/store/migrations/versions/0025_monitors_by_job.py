"""A finding asks which monitors of its jobs saw trouble in its weeks: read off an index, not out of all monitors."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index("ix_monitor_transitions_job", "monitor_transitions", ["tenant", "job", "at"])
