"""Until when each tenant is judged: failures and retries count at once, clean runs in steps.

At a step every tenant is judged by all that is known. Between two steps a tenant is judged anew when it has a failure
or a retry, by all that was known of it when that ended; or when something that was seen before is corrected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.incremental.rows import NEVER, column, numbers
from correlator.tables.frames import MICROSECONDS, NO_TIME

IntArray = NDArray[np.int64]

HOUR = 3600 * MICROSECONDS
FAILED = ("failed", "timed_out")


@dataclass(frozen=True)
class Clock:
    """One look's moment, the length of the window, the time between steps (0: every look is one), and the last step, in
    µs."""

    now: int
    window: int
    step: int
    stepped: int

    def view(self, loud: int) -> View:
        """What of a tenant is judged; `loud` is when its last failure or retry by now ended."""
        return View(self.stepped - self.window, max(self.stepped, loud))

    @property
    def oldest(self) -> int:
        """The start of the window."""
        return self.stepped - self.window

    def at_a_step(self) -> Clock:
        """The same moment as a step."""
        return replace(self, stepped=self.now)


@dataclass(frozen=True)
class View:
    """The stretch of time of which a tenant's facts are judged, `[start, until]` in µs."""

    start: int
    until: int


def loud_times(runs: Any) -> IntArray:
    """When attempts ended that failed or are retries, of a table of `RUN_SCHEMA`; `NO_TIME` for clean ones."""
    loud = np.zeros(runs.num_rows, bool)
    for name in FAILED:
        loud |= pc.equal(column(runs, "status"), name).to_numpy(zero_copy_only=False)
    loud |= numbers(runs, "attempt") > 1
    end = numbers(runs, "finished_at")
    return np.where(loud, np.where(end == NEVER, numbers(runs, "started_at"), end), NO_TIME)
