"""When verdicts were last made is said on every page: it is read off an index, not off all findings."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index("ix_findings_updated_at", "findings", ["updated_at"])
