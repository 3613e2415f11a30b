"""Which metrics are measured of which jobs of which tenants: kept with every write of points, so that nobody has to go
through points, and through those of other tenants, to tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Engine, select

from correlator.store.database import reading
from correlator.store.inserting import insert_into
from correlator.store.kinds import Row
from correlator.store.schema import known_metrics as table

_KEY = ("tenant", "job", "metric", "source")


def note_metrics(connection: Connection, source: str, new: Iterable[Row]) -> None:
    """Enter whose points were written."""
    found = {(row["tenant"], row["job"], row["metric"], source) for row in new}
    rows = [dict(zip(_KEY, one, strict=True)) for one in sorted(found)]
    connection.execute(insert_into(connection, table).on_conflict_do_nothing(), rows)


def metrics_of(engine: Engine, tenant: str, jobs: Sequence[str]) -> list[tuple[str, str]]:
    """(job, metric) of what is measured of these jobs of the tenant, or of no tenant, each once."""
    wanted = table.c.tenant.in_(sorted({tenant, ""})), table.c.job.in_(list(jobs))
    with reading(engine) as connection:
        rows = connection.execute(select(table.c.job, table.c.metric).where(*wanted).distinct())
        return sorted((row.job, row.metric) for row in rows)
