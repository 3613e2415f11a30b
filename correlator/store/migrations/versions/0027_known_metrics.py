"""Which metrics are measured of which jobs: pages need not go through points of other tenants to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "known_metrics",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("tenant", "job", "metric", "source")),
        sa.PrimaryKeyConstraint("tenant", "job", "metric", "source", name=op.f("pk_known_metrics")),
    )
    op.execute("INSERT INTO known_metrics SELECT DISTINCT tenant, job, metric, source FROM metrics")
