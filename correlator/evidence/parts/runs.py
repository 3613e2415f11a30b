"""Part 4: exact ids and aligned times, in UTC, with links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from correlator.evidence.aligned import AlignedRun, AttemptFacts
from correlator.evidence.blocks import Block, Cell, Paragraph, Part, Table, missing
from correlator.evidence.words import status_words
from correlator.model import Cause, Episode, Finding
from correlator.quantities import duration, one_line, plural

SHOWN = 25


def runs(finding: Finding, aligned: Sequence[AlignedRun]) -> Part:
    title = "Exact ids and aligned times"
    if not aligned:
        return Part(
            title, (missing("No failed run is laid to a cause, so there is nothing to align."), *_episodes(finding))
        )
    upstream = finding.cause is Cause.UPSTREAM
    table = _upstream_table(finding, aligned) if upstream else _own_table(aligned)
    return Part(title, (Paragraph(_words(aligned)), table, *_episodes(finding)))


def _words(aligned: Sequence[AlignedRun]) -> str:
    arrival = "Event times in UTC; arrived is when this program learned of the failure."
    if not any(row.arrived_at for row in aligned):
        arrival = "Event times in UTC; arrival times are not known for a history read from files."
    if len(aligned) <= SHOWN:
        return arrival
    return f"{arrival} The last {SHOWN} of {plural(len(aligned), 'run')}; all of them stand in aligned.csv."


def _upstream_table(finding: Finding, aligned: Sequence[AlignedRun]) -> Table:
    headers = (
        f"{finding.root_job} run",
        "its trouble",
        "ready at",
        f"{finding.job} run",
        "attempt",
        "failed at",
        "lag",
        "arrived",
        "error",
    )
    rows = tuple(
        (
            _run(row.pair.upstream_logical_run_id or "", row.upstream, row.upstream_url),
            Cell(_trouble(row)),
            Cell(_time(row.pair.upstream_ready_at, absent="never")),
            *_failed(row),
            Cell(_lag(row.pair.lag_seconds)),
            Cell(_time(row.arrived_at, absent="—")),
            Cell(_error(row)),
        )
        for row in aligned[-SHOWN:]
    )
    return Table(headers, rows, numeric=frozenset({6}))


def _own_table(aligned: Sequence[AlignedRun]) -> Table:
    rows = tuple(
        (*_failed(row), Cell(_time(row.arrived_at, absent="—")), Cell(_ended(row.failed)), Cell(_error(row)))
        for row in aligned[-SHOWN:]
    )
    return Table(("run", "attempt", "failed at", "arrived", "run ended", "error"), rows)


def _failed(row: AlignedRun) -> tuple[Cell, Cell, Cell]:
    attempt = f"{row.failed.attempt or 1} of {row.failed.attempts}" if row.failed else "1"
    run = _run(row.pair.logical_run_id, row.failed, row.url)
    return run, Cell(attempt), Cell(_time(row.pair.failed_at, absent="—"))


def _run(logical: str, facts: AttemptFacts | None, url: str) -> Cell:
    """The run's id as its source shows it: the failed attempt's own id where it is known, else the logical one."""
    return Cell(one_line(facts.run_id if facts else logical, 120), url, mono=True)


def _trouble(row: AlignedRun) -> str:
    at = row.pair.upstream_failed_at
    if at is None:
        return "late"
    error = one_line(row.pair.upstream_error or "failed", 80)
    return f"{_time(at)}: {error}"


def _ended(facts: AttemptFacts | None) -> str:
    return status_words(facts.ended) if facts else "—"


def _error(row: AlignedRun) -> str:
    return one_line(row.pair.error or "no error text", 120)


def _lag(seconds: float | None) -> str:
    return "—" if seconds is None else duration(seconds)


def _time(at: datetime | None, absent: str = "") -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else absent


def _episodes(finding: Finding) -> list[Block]:
    if not finding.episodes:
        return []
    headers = ("outage from", "to", "jobs hit", "failures", "expected", "which jobs")
    rows = tuple(_episode(episode) for episode in finding.episodes)
    return [Table(headers, rows, "Outages that hit several jobs at once (UTC)", frozenset({2, 3, 4}))]


def _episode(episode: Episode) -> tuple[Cell, ...]:
    expected = "—" if episode.expected_failures is None else f"{episode.expected_failures:.1f}"
    names = ", ".join(episode.jobs[:12]) + (f" and {len(episode.jobs) - 12} more" if len(episode.jobs) > 12 else "")
    counts = (str(len(episode.jobs)), str(episode.failures), expected)
    return (Cell(_time(episode.start)), Cell(_time(episode.end)), *(Cell(count) for count in counts), Cell(names))
