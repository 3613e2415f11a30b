"""Where each quoted fact can be opened, and when it became known: out of the store, without the numerical libraries.

A run's link is what its source gave with it; one that came without gets the search of its logs. Metrics and changes are
opened where they were read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Select, select

from correlator.evidence.provenance import metric_key
from correlator.model import Finding
from correlator.settings import Settings
from correlator.store.database import reading
from correlator.store.quoted import quoted_runs
from correlator.store.schema import changes, metrics, runs
from correlator.text.links import event_link, metric_link, run_link
from correlator.text.times import moment

_DATADOG = "datadog"
_COLUMNS = tuple(
    runs.c[name] for name in ("source", "run_id", "job", "tenant", "started_at", "finished_at", "tags", "known_at")
)


def links_and_arrivals(
    engine: Engine, settings: Settings, finding: Finding, names: Sequence[str]
) -> tuple[dict[str, str], dict[str, datetime]]:
    """By run id: the address of the attempts of these logical runs (or runs), and when they came. Links also by change
    id and by `metric_key`. Raises StoreError."""
    links: dict[str, str] = {}
    arrivals: dict[str, datetime] = {}
    for row in quoted_runs(engine, names, *_COLUMNS):
        arrivals[row.run_id] = moment(row.known_at)
        if url := _run_link(settings, row):
            links[row.run_id] = url
    return {**links, **dict(_others(engine, settings, finding))}, arrivals


def _run_link(settings: Settings, row: Row[Any]) -> str:
    tags = json.loads(row.tags or "{}")
    if url := tags.get("url"):
        return str(url)
    if row.source != _DATADOG:
        return ""
    return run_link(settings, row.job, row.tenant, tags, moment(row.started_at), moment(row.finished_at))


def _others(engine: Engine, settings: Settings, finding: Finding) -> Iterator[tuple[str, str]]:
    """Links of the metrics and changes that were read from Datadog."""
    ids = [change.change_id for change in finding.changes]
    of_changes = select(changes.c.change_id).where(changes.c.source == _DATADOG, changes.c.change_id.in_(ids))
    with reading(engine) as connection:
        known = {name for name, job in _places(finding) if connection.execute(_one_point(name, job)).first()}
        found = list(connection.execute(of_changes).scalars()) if ids else []
    around = _around(finding)
    if around is not None:
        for one in finding.metrics:
            if one.metric in known:
                yield (
                    metric_key(one.metric, one.job),
                    metric_link(settings, one.metric, one.job, finding.tenant, *around),
                )
    for change_id in sorted(found):
        yield change_id, event_link(settings, change_id)


def _places(finding: Finding) -> list[tuple[str, str]]:
    """The metrics by name with the jobs that each may be measured of; "" is the platform's."""
    jobs = {"", *(metric.job for metric in finding.metrics)}
    return sorted({(metric.metric, job) for metric in finding.metrics for job in jobs})


def _one_point(metric: str, job: str) -> Select[Any]:
    """Whether there is any: a metric has as many points as the history is long. In the order of an index, or PostgreSQL
    thinks it quicker to look through all of them for the first."""
    mine = (metrics.c.source == _DATADOG, metrics.c.metric == metric, metrics.c.job == job)
    return select(metrics.c.metric).where(*mine).order_by(metrics.c.tenant, metrics.c.at).limit(1)


def _around(finding: Finding) -> tuple[datetime, datetime] | None:
    """The latest trouble: from the upstream's failure to the run that failed."""
    dated = [pair for pair in finding.pairs if pair.failed_at is not None]
    if not dated:
        return None
    last = max(dated, key=lambda pair: (pair.failed_at, pair.logical_run_id))
    assert last.failed_at is not None
    return min(last.upstream_failed_at or last.failed_at, last.failed_at), last.failed_at
