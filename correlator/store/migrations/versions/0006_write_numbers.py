"""Which write put a row as it stands, and what a look leaves behind: what is new needs no search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table in ("runs", "metrics"):
        op.add_column(table, sa.Column("written", sa.BigInteger(), server_default="0", nullable=False))
        op.create_index(f"ix_{table}_written", table, ["source", "written"], unique=False)
    op.create_index("ix_runs_finished_at", "runs", ["finished_at"], unique=False)
    op.create_index("ix_runs_due", "runs", ["scheduled_at"], unique=False)
    op.create_table(
        "write_numbers",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_write_numbers")),
    )
    op.create_table(
        "job_scopes",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_scopes")),
    )
    op.create_table(
        "last_look",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), server_default="", nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_last_look")),
    )
