"""Where else it happens: the same job in every tenant."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from correlator.history.columns import History
from correlator.model import ScopeRow
from correlator.model.scopes import with_others, worst


@dataclass(frozen=True)
class Scopes:
    """The scope of any job. What is the same for all tenants' findings about a job is worked out once."""

    history: History
    _known: dict[int, tuple[ScopeRow, ...]] = field(default_factory=dict)

    def of(self, stream: int, exposed: int) -> tuple[ScopeRow, ...]:
        """Failed runs and runs of the stream's job: its own tenant first (of which `exposed` is known), then those
        where it failed most."""
        job = int(self.history.stream_job[stream])
        if job not in self._known:
            rows = [self.row(int(number)) for number in np.flatnonzero(self.history.stream_job == job)]
            self._known[job] = worst(rows)
        return with_others(self.row(stream, exposed), self._known[job])

    def row(self, stream: int, exposed: int = 0) -> ScopeRow:
        """Failed runs and runs of one stream."""
        runs = self.history.runs_of(stream)
        name = self.history.tenants[int(self.history.stream_tenant[stream])]
        failed = int(self.history.failures_by_stream[stream])
        return ScopeRow("tenant", name, failed, exposed, runs.stop - runs.start)
