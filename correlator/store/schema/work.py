"""Who is at work."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table

from correlator.store.schema.columns import key, metadata, texts, time

job_runs = Table(
    "job_runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *texts("name"),
    time("started_at"),
    time("finished_at", required=False),
    Column("ok", Boolean),
    *texts("detail"),
    Index("ix_job_runs_name", "name", "started_at"),
)

wakes = Table("wakes", metadata, *key("source"), time("asked_at"))  # sources to be pulled now, not at the next tick

leases = Table("leases", metadata, *key("name"), *texts("holder"), time("until"))
