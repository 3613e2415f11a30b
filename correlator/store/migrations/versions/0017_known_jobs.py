"""Which jobs ran where, how often and from when to when: pages need not go through all runs to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "known_jobs",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("oldest_at", sa.BigInteger(), nullable=False),
        sa.Column("newest_at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "job", "tenant", name=op.f("pk_known_jobs")),
    )
    op.create_index("ix_known_jobs_job", "known_jobs", ["job", "tenant"])
    op.create_index("ix_known_jobs_tenant", "known_jobs", ["tenant"])
    op.execute(
        "INSERT INTO known_jobs SELECT source, job, tenant, count(*), min(started_at), max(started_at), max(revised_at)"
        " FROM runs GROUP BY source, job, tenant"
    )
