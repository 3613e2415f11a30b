"""History in, findings out: pure, no clock, no network, no randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from correlator.model import Analysis
    from correlator.tables.frames import Tables

__all__ = ["analyze"]


def analyze(tables: Tables, as_of: datetime | None = None) -> Analysis:
    """Decide about every job; see `correlator.engine.analysis.analyze`.

    The numerical libraries are loaded at the first call, so that pages can read the calibration table without them.
    """
    from correlator.engine.analysis import analyze as judge

    return judge(tables, as_of)
