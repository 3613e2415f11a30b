"""The metrics of a job before its trouble, against the same hours on quiet days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Job
from correlator.history.series import Series
from correlator.model import MetricEvidence
from correlator.statistics.shift import level_shift
from correlator.tables.frames import MICROSECONDS

IntArray = NDArray[np.int64]

HOUR: Final = 3600 * MICROSECONDS


def metrics_before(series: Sequence[Series], job: Job, troubled: IntArray) -> tuple[MetricEvidence, ...]:
    """Each metric of the job before the runs numbered in `troubled`; what moved comes first."""
    rows = []
    for one in series:
        shift = level_shift(one.at, one.value, job.start[troubled], job.start[job.troubled], HOUR, 24 * HOUR)
        if shift is None:
            rows.append(MetricEvidence(one.metric, job.name, False, 0.0, 0.0, 0.0, 0, note="too few points to say"))
            continue
        rows.append(
            MetricEvidence(
                metric=one.metric,
                job=job.name,
                moved=shift.moved,
                score=round(shift.score, 2),
                quiet_median=round(shift.quiet, 4),
                before_median=round(shift.before, 4),
                windows=shift.windows,
                since_minutes=None if shift.since is None else round(shift.since / (60 * MICROSECONDS), 1),
            )
        )
    return tuple(sorted(rows, key=lambda row: (not row.moved, -abs(row.score), row.metric)))
