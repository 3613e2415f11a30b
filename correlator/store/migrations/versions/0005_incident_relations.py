"""Priorities of incidents, incidents related to them, kinds of services, webhooks, and sources to be pulled at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("priority", sa.Text(), server_default="", nullable=False))
    op.add_column("services", sa.Column("kind", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "incident_relations",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("revised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "incident_id", "kind", "other_id", name=op.f("pk_incident_relations")),
    )
    op.create_table(
        "webhook_events",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), server_default="", nullable=False),
        sa.Column("incident_id", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("pulled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_delivery_id", "webhook_events", ["source", "delivery_id"], unique=True)
    op.create_index("ix_webhook_events_received_at", "webhook_events", ["received_at"], unique=False)
    op.create_table(
        "wakes",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_wakes")),
    )
    op.create_table(
        "status_updates",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "text_sha256", name=op.f("pk_status_updates")),
    )
