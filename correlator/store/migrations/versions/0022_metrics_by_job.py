"""The points of a job's metric in a stretch of time, over all hosts: pages draw them without reading all there are."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_index("ix_metrics_of_job", "metrics", ["source", "metric", "job", "tenant", "at"])
