"""The bundle's CSV tables: the same rows as the packet's tables and pictures, for a spreadsheet.

A cell that a spreadsheet would take for a formula gets an apostrophe in front; `history/` holds the exact values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from correlator.evidence.aligned import AlignedRun
from correlator.evidence.rows import AttemptRow, jobs_of
from correlator.model import Finding, iso
from correlator.tables.frames import NO_TIME, Tables
from correlator.tables.writing import iso_texts

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def runs_csv(rows: Sequence[AttemptRow], links: Mapping[str, str]) -> bytes:
    """Every attempt of the jobs concerned. `links` are addresses by run id, beside those that came with the runs."""
    headers = (
        *("job", "tenant", "logical_run_id", "run_id", "attempt", "attempts", "status", "scheduled_at", "started_at"),
        *("finished_at", "host", "error", "url"),
    )
    times = zip(*(_iso_all(row_times) for row_times in _times_of(rows)), strict=True)
    return _csv(headers, (_attempt(row, when, links) for row, when in zip(rows, times, strict=True)))


def _times_of(rows: Sequence[AttemptRow]) -> tuple[list[int | None], ...]:
    return [row.scheduled_at for row in rows], [row.started_at for row in rows], [row.finished_at for row in rows]


def _iso_all(times: Sequence[int | None]) -> list[str]:
    return [text or "" for text in iso_texts(np.array([NO_TIME if at is None else at for at in times], np.int64))]


def _attempt(row: AttemptRow, times: tuple[str, ...], links: Mapping[str, str]) -> tuple[object, ...]:
    run = (row.job, row.tenant, row.logical_run_id, row.run_id, row.attempt, row.attempts, row.status)
    return (*run, *times, row.host, row.error, row.url or links.get(row.run_id, ""))


def aligned_csv(aligned: Sequence[AlignedRun]) -> bytes:
    """Every failed run attributed to the cause, beside the upstream run it stood on."""
    headers = (
        *("upstream_job", "upstream_logical_run_id", "upstream_run_id", "upstream_failed_at", "upstream_ready_at"),
        *("upstream_due_at", "upstream_error", "upstream_url", "logical_run_id", "run_id", "attempt", "attempts"),
        *("ended", "failed_at", "arrived_at", "lag_seconds", "error", "url"),
    )
    return _csv(headers, (_aligned(row) for row in aligned))


def _aligned(row: AlignedRun) -> tuple[object, ...]:
    pair, failed, above = row.pair, row.failed, row.upstream
    upstream = (pair.upstream_job, pair.upstream_logical_run_id, above.run_id if above else None)
    times = (_iso(at) for at in (pair.upstream_failed_at, pair.upstream_ready_at, pair.upstream_due_at))
    said = (pair.upstream_error, row.upstream_url)
    attempt = (failed.run_id, failed.attempt, failed.attempts, failed.ended) if failed else (None, None, None, None)
    rest = (_iso(pair.failed_at), _iso(row.arrived_at), pair.lag_seconds, pair.error, row.url)
    return (*upstream, *times, *said, pair.logical_run_id, *attempt, *rest)


def metrics_csv(tables: Tables, finding: Finding) -> bytes:
    """Every point of the metrics that were compared."""
    frame = tables.metrics
    names = {(metric.metric, metric.job) for metric in finding.metrics}
    wanted = frame["metric"].isin({name for name, _ in names})
    wanted &= frame["job"].isin({job for _, job in names} | {""}) | frame["job"].isna()
    wanted &= frame["tenant"].isin({finding.tenant, ""})
    return _frame(frame[wanted], ("at", "metric", "job", "tenant", "host", "value"), ("at",))


def incidents_csv(tables: Tables, finding: Finding) -> bytes:
    """Incidents of this tenant, or about the jobs concerned."""
    columns = ("created_at", "resolved_at", "incident_id", "title", "service", "urgency", "job", "tenant", "url")
    return _frame(_concerned(tables.incidents, finding), columns, ("created_at", "resolved_at"))


def changes_csv(tables: Tables, finding: Finding, links: Mapping[str, str]) -> bytes:
    """Changes of the jobs concerned, and those that name no job. `links` are addresses by change id."""
    columns = ("at", "change_id", "title", "job", "service", "tenant", "url")
    concerned = _concerned(tables.changes, finding)
    urls = [links.get(str(change_id), "") for change_id in concerned["change_id"]]
    return _frame(concerned.assign(url=urls), columns, ("at",))


def _concerned(frame: pd.DataFrame, finding: Finding) -> pd.DataFrame:
    jobs, tenants = frame["job"].astype(str), frame["tenant"].astype(str)
    return frame[jobs.isin([*jobs_of(finding), ""]) & tenants.isin([finding.tenant, ""])]


def _frame(frame: pd.DataFrame, columns: tuple[str, ...], times: tuple[str, ...]) -> bytes:
    ordered = frame.sort_values([times[0], columns[1]], kind="stable")
    values = [_times(ordered[name]) if name in times else _plain(ordered[name]) for name in columns]
    return _written(columns, zip(*values, strict=True))


def _times(column: pd.Series) -> list[str]:
    return [text or "" for text in iso_texts(column.to_numpy())]


def _plain(column: pd.Series) -> list[object]:
    """A column as cells, made safe; labels once for all rows."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        labels = [_safe(label) for label in column.cat.categories] + [""]  # code -1 is a cell that holds nothing
        return [labels[code] for code in column.cat.codes.tolist()]
    if column.dtype.kind == "f":
        return ["" if value != value else value for value in column.tolist()]
    return ["" if value is None or value != value else _safe(value) for value in column.tolist()]


def _iso(at: datetime | None) -> str:
    return iso(at) if at else ""


def _csv(headers: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    return _written(headers, ([_safe(value) for value in row] for row in rows))


def _written(headers: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """As CSV; cells are safe already."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8", errors="replace")


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
