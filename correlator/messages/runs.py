"""Which runs of a job were hit, and which of them finished later. Pure, and without the numerical libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from correlator.messages.facts import Hit
from correlator.model import FAILURES, Attempt, Status


def hits_of(attempts: Sequence[Attempt]) -> tuple[Hit, ...]:
    """The runs among the attempts of one job of one tenant that failed or timed out first, oldest first.

    Attempts without a logical run and a schedule stand alone: of these the next run that finished is told.
    """
    ordered = sorted(attempts, key=lambda one: (one.started_at, one.attempt or 0, one.run_id))
    groups: dict[str, list[Attempt]] = {}
    for attempt in ordered:
        groups.setdefault(_key(attempt), []).append(attempt)
    passed = sorted(_end(one) for one in ordered if one.status is Status.SUCCESS)
    found = (_hit(key, group, passed) for key, group in groups.items() if group[0].status in FAILURES)
    return tuple(sorted(found, key=lambda hit: (hit.failed_at, hit.key)))


def runs_in(attempts: Iterable[Attempt]) -> int:
    """How many runs the attempts belong to."""
    return len({_key(attempt) for attempt in attempts})


def _key(attempt: Attempt) -> str:
    if attempt.logical_run_id:
        return attempt.logical_run_id
    return f"@{attempt.scheduled_at.isoformat()}" if attempt.scheduled_at else attempt.run_id


def _hit(key: str, group: Sequence[Attempt], passed: Sequence[datetime]) -> Hit:
    first, alone = group[0], not (group[0].logical_run_id or group[0].scheduled_at)
    done = [_end(one) for one in group if one.status is Status.SUCCESS]
    later = [at for at in passed if at > _end(first)] if alone else []
    return Hit(
        key,
        first.scheduled_at or first.started_at,
        _end(first),
        min([*done, *later[:1]], default=None),
        later=bool(later) and not done,
        running=not done and any(one.status is Status.RUNNING for one in group),
    )


def _end(attempt: Attempt) -> datetime:
    return attempt.finished_at or attempt.started_at
