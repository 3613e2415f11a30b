"""The runs of one job of one tenant, as a table of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from correlator.store.arrow import fetch_columns
from correlator.store.database import reading
from correlator.store.frames import STRADDLE
from correlator.store.schema import runs
from correlator.store.shaping import column_types, shaped
from correlator.tables.checking import empty_frame
from correlator.tables.frames import Tables
from correlator.tables.layout import CHANGES, INCIDENTS, METRICS, RUNS
from correlator.text.times import micros


def read_stream(engine: Engine, tenant: str, job: str, begin: datetime, as_of: datetime) -> Tables:
    """All attempts of the job that began in `[begin, as_of]`, and those before that its runs may have begun with."""
    types = column_types(RUNS)
    mine = (runs.c.job == job, runs.c.tenant == tenant)
    window = (runs.c.started_at >= micros(begin) - STRADDLE, runs.c.started_at <= micros(as_of))
    statement = select(*(runs.c[name] for name in types)).where(*mine, *window)
    with reading(engine) as connection:
        columns = fetch_columns(connection, statement, list(types.values()))
    metrics, changes, incidents = (empty_frame(layout) for layout in (METRICS, CHANGES, INCIDENTS))
    return Tables(shaped(columns, RUNS), metrics, changes, incidents)
