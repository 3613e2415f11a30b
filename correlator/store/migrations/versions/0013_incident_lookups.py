"""Incidents are looked up by their id alone, and by the job they name: pages must not go through all of them."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_incidents_incident_id", "incidents", ["incident_id"])
    op.create_index("ix_incidents_job", "incidents", ["job", "tenant", "created_at"])
    op.create_index("ix_incident_relations_incident_id", "incident_relations", ["incident_id"])
