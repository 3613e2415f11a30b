"""Where else it happens: the same job in every tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from correlator.history import History
from correlator.model import ScopeRow

ROWS_AT_MOST: Final = 50


@dataclass(frozen=True)
class Scopes:
    """The scope of any job. What is the same for all tenants' findings about a job is worked out once."""

    history: History
    _known: dict[int, tuple[ScopeRow, ...]] = field(default_factory=dict)

    def of(self, stream: int, exposed: int) -> tuple[ScopeRow, ...]:
        """Failed runs and runs of the stream's job: its own tenant first (of which `exposed` is known), then those
        where it failed most."""
        own = self._row(stream, exposed)
        job = int(self.history.stream_job[stream])
        if job not in self._known:
            self._known[job] = self._worst(job)
        others = [row for row in self._known[job] if row.name != own.name]
        return (own, *others[: ROWS_AT_MOST - 1])

    def _worst(self, job: int) -> tuple[ScopeRow, ...]:
        streams = np.flatnonzero(self.history.stream_job == job)
        order = np.lexsort((self.history.stream_tenant[streams], -self.history.failures_by_stream[streams]))
        return tuple(self._row(int(stream), 0) for stream in streams[order[:ROWS_AT_MOST]])

    def _row(self, stream: int, exposed: int) -> ScopeRow:
        runs = self.history.runs_of(stream)
        name = self.history.tenants[int(self.history.stream_tenant[stream])]
        failed = int(self.history.failures_by_stream[stream])
        return ScopeRow("tenant", name, failed, exposed, runs.stop - runs.start)
