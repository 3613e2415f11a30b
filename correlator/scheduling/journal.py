"""The ledger in the store: when each job started, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.scheduling.outcome import Outcome, State
from correlator.store.ledger import finish_job, forget_jobs, start_job
from correlator.store.webhooks import forget_webhooks

KEPT: Final = timedelta(days=30)


class StoreJournal:
    """Writes runs of jobs into the ledger. Raises StoreError when the database cannot be written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def running(self, job: str) -> Iterator[Callable[[Outcome], None]]:
        entry = start_job(self._engine, job, datetime.now(UTC))

        def ended(outcome: Outcome) -> None:
            sentence = f"{outcome.detail} ({outcome.hint})" if outcome.hint else outcome.detail
            finish_job(self._engine, entry, datetime.now(UTC), ok=outcome.state is State.DONE, detail=sentence)

        yield ended

    def forget(self) -> None:
        """Drop what is older than a month, webhooks too."""
        forget_jobs(self._engine, datetime.now(UTC) - KEPT)
        forget_webhooks(self._engine, datetime.now(UTC) - KEPT)
