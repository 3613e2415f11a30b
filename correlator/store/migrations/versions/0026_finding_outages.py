"""Which outages shared findings are attributed to: the overview tells one outage in one line, however many jobs it
hit."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    outages = op.create_table(
        "finding_outages",
        sa.Column("finding_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("began_at", "ended_at")),
        sa.Column("scope", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in ("tenant", "job")),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("finding_id", "began_at", "ended_at", "scope", name=op.f("pk_finding_outages")),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_finding_outages_finding_id_findings"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_finding_outages_began_at", "finding_outages", ["began_at", "ended_at", "scope", "tenant", "job", "failed"]
    )
    names = ("id", "tenant", "job", "cause", "verdict", "document", "gone_at")
    findings = sa.table("findings", *(sa.column(name) for name in names))
    shared = sa.select(findings).where(
        findings.c.gone_at.is_(None), findings.c.cause == "shared", findings.c.verdict == "systemic"
    )
    for row in op.get_bind().execute(shared).all():
        about = {"finding_id": row.id, "tenant": row.tenant, "job": row.job}
        if found := [about | one for one in _outages(json.loads(row.document))]:
            op.bulk_insert(outages, found)


def _outages(document: dict[str, Any]) -> list[dict[str, Any]]:
    failed = [_micros(pair["failed_at"]) for pair in document.get("pairs", ()) if pair.get("failed_at")]
    found = []
    for one in document.get("episodes", ()):
        began, ended = _micros(one["start"]), _micros(one["end"])
        times = {"began_at": began, "ended_at": ended, "scope": one["scope"]}
        found.append(times | {"failed": sum(began <= at <= ended for at in failed)})
    return found


def _micros(text: str) -> int:
    at = datetime.fromisoformat(text)
    return int(at.timestamp()) * 1_000_000 + at.microsecond
