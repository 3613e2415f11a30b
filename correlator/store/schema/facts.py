"""What the sources tell: a row for each fact, as it is known now."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text

from correlator.store.schema.columns import key, known, metadata, texts, time, written

runs = Table(
    "runs",
    metadata,
    *key("source", "run_id"),
    *texts("logical_run_id", "job", "tenant", "status"),
    Column("attempt", Integer, nullable=False, default=0),
    time("scheduled_at", required=False),
    time("started_at"),
    time("finished_at", required=False),
    *texts("error", "service", "host", "tags"),
    *known(),
    written(),
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_job", "job", "tenant", "started_at"),
    Index("ix_runs_run_id", "run_id"),
    Index("ix_runs_logical_run_id", "logical_run_id"),
    Index("ix_runs_scheduled_at", "job", "tenant", "scheduled_at"),
    Index("ix_runs_written", "source", "written"),
    Index("ix_runs_finished_at", "finished_at"),
    Index("ix_runs_due", "scheduled_at"),
)

metrics = Table(
    "metrics",
    metadata,
    *key("source", "metric", "job", "tenant", "host"),
    Column("at", BigInteger, primary_key=True),
    Column("value", Float(53), nullable=False),
    *texts("tags"),
    *known(),
    written(),
    Index("ix_metrics_at", "at"),
    Index("ix_metrics_of_job", "source", "metric", "job", "tenant", "at"),
    Index("ix_metrics_written", "source", "written"),
)

changes = Table(
    "changes",
    metadata,
    *key("source", "change_id"),
    time("at"),
    *texts("title", "job", "service", "tenant", "tags"),
    *known(),
    Index("ix_changes_at", "at"),
)

monitor_transitions = Table(
    "monitor_transitions",
    metadata,
    *key("source", "event_id"),
    time("at"),
    *texts("monitor_id", "state", "before", "title", "groups", "job", "service", "tenant"),
    *known(),
    Index("ix_monitor_transitions_at", "at"),
    Index("ix_monitor_transitions_job", "tenant", "job", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    *key("source", "incident_id"),
    time("created_at"),
    time("resolved_at", required=False),
    *texts("title", "service", "urgency", "job", "tenant", "url", "status", "tags", "priority", "number"),
    *known(),
    Index("ix_incidents_created_at", "created_at"),
    Index("ix_incidents_number", "number"),
    Index("ix_incidents_incident_id", "incident_id"),
    Index("ix_incidents_job", "job", "tenant", "created_at"),
)

incident_entries = Table(
    "incident_entries",
    metadata,
    *key("source", "entry_id"),
    *texts("incident_id", "kind"),
    time("at"),
    *texts("text"),
    *known(),
    Index("ix_incident_entries_incident_id", "incident_id", "at"),
)

incident_relations = Table(
    "incident_relations",
    metadata,
    *key("source", "incident_id", "kind", "other_id"),
    time("at", required=False),
    *texts("title", "reason"),
    Column("score", Float(53)),
    *known(),
    Index("ix_incident_relations_incident_id", "incident_id"),
)

services = Table(
    "services",
    metadata,
    *key("source", "service_id"),
    *texts("name", "depends_on", "url", "kind"),  # depends_on: JSON list of service ids
    *known(),
)

dependencies = Table(
    "dependencies",
    metadata,
    *key("source", "upstream", "downstream"),
    Column("every_tenant", Boolean, primary_key=True),
    *key("tenant"),
    Column("max_lag_seconds", Float(53)),
    Column("origin", Text, nullable=False, default="declared", server_default="declared"),
    time("since_at"),
    time("ended_at", required=False),  # the edge holds in [since_at, ended_at)
    time("seen_at"),
    *known(),
)

lineage_datasets = Table(
    "lineage_datasets",
    metadata,
    *key("source", "dataset", "job", "tenant"),
    Column("writes", Boolean, primary_key=True),
    time("first_at"),
    time("seen_at"),
)

write_numbers = Table("write_numbers", metadata, *key("source"), Column("last", BigInteger, nullable=False))

known_jobs = Table(
    "known_jobs",
    metadata,
    *key("source", "job", "tenant"),
    Column("runs", BigInteger, nullable=False),
    time("oldest_at"),
    time("newest_at"),
    time("known_at"),
    Index("ix_known_jobs_job", "job", "tenant"),
    Index("ix_known_jobs_tenant", "tenant"),
)

known_metrics = Table("known_metrics", metadata, *key("tenant", "job", "metric", "source"))

fact_revisions = Table(
    "fact_revisions",
    metadata,
    *key("kind", "source", "fact_id"),
    Column("known_at", BigInteger, primary_key=True),
    time("superseded_at"),
    *texts("content"),  # JSON object: the columns as they stood in [known_at, superseded_at)
    Index("ix_fact_revisions_superseded_at", "kind", "superseded_at"),
)
