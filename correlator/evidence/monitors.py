"""Which monitors changed their state shortly before the failures attributed to a cause: seen by somebody else's watch,
and no cause in themselves. Out of the store, without the numerical libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import Engine, Row, select

from correlator.model import Finding, MonitorSeen
from correlator.settings import Settings
from correlator.store.database import reading
from correlator.store.schema import monitor_transitions
from correlator.text.links import monitor_link
from correlator.text.times import micros, moment

BEFORE: Final = timedelta(hours=1)
AFTER: Final = timedelta(minutes=15)
"""A monitor that looks at the last quarter of an hour alerts up to so long after what it saw."""
SHOWN: Final = 8
_READ: Final = 2000
_TROUBLE: Final = ("alert", "warn", "no data")
_DATADOG: Final = "datadog"


def with_monitors(
    engine: Engine, settings: Settings | None, findings: Sequence[Finding], known_by: datetime
) -> tuple[Finding, ...]:
    """The findings with the monitors that saw trouble near their failures, as the store had them; without `settings`
    they have no links. Raises StoreError."""
    with reading(engine) as connection:
        if connection.execute(select(monitor_transitions.c.event_id).limit(1)).first() is None:
            return tuple(findings)
    return tuple(_beside(engine, settings, finding, known_by) for finding in findings)


def _beside(engine: Engine, settings: Settings | None, finding: Finding, known_by: datetime) -> Finding:
    seen = monitors_of(engine, settings, finding, known_by)
    return replace(finding, monitors=seen) if seen else finding


def monitors_of(
    engine: Engine, settings: Settings | None, finding: Finding, known_by: datetime
) -> tuple[MonitorSeen, ...]:
    """Those about the jobs on the path, or about no job, that saw trouble near most failures first. Raises StoreError.

    `known_by`: what came in later is left out.
    """
    failed = sorted({pair.failed_at for pair in finding.pairs if pair.failed_at is not None})
    if not failed:
        return ()
    by_monitor: dict[tuple[str, str, str], list[Row[Any]]] = {}
    for row in _rows(engine, finding, failed, known_by):
        by_monitor.setdefault((row.source, row.monitor_id, row.state), []).append(row)
    seen = (_seen(settings, rows, failed) for rows in by_monitor.values())
    near = [one for one in seen if one is not None]
    return tuple(sorted(near, key=lambda one: (-one.failures, one.title, one.monitor_id, one.state))[:SHOWN])


def _rows(engine: Engine, finding: Finding, failed: Sequence[datetime], known_by: datetime) -> Sequence[Row[Any]]:
    table = monitor_transitions
    statement = select(table).where(
        table.c.at.between(micros(failed[0] - BEFORE), micros(failed[-1] + AFTER)),
        table.c.known_at <= micros(known_by),
        table.c.state.in_(_TROUBLE),
        table.c.tenant.in_(sorted({"", finding.tenant})),
        table.c.job.in_(sorted({"", finding.job, finding.root_job or "", *finding.path})),
    )
    with reading(engine) as connection:
        return connection.execute(statement.order_by(table.c.at.desc(), table.c.event_id).limit(_READ)).all()


def _seen(settings: Settings | None, rows: Sequence[Row[Any]], failed: Sequence[datetime]) -> MonitorSeen | None:
    """One monitor in one state; None where it saw nothing near a failure."""
    times = [moment(row.at) for row in rows]
    ahead = [lead for at in failed if (lead := _lead(at, times)) is not None]
    if not ahead:
        return None
    last = rows[0]
    url = monitor_link(settings, last.monitor_id, times[0]) if settings is not None and last.source == _DATADOG else ""
    return MonitorSeen(
        monitor_id=last.monitor_id,
        title=last.title,
        state=last.state,
        job=last.job,
        failures=len(ahead),
        of=len(failed),
        minutes_before=round(median(ahead), 1),
        last_at=times[0],
        url=url,
    )


def _lead(failed_at: datetime, times: Iterable[datetime]) -> float | None:
    """Minutes from the change of state to the failure, of the one nearest to it; None where none is near."""
    near = [(failed_at - at).total_seconds() / 60 for at in times if failed_at - BEFORE <= at <= failed_at + AFTER]
    return min(near, key=abs, default=None)
