"""What people write, who may come in, and what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from correlator.store.schema.columns import key, metadata, texts, time

_ID = BigInteger().with_variant(Integer, "sqlite")
"""When it was begun, in microseconds, or a later one that is free: numbers in a row would tell how many others have."""

handovers = Table(
    "handovers",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),
    *texts("scope", "author", "acknowledged_by", "read_back"),  # scope: JSON, the tenants it is about; null: all
    Column("version", Integer, nullable=False),
    Column("open_for", Text),  # the scope, until it is acknowledged: one at a time
    time("begun_at"),
    time("acknowledged_at", required=False),
    Index("ix_handovers_open_for", "open_for", unique=True),
)

handover_versions = Table(
    "handover_versions",
    metadata,
    Column("handover_id", _ID, ForeignKey("handovers.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    time("at"),
    time("data_as_of", required=False),
    *texts("author", "words", "facts"),  # words: JSON object, by section; facts: JSON, the data they were written from
)

handover_tenants = Table(
    "handover_tenants",
    metadata,
    Column("handover_id", _ID, ForeignKey("handovers.id"), primary_key=True),
    *key("tenant"),  # of whom it may tell; none where it is about all
)

customer_messages = Table(
    "customer_messages",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),
    *texts("finding_id", "tenant", "state", "text", "facts", "approved_by", "approved_sha256", "sent_by", "channel"),
    Column("version", Integer, nullable=False),
    Column("open_for", Text),  # the finding, until it is sent or dropped: one at a time
    time("begun_at"),
    time("updated_at"),
    time("data_as_of", required=False),
    time("next_update_at", required=False),
    time("sent_at", required=False),
    Index("ix_customer_messages_open_for", "open_for", unique=True),
    Index("ix_customer_messages_finding_id", "finding_id"),
    Index("ix_customer_messages_sent_at", "sent_at"),
)

customer_message_steps = Table(
    "customer_message_steps",
    metadata,
    Column("message_id", _ID, ForeignKey("customer_messages.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    time("at"),
    *texts("step", "actor", "words", "text"),
)

saved_questions = Table(
    "saved_questions",
    metadata,
    *key("id"),
    *texts("name", "query", "tenant", "made_by", "changed_by"),  # query: the address of the answer, behind its `?`
    time("made_at"),
    time("changed_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    time("at"),
    *texts("actor", "via", "role", "action", "target", "details"),  # details: JSON object
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_action", "action", "id"),
    Index("ix_audit_target", "target", "id"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    *key("id"),
    *texts("name", "sha256", "role", "created_by"),
    Column("tenants", Text),  # JSON list; NULL: all tenants
    time("created_at"),
    time("expires_at", required=False),
    time("revoked_at", required=False),
    time("last_used_at", required=False),  # to the hour
)

web_sessions = Table(
    "web_sessions",
    metadata,
    *key("sha256"),
    *texts("actor", "claims"),  # claims: JSON object, what the provider said of the person
    time("began_at"),
    time("seen_at"),
    time("until_at"),
    Index("ix_web_sessions_until_at", "until_at"),
)
