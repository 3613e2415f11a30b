"""What retries cost, as columns of a finding: jobs are listed by it without reading every document."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("findings", sa.Column("needed_retry", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("findings", sa.Column("minutes_burnt", sa.Float(53), nullable=False, server_default="0"))
    findings = sa.table("findings", *(sa.column(name) for name in ("document", "needed_retry", "minutes_burnt")))
    debt = _debt(findings.c.document)
    op.execute(
        findings.update().values(
            needed_retry=sa.func.coalesce(debt["needed_retry"].as_integer(), 0),
            minutes_burnt=sa.func.coalesce(debt["minutes_burnt"].as_float(), 0.0),
        )
    )
    for name in ("needed_retry", "minutes_burnt"):
        op.create_index(f"ix_findings_{name}", "findings", ["gone_at", name, "job", "tenant"])


def _debt(document: sa.ColumnElement[Any]) -> Any:
    """The document's retry debt; PostgreSQL has to be told that the text is JSON, SQLite reads it as it is."""
    postgres = op.get_bind().dialect.name == "postgresql"
    parsed = sa.cast(document, sa.JSON) if postgres else sa.type_coerce(document, sa.JSON)
    return parsed["retry_debt"]
