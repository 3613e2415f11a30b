"""The outbox has one row for each sink and what the note stands on, and knows when a failed one is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TEXTS = ("finding_id", "marker", "text_sha256", "note_id", "state")


def upgrade() -> None:
    op.rename_table("attachments", "attachments_before")
    if op.get_bind().dialect.name == "postgresql":  # an index keeps its name, which the new table wants
        op.execute("ALTER TABLE attachments_before RENAME CONSTRAINT pk_attachments TO pk_attachments_before")
    op.create_table(
        "attachments",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sink", "target", name=op.f("pk_attachments")),
    )
    op.execute(
        "INSERT INTO attachments (sink, target, finding_id, marker, text_sha256, note_id, state, attempts, failures,"
        " last_error, planned_at, updated_at) SELECT 'pagerduty', incident_id, finding_id, marker, text_sha256,"
        " note_id, state, attempts, 0, last_error, updated_at, updated_at FROM attachments_before"
    )
    op.drop_table("attachments_before")
