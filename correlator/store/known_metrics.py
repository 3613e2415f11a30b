"""Which metrics are measured of which jobs of which tenants: kept with every write of points, so that nobody has to go
through points, and through those of other tenants, to tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from correlator.store.database import reading
from correlator.store.kinds import Row
from correlator.store.schema import known_metrics as table

_KEY = ("tenant", "job", "metric", "source")


def note_metrics(connection: Connection, source: str, new: Iterable[Row]) -> None:
    """Enter whose points were written."""
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    found = {(row["tenant"], row["job"], row["metric"], source) for row in new}
    rows = [dict(zip(_KEY, one, strict=True)) for one in sorted(found)]
    connection.execute(kind.insert(table).on_conflict_do_nothing(), rows)


def metrics_of(engine: Engine, tenant: str, jobs: Sequence[str]) -> list[tuple[str, str]]:
    """(job, metric) of what is measured of these jobs of the tenant, or of no tenant, each once."""
    wanted = table.c.tenant.in_(sorted({tenant, ""})), table.c.job.in_(list(jobs))
    with reading(engine) as connection:
        rows = connection.execute(select(table.c.job, table.c.metric).where(*wanted).distinct())
        return sorted((row.job, row.metric) for row in rows)
