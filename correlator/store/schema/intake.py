"""What came in beside the facts: answers as they came, what could not be used, and how far each source was read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, false

from correlator.store.schema.columns import key, metadata, texts, time

raw_answers = Table(
    "raw_answers",
    metadata,
    *key("source", "fact_id", "sha256"),
    *texts("request", "body"),
    time("fetched_at"),
    Index("ix_raw_answers_fetched_at", "fetched_at"),
)

set_aside = Table(
    "set_aside",
    metadata,
    *key("source", "item_id"),
    *texts("reason", "payload"),
    time("first_at"),
    time("last_at"),
    Index("ix_set_aside_last_at", "last_at"),
)

watermarks = Table("watermarks", metadata, *key("source", "stream"), *texts("position"), time("updated_at"))

backfills = Table(
    "backfills",
    metadata,
    *key("source", "stream"),
    Column("start", BigInteger, primary_key=True),
    Column("until", BigInteger, primary_key=True),
    *texts("position"),  # JSON: where a stopped one goes on
    time("began_at"),
    time("done_at", required=False),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    *key("source", "event_id"),
    Column("delivery_id", Text, nullable=False),
    *texts("event_type", "incident_id", "body"),
    time("occurred_at"),
    time("received_at"),
    time("pulled_at", required=False),  # when a pull asked for what it tells of
    Index("ix_webhook_events_delivery_id", "source", "delivery_id", unique=True),
    Index("ix_webhook_events_received_at", "received_at"),
)

source_status = Table(
    "source_status",
    metadata,
    *key("source"),
    time("last_attempt_at"),
    time("last_good_at", required=False),
    *texts("error", "hint"),
    Column("requests", Integer, nullable=False, default=0),
    *texts("stored"),  # JSON object: kind -> rows stored by the last pull
    Column("repeated", Integer, nullable=False, default=0),
    Column("set_aside", Integer, nullable=False, default=0),
    Column("failures_in_a_row", Integer, nullable=False, default=0),
    time("newest_event_at", required=False),
    *texts("notices", "limits"),  # JSON lists: {text, since}; {name, limit, remaining, resets_at}
    Column("clock_offset_seconds", Float(53)),
    Column("permanent", Boolean, nullable=False, default=False, server_default=false()),
    time("failing_since", required=False),
)
