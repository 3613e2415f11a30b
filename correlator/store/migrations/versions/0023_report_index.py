"""Reports read what they sum off an index: the days of a month are ten times as long as its sums."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
_COLUMNS = (
    *("month", "tenant", "job", "team", "rule_id", "root_job"),
    *("laid", "runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us"),
)


def upgrade() -> None:
    op.create_index("ix_monthly_sums_report", "monthly_sums", list(_COLUMNS))
