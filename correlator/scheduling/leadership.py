"""One scheduler at a time: a lease in the database, renewed while it is held, free again soon after its holder died."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from correlator.errors import CorrelatorError

LEASE: Final = "scheduler"
LEASE_SECONDS: Final = 60
RENEW_SECONDS: Final = 5

Claim = Callable[[], bool]


class Leadership:
    """Whether this scheduler holds the lease. Fails closed: without a fresh claim it does not."""

    def __init__(
        self, claim: Claim, *, lost: Callable[[], None] = lambda: None, seconds: float = LEASE_SECONDS
    ) -> None:
        self._claim, self._lost, self._seconds = claim, lost, seconds
        self._until = float("-inf")
        self._said: bool | None = None
        self._log: Any = structlog.get_logger("correlator.scheduler")

    def held(self) -> bool:
        """True until the last claim runs out, by a clock that nobody can set."""
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Claim the lease, or claim it again; when it is gone, `lost` is called once."""
        asked = time.monotonic()
        try:
            self._until = asked + self._seconds if self._claim() else float("-inf")
        except (CorrelatorError, SQLAlchemyError) as error:
            self._log.warning("lease not renewed", error=str(error), still_held=self.held())
        held, before = self.held(), self._said
        if held != before:
            self._said = held
            self._log.info("holding the lease" if held else "standing by: the lease is not ours")
        if before and not held:
            self._lost()
