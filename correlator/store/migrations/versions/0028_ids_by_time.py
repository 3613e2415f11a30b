"""Handovers and messages are named by when they were begun: numbers in a row tell how many others have. What stands
keeps its number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
_NAMED = {"handovers": "id", "customer_messages": "id"}
_NAMING = {
    "handover_versions": "handover_id",
    "handover_tenants": "handover_id",
    "customer_message_steps": "message_id",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's integers are as long as they have to be
    for table, column in {**_NAMED, **_NAMING}.items():
        op.alter_column(table, column, type_=sa.BigInteger())
    for table, column in _NAMED.items():
        op.alter_column(table, column, server_default=None)
        op.execute(f"DROP SEQUENCE {table}_{column}_seq")
