"""One failed job with everything that was found out about it: what the parts of a finding are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from correlator.engine.causes import Causes
from correlator.engine.episodes import SharedEpisode
from correlator.engine.established import Laid
from correlator.engine.metrics_before import metrics_before
from correlator.engine.pipeline import Job, Pipeline
from correlator.engine.roots import Roots
from correlator.engine.scope import Scopes
from correlator.engine.verdicts import Decision
from correlator.history.columns import History
from correlator.history.series import SeriesIndex
from correlator.model import Cause, MetricEvidence

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """One failed job with everything that was found out about it."""

    history: History
    series: SeriesIndex
    pipeline: Pipeline
    roots: Roots
    index: int
    causes: Causes
    decision: Decision
    episodes: tuple[SharedEpisode, ...]
    texts: NDArray[np.object_]
    scopes: Scopes

    @property
    def job(self) -> Job:
        return self.pipeline.jobs[self.index]

    @property
    def main(self) -> Laid | None:
        return self.decision.main

    @property
    def root(self) -> Job | None:
        """The job in which the trouble starts, where the verdict names one."""
        if self.main is None or self.main.cause is Cause.SHARED:
            return None
        return self.job if self.main.root is None else self.pipeline.jobs[self.main.root]

    @cached_property
    def metric_evidence(self) -> tuple[MetricEvidence, ...]:
        """What the root's metrics did before its trouble: for the finding, and for its layers."""
        if self.root is None or not self.laid.any():
            return ()
        return metrics_before(self.series.of(self.pipeline.tenant, self.root.name), self.root, self.troubled_runs)

    @cached_property
    def laid(self) -> BoolArray:
        """The failed runs attributed to the main cause."""
        return np.zeros(len(self.job.due), bool) if self.main is None else self.main.runs & self.causes.failed

    @cached_property
    def troubled_runs(self) -> IntArray:
        """The runs in which the main cause showed, by their number within the root: behind laid failures, where the
        cause lies upstream, and else the laid failures themselves."""
        if self.main is not None and self.main.cause is Cause.UPSTREAM:
            return np.unique(self.causes.exposure.root_run[self.laid])
        return np.flatnonzero(self.laid)
