"""What the pages of rules and actions ask: a finding's rule, replays of the rules, and how each sink stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _rule_of_findings()
    op.create_index("ix_actions_state", "actions", ["state", "proposed_at"])
    op.create_index("ix_actions_finding_id", "actions", ["finding_id", "proposed_at"])
    op.create_table(
        "rule_replays",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *_texts("state", "asked_by", "basis", "rules", "detail"),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("step_seconds", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        *(sa.Column(n, sa.BigInteger(), nullable=True) for n in ("started_at", "finished_at", "window_start")),
        sa.Column("window_end", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_replays")),
    )
    op.create_index("ix_rule_replays_state", "rule_replays", ["state", "id"])
    op.create_table(
        "rule_firings",
        sa.Column("replay_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_texts("rule_id", "tenant", "job", "finding_id", "verdict", "outcome", "next_rule", "ask"),
        sa.Column("noise", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("held_from", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("said_at", "until_at")),
        sa.PrimaryKeyConstraint("replay_id", "number", name=op.f("pk_rule_firings")),
        sa.ForeignKeyConstraint(
            ["replay_id"],
            ["rule_replays.id"],
            name=op.f("fk_rule_firings_replay_id_rule_replays"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_rule_firings_rule_id", "rule_firings", ["replay_id", "rule_id", "held_from"])
    op.create_table(
        "sink_status",
        *_texts("sink", "error", "hint"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sink", name=op.f("pk_sink_status")),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]


def _rule_of_findings() -> None:
    op.add_column("findings", sa.Column("rule_id", sa.Text(), nullable=False, server_default=""))
    findings = sa.table("findings", sa.column("document"), sa.column("rule_id"))
    postgres = op.get_bind().dialect.name == "postgresql"
    parsed = sa.cast(findings.c.document, sa.JSON) if postgres else sa.type_coerce(findings.c.document, sa.JSON)
    rule_id = parsed[("rule", "rule_id")].as_string()
    op.execute(findings.update().values(rule_id=sa.func.coalesce(rule_id, "")))
    op.create_index("ix_findings_rule_id", "findings", ["gone_at", "rule_id", "updated_at"])
