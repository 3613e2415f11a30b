"""Asks in other words, links that show one finding, retry debt by edge, and the numbers of incidents."""

from __future__ import annotations

import json
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "finding_asks",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_texts("actor", "ask", "original"),
        sa.PrimaryKeyConstraint("finding_id", "number", name=op.f("pk_finding_asks")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_asks_finding_id_findings")),
    )
    op.create_table(
        "finding_shares",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        *_texts("made_by", "revoked_by", "note"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("made_at", "expires_at")),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_shares")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_shares_finding_id_findings")),
    )
    op.create_index("ix_finding_shares_finding_id", "finding_shares", ["finding_id", "made_at"])
    op.add_column("incidents", sa.Column("number", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_incidents_number", "incidents", ["number"])
    _edge_debts()


def _edge_debts() -> None:
    debts = op.create_table(
        "edge_debts",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        *_texts("tenant", "job"),
        sa.Column("needed_retry", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("finding_id", "upstream", name=op.f("pk_edge_debts")),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_edge_debts_finding_id_findings"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_edge_debts_needed_retry", "edge_debts", ["needed_retry", "job", "tenant", "upstream"])
    op.create_index("ix_edge_debts_upstream", "edge_debts", ["upstream", "job", "tenant"])
    findings = sa.table("findings", *(sa.column(name) for name in ("id", "tenant", "job", "document", "gone_at")))
    standing = sa.select(findings).where(findings.c.gone_at.is_(None))
    for row in op.get_bind().execute(standing).all():
        laid = Counter(pair["upstream_job"] for pair in json.loads(row.document).get("pairs", ()))
        owed = [
            {"finding_id": row.id, "upstream": job, "tenant": row.tenant, "job": row.job, "needed_retry": number}
            for job, number in laid.items()
            if job
        ]
        if owed:
            op.bulk_insert(debts, owed)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]
