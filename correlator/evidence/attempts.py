"""The attempts around a finding: of its job, and of the jobs on the path, as plain rows with their logical run's id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from correlator.evidence.aligned import AttemptFacts
from correlator.evidence.rows import AttemptRow, jobs_of
from correlator.history.building import build_history
from correlator.history.columns import STATUSES, History
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
    first, size = history.runs.first[runs], history.runs.size[runs]
    columns = _columns(history, slice(int(first[0]), int(first[-1] + size[-1])))
    names = (history.jobs[int(history.stream_job[stream])], history.tenants[int(history.stream_tenant[stream])])
    attempts = zip(*columns, strict=True)
    for count in size.tolist():
        logical = ""
        for number in range(1, count + 1):
            cells = next(attempts)
            logical = logical or cells[0] or cells[1]
            yield _row(names, logical, cells, number, count)


_CELLS: Final = ("logical_run_id", "run_id", "scheduled_at", "error", "host", "tags", "known_at")


def _columns(history: History, places: slice) -> list[list[Any]]:
    """The cells of some attempts as plain lists, `_CELLS` first: cell by cell a frame is a hundred times slower."""
    attempts = history.attempts
    rows = history.tables.runs.iloc[attempts.row[places]]
    mine = (attempts.number, attempts.start, attempts.end, attempts.status)
    return [*(rows[name].tolist() for name in _CELLS), *(values[places].tolist() for values in mine)]


def _row(names: tuple[str, str], logical: str, cells: tuple[Any, ...], number: int, of: int) -> AttemptRow:
    """One attempt; `number` counts where the source gives none."""
    _, run_id, scheduled, error, host, tags, known, own_number, start, end, status = cells
    return AttemptRow(
        *names,
        logical,
        run_id,
        attempt=own_number or number,
        attempts=of,
        scheduled_at=_time(scheduled),
        started_at=start,
        finished_at=_time(end),
        status=STATUSES[status].value,
        error=_text(error),
        host=_text(host),
        url=_url(_text(tags)),
        arrived_at=_time(known),
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
