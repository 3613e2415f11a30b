"""The attempts around a finding: of its job, and of the jobs on the path, as plain rows with their logical run's id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from correlator.evidence.aligned import AttemptFacts
from correlator.evidence.rows import AttemptRow, jobs_of
from correlator.history import STATUSES, History, build_history, run_id_of
from correlator.model import Finding, Status
from correlator.tables.frames import NO_TIME, Tables, from_micros


def attempt_rows(tables: Tables, finding: Finding, as_of: int) -> tuple[AttemptRow, ...]:
    """The attempts of these jobs by `as_of` (µs), by job (upstream first), then by run.

    A job without runs in the finding's tenant is read from the unnamed tenant, which feeds all tenants.
    """
    history = build_history(tables, as_of)
    rows: list[AttemptRow] = []
    for job in jobs_of(finding):
        stream = _stream(history, finding.tenant, job)
        if stream is not None:
            rows.extend(_rows_of(history, stream))
    return tuple(rows)


def episode_rows(tables: Tables, finding: Finding, as_of: int) -> tuple[AttemptRow, ...]:
    """The failed attempts of all jobs of the tenant that its episodes name."""
    history = build_history(tables, as_of)
    jobs = sorted({job for episode in finding.episodes for job in episode.jobs} | {finding.job})
    streams = [stream for job in jobs if (stream := _stream(history, finding.tenant, job)) is not None]
    return tuple(row for stream in streams for row in _rows_of(history, stream))


def _stream(history: History, tenant: str, job: str) -> int | None:
    for name in (tenant, ""):
        if name in history.tenants:
            stream = history.stream(history.tenants.index(name), job)
            if stream is not None:
                return stream
    return None


def _rows_of(history: History, stream: int) -> Iterator[AttemptRow]:
    runs = history.runs_of(stream)
    if runs.start == runs.stop:
        return
    first, size = history.runs.first[runs].tolist(), history.runs.size[runs].tolist()
    cells = _Cells.of(history, slice(first[0], first[-1] + size[-1]))
    job = history.jobs[int(history.stream_job[stream])]
    tenant = history.tenants[int(history.stream_tenant[stream])]
    for run, begin, count in zip(range(runs.start, runs.stop), first, size, strict=True):
        logical = run_id_of(history, run)
        for number in range(count):
            yield cells.row(begin - first[0] + number, number + 1, count, (job, tenant, logical))


_CELLS: Final = ("run_id", "scheduled_at", "error", "host", "tags", "known_at")


@dataclass(frozen=True, slots=True)
class _Cells:
    """The columns of some attempts as plain lists: cell by cell a frame is a hundred times slower."""

    columns: dict[str, list[Any]]

    @classmethod
    def of(cls, history: History, places: slice) -> _Cells:
        attempts = history.attempts
        rows = history.tables.runs.iloc[attempts.row[places]]
        columns: dict[str, list[Any]] = {name: rows[name].tolist() for name in _CELLS}
        mine: dict[str, Any] = {
            "number": attempts.number,
            "start": attempts.start,
            "end": attempts.end,
            "status": attempts.status,
        }
        return cls(columns | {name: values[places].tolist() for name, values in mine.items()})

    def row(self, place: int, number: int, of: int, run: tuple[str, str, str]) -> AttemptRow:
        """One attempt; `number` counts where the source gives none."""
        cell = {name: values[place] for name, values in self.columns.items()}
        job, tenant, logical = run
        return AttemptRow(
            job=job,
            tenant=tenant,
            logical_run_id=logical,
            run_id=str(cell["run_id"]),
            attempt=cell["number"] or number,
            attempts=of,
            scheduled_at=_time(cell["scheduled_at"]),
            started_at=cell["start"],
            finished_at=_time(cell["end"]),
            status=STATUSES[cell["status"]].value,
            error=_text(cell["error"]),
            host=_text(cell["host"]),
            url=_url(_text(cell["tags"])),
            arrived_at=_time(cell["known_at"]),
        )


def _time(micros: int) -> int | None:
    return None if micros == NO_TIME else micros


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _url(tags: str) -> str:
    """A run's deep link, where its source gave one as the tag `url`."""
    if '"url"' not in tags:
        return ""
    try:
        url = json.loads(tags).get("url", "")
    except (ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


def attempt_facts(rows: tuple[AttemptRow, ...]) -> dict[str, AttemptFacts]:
    """By logical run id: its first failed attempt (else its first), and how the run ended."""
    by_run: dict[str, list[AttemptRow]] = {}
    for row in rows:
        by_run.setdefault(row.logical_run_id, []).append(row)
    return {logical: _facts(of_run) for logical, of_run in by_run.items()}


def _facts(rows: list[AttemptRow]) -> AttemptFacts:
    shown = next((row for row in rows if row.failed), rows[0])
    passed = any(row.status == Status.SUCCESS for row in rows)
    ended = Status.SUCCESS.value if passed else rows[-1].status
    return AttemptFacts(
        shown.run_id, shown.attempt, len(rows), ended, from_micros(min(row.started_at for row in rows)), shown.host
    )
