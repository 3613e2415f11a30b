"""What goes out: notes, status updates and actions; and how the sinks and the rules did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false

from correlator.store.schema.columns import key, metadata, texts, time

attachments = Table(
    "attachments",
    metadata,
    *key("sink", "target"),
    *texts("finding_id", "marker", "text_sha256", "note_id", "state"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    *texts("last_error"),
    time("planned_at"),
    time("updated_at"),
    time("next_at", required=False),
)

status_updates = Table(
    "status_updates",
    metadata,
    *key("incident_id", "text_sha256"),
    *texts("state", "last_error"),
    time("updated_at"),
)

actions = Table(
    "actions",
    metadata,
    *key("id"),
    *texts("finding_id", "rule_id", "kind", "target", "state", "request", "answer"),  # request: JSON object
    Column("most_per_hour", Integer, nullable=False),
    time("proposed_at"),
    time("sent_at", required=False),
    Index("ix_actions_state", "state", "proposed_at"),
    Index("ix_actions_finding_id", "finding_id", "proposed_at"),
)

action_steps = Table(
    "action_steps",
    metadata,
    Column("action_id", Text, ForeignKey("actions.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    time("at"),
    *texts("step", "actor", "words"),
)

rule_replays = Table(
    "rule_replays",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *texts("state", "asked_by", "basis", "rules", "detail"),  # rules: JSON object, id -> version, in their order
    Column("days", Integer, nullable=False),
    Column("step_seconds", Integer, nullable=False),
    Column("looks", Integer, nullable=False, default=0, server_default="0"),
    time("asked_at"),
    *(time(name, required=False) for name in ("started_at", "finished_at", "window_start", "window_end")),
    Index("ix_rule_replays_state", "state", "id"),
)

rule_firings = Table(
    "rule_firings",
    metadata,
    Column("replay_id", Integer, ForeignKey("rule_replays.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    *texts("rule_id", "tenant", "job", "finding_id", "verdict", "outcome", "next_rule", "ask"),
    Column("noise", Boolean, nullable=False, default=False, server_default=false()),
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    time("held_from"),
    *(time(name, required=False) for name in ("said_at", "until_at")),
    Index("ix_rule_firings_rule_id", "replay_id", "rule_id", "held_from"),
    Index(
        "ix_rule_firings_counted",
        *("replay_id", "rule_id", "said_at", "noise", "until_at", "finding_id", "tenant"),
    ),
)

sink_status = Table(
    "sink_status",
    metadata,
    *key("sink"),
    *texts("error", "hint"),
    time("at"),
    time("failing_since", required=False),
)
