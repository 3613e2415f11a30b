"""How often a job that keeps failing is tried: at the next tick, then after 2, 4, 8 ticks, at most every 12th.

One that needs a person is tried every 12th tick at once: nobody changes a key within minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST_TICKS: Final = 12


@dataclass(slots=True)
class Backoff:
    """Counts failures in a row, in ticks and not in seconds: it holds for any interval and needs no clock."""

    failures: int = 0
    _skip: int = 0

    @property
    def waits(self) -> bool:
        """Whether the next tick is not to run."""
        return self._skip > 0

    def due(self) -> bool:
        """Whether this tick is to run; asking uses the tick up."""
        if self._skip > 0:
            self._skip -= 1
            return False
        return True

    def succeeded(self) -> None:
        self.failures = 0
        self._skip = 0

    def failed(self, *, permanent: bool = False) -> int:
        """Note a failure; returns after how many ticks the job is tried again."""
        self.failures += 1
        ticks = LONGEST_TICKS if permanent else int(min(2 ** min(self.failures - 1, 10), LONGEST_TICKS))
        self._skip = ticks - 1
        return ticks
