"""Which stretch of time the timeline shows close up: where the story can be seen best."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from correlator.evidence.rows import AttemptRow
from correlator.model import Cause, Finding
from correlator.text.times import micros

_HOUR: Final = 3_600_000_000
LONGEST: Final = 24 * _HOUR


def close_up(finding: Finding, rows: Sequence[AttemptRow]) -> tuple[int, int] | None:
    """`[start, end)` in microseconds, at most a day; None when there is nothing to show."""
    times = moments(finding, rows)
    if not times:
        return None
    start, end = _densest(times)
    near = [
        row for row in rows if start - _HOUR <= (row.finished_at or row.started_at) and row.started_at <= end + _HOUR
    ]
    spans = [(row.started_at, row.finished_at or row.started_at) for row in near]
    low = max(min([start, *(first for first, _ in spans)]), start - 3 * _HOUR)
    high = min(max([end, *(last for _, last in spans)]), end + 3 * _HOUR)
    margin = max((high - low) // 25, 120_000_000)
    return low - margin, high + margin


def moments(finding: Finding, rows: Sequence[AttemptRow]) -> list[int]:
    """The moments worth seeing: pairs attributed to the cause, else episodes and onset, else the job's failures."""
    if finding.cause is Cause.SHARED and finding.episodes:
        worst = max(finding.episodes, key=lambda episode: (episode.failures, episode.start))
        return [micros(worst.start), micros(worst.end)]
    if finding.cause is Cause.SELF and finding.onset:
        near = timedelta(hours=10)
        return [micros(finding.onset - near / 2), micros(finding.onset + near)]
    paired = [micros(at) for pair in finding.pairs for at in (pair.upstream_failed_at, pair.failed_at) if at]
    failures = [row.finished_at or row.started_at for row in rows if row.failed and row.job == finding.job]
    return sorted(paired or failures)


def _densest(times: list[int]) -> tuple[int, int]:
    """The stretch of at most `LONGEST` that holds most moments; of equals, the latest."""
    best = (0, 0, 0)
    first = 0
    for last, end in enumerate(times):
        while end - times[first] > LONGEST - 6 * _HOUR:
            first += 1
        best = max(best, (last - first + 1, end, times[first]))
    return best[2], best[1]
