"""How often each rule would have been said, and how often that was noise, is counted on an index alone."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    columns = ["replay_id", "rule_id", "said_at", "noise", "until_at", "finding_id", "tenant"]
    op.create_index("ix_rule_firings_counted", "rule_firings", columns)
