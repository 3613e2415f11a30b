"""What one on-call engineer leaves to the next, and messages to customers with every step they took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _handovers()
    _messages()
    op.create_index("ix_findings_verdict", "findings", ["gone_at", "verdict", "changed_at"])


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *_texts("scope", "author", "acknowledged_by", "read_back"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open_for", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_open_for", "handovers", ["open_for"], unique=True)
    op.create_table(
        "handover_versions",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data_as_of", sa.BigInteger(), nullable=True),
        *_texts("author", "words", "facts"),
        sa.PrimaryKeyConstraint("handover_id", "version", name=op.f("pk_handover_versions")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_handover_versions_handover_id_handovers")
        ),
    )

    op.create_table(
        "handover_tenants",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("handover_id", "tenant", name=op.f("pk_handover_tenants")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_handover_tenants_handover_id_handovers")
        ),
    )


def _messages() -> None:
    op.create_table(
        "customer_messages",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *_texts(
            "finding_id", "tenant", "state", "text", "facts", "approved_by", "approved_sha256", "sent_by", "channel"
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open_for", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("data_as_of", sa.BigInteger(), nullable=True),
        sa.Column("next_update_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_messages")),
    )
    op.create_index("ix_customer_messages_open_for", "customer_messages", ["open_for"], unique=True)
    op.create_index("ix_customer_messages_finding_id", "customer_messages", ["finding_id"])
    op.create_index("ix_customer_messages_sent_at", "customer_messages", ["sent_at"])
    op.create_table(
        "customer_message_steps",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_texts("step", "actor", "words", "text"),
        sa.PrimaryKeyConstraint("message_id", "number", name=op.f("pk_customer_message_steps")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["customer_messages.id"],
            name=op.f("fk_customer_message_steps_message_id_customer_messages"),
        ),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]
