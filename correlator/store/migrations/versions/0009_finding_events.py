"""What became of a finding, step by step (rows are added and never changed), and how far the watch of a fix is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    texts = ("actor", "step", "reason", "details")
    op.create_table(
        "finding_events",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in texts),
        sa.PrimaryKeyConstraint("finding_id", "number", name=op.f("pk_finding_events")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_events_finding_id_findings")),
    )
    op.create_table(
        "finding_watches",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_finding_watches")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_watches_finding_id_findings")),
    )
