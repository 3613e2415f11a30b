"""Part 4: exact ids and aligned times, in UTC, with links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from correlator.evidence.aligned import AlignedRun, AttemptFacts
from correlator.evidence.blocks import Block, Cell, Paragraph, Part, Table, missing
from correlator.evidence.words import status_words
from correlator.model import Cause, Episode, Finding, Pair
from correlator.text.quantities import duration, one_line, plural

SHOWN = 25


def runs(finding: Finding, aligned: Sequence[AlignedRun]) -> Part:
    title = "Exact ids and aligned times"
    if not aligned:
        nothing = missing("No failed run is attributed to a cause, so there is nothing to align.")
        return Part(title, (nothing, *_episodes(finding)))
    latest = aligned[-SHOWN:]
    above = _above(latest) if finding.cause is Cause.UPSTREAM else {}
    tables = [_upstream_table(finding, above)] if above else []
    blocks: list[Block] = [Paragraph(_words(finding, aligned)), *tables, _failed_table(finding, latest, list(above))]
    return Part(title, (*blocks, *_episodes(finding)))


def _words(finding: Finding, aligned: Sequence[AlignedRun]) -> str:
    words = "All times are event times in UTC."
    if finding.cause is Cause.UPSTREAM:
        words += (
            f" The lag counts from the start of the {finding.root_job} run to the start of the run that failed."
            " Where the first trouble comes after the failure, the run failed because that run was not ready yet."
        )
    words += f" {_arrivals(aligned)}"
    if len(aligned) > SHOWN:
        words += f" These are the last {SHOWN} of {plural(len(aligned), 'run')}; all of them stand in aligned.csv."
    return words


def _arrivals(aligned: Sequence[AlignedRun]) -> str:
    """What is to be said about arrival times beside, or instead of, a column of them."""
    times = {row.arrived_at for row in aligned[-SHOWN:]}
    if times == {None}:
        return "When the failures became known is not recorded for a history read from files."
    if len(times) == 1:
        return f"This program learned of all these failures at once, {_time(times.pop())}."
    return "Arrived: when this program learned of the failure."


def _above(aligned: Sequence[AlignedRun]) -> dict[str, AlignedRun]:
    """The upstream runs, each once, in order of the failures that stood on them."""
    found: dict[str, AlignedRun] = {}
    for row in aligned:
        if row.pair.upstream_logical_run_id:
            found.setdefault(row.pair.upstream_logical_run_id, row)
    return found


def _upstream_table(finding: Finding, above: dict[str, AlignedRun]) -> Table:
    headers = ("no.", f"{finding.root_job} run", "attempts", "started", "first trouble", "ready at", "error")
    rows = tuple(
        (
            Cell(f"U{number}"),
            _run(logical, row.upstream, row.upstream_url),
            Cell(str(row.upstream.attempts) if row.upstream else "—"),
            Cell(_time(row.upstream.started_at if row.upstream else None, absent="—")),
            Cell(_time(row.pair.upstream_failed_at, absent="none: it was late")),
            Cell(_time(row.pair.upstream_ready_at, absent="not yet")),
            Cell(_text(row.pair.upstream_error)),
        )
        for number, (logical, row) in enumerate(above.items(), 1)
    )
    return Table(headers, rows, f"The runs of {finding.root_job} that were late or failed")


def _failed_table(finding: Finding, aligned: Sequence[AlignedRun], above: list[str]) -> Table:
    arrived, stood = len({row.arrived_at for row in aligned}) > 1, finding.cause is Cause.UPSTREAM
    headers = ("run", "failed at", *(["stood on", "lag"] if stood else []), "attempt", "run ended")
    rows = tuple(_failed(row, _stood_on(row.pair, above) if stood else (), arrived) for row in aligned)
    caption = f"The failed runs of {finding.job} attributed to the cause"
    return Table((*headers, *(["arrived"] if arrived else []), "error"), rows, caption)


def _stood_on(pair: Pair, above: list[str]) -> tuple[str, str]:
    """The number of the upstream run in the table above, and the lag; or since when that run is waited for."""
    if pair.upstream_due_at:
        return f"one due {_time(pair.upstream_due_at)}, not seen yet", _lag(None)
    upstream = pair.upstream_logical_run_id
    return f"U{above.index(upstream) + 1}" if upstream in above else "—", _lag(pair.lag_seconds)


def _failed(row: AlignedRun, stood: tuple[str, ...], arrived: bool) -> tuple[Cell, ...]:
    attempt = f"{row.failed.attempt or 1} of {row.failed.attempts}" if row.failed else "1"
    ended = status_words(row.failed.ended) if row.failed else "—"
    known = [_time(row.arrived_at, absent="—")] if arrived else []
    cells = [_time(row.pair.failed_at, absent="—"), *stood, attempt, ended, *known, _text(row.pair.error)]
    return (_run(row.pair.logical_run_id, row.failed, row.url), *(Cell(text) for text in cells))


def _run(logical: str, facts: AttemptFacts | None, url: str) -> Cell:
    """The run's id as its source shows it: the failed attempt's own id where it is known, else the logical one."""
    return Cell(one_line(facts.run_id if facts else logical, 120), url, mono=True)


def _text(error: str | None) -> str:
    return one_line(error or "none recorded", 120)


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
