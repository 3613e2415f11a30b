"""Changes of the root or the job shortly before the trouble began."""

from __future__ import annotations

from typing import Final

from correlator.engine.case import Case
from correlator.model import Change, NearbyChange
from correlator.tables.frames import MICROSECONDS

CHANGES_WITHIN: Final = 24 * 3600 * MICROSECONDS


def nearby_changes(case: Case, onset: int | None) -> tuple[NearbyChange, ...]:
    """Changes of the root or the job within a day before the onset, or before the first failure attributed to the
    cause."""
    moment = onset
    if moment is None:
        if not case.laid.any():
            return ()
        moment = int(case.job.start[case.laid].min())
    names = {case.job.name, None} | ({case.root.name} if case.root is not None else set())
    found = case.history.changes.between(case.job.tenant, moment - CHANGES_WITHIN, moment)
    rows = [_nearby(change, (moment - at) / (60 * MICROSECONDS)) for at, change in found if change.job in names]
    return tuple(sorted(rows, key=lambda row: (row.minutes_before_onset, row.change_id)))


def _nearby(change: Change, minutes: float) -> NearbyChange:
    return NearbyChange(change.change_id, change.at, change.title, change.job, round(minutes, 1))
