"""History in, findings out: pure, no clock, no network, no randomness."""

from __future__ import annotations

from datetime import datetime

from correlator.model import Analysis
from correlator.tables.frames import Tables


def analyze(tables: Tables, as_of: datetime | None = None) -> Analysis:
    """Decide about every job of every tenant that had a failed or timed-out attempt by `as_of`."""
    raise NotImplementedError(tables, as_of)
