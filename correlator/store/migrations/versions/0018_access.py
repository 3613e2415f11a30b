"""Who may come in, who is in, and what they did: API tokens, sessions, and the audit log, which is only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *_texts("actor", "via", "role", "action", "target", "details"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])
    op.create_index("ix_audit_target", "audit", ["target", "id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        *_texts("name", "sha256", "role", "created_by"),
        sa.Column("tenants", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=True) for n in ("expires_at", "revoked_at", "last_used_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("sha256", sa.Text(), nullable=False),
        *_texts("actor", "claims"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("began_at", "seen_at", "until_at")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_web_sessions")),
    )
    op.create_index("ix_web_sessions_until_at", "web_sessions", ["until_at"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]
