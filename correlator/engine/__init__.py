"""History in, findings out: pure, no clock, no network, no randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correlator.engine.executors import Executor, Processes, Serial, choose_executor

if TYPE_CHECKING:
    from datetime import datetime

    from correlator.model import Analysis
    from correlator.tables.frames import Tables

__all__ = ["Executor", "Processes", "Serial", "analyze", "choose_executor"]


def analyze(
    tables: Tables,
    as_of: datetime | None = None,
    executor: Executor | None = None,
    only: tuple[str, str] | None = None,
) -> Analysis:
    """Decide about every job, or about `only` one; see `correlator.engine.analysis.analyze`.

    The numerical libraries are loaded at the first call, so that pages can read the calibration table without them.
    """
    from correlator.engine.analysis import analyze as judge

    return judge(tables, as_of, executor, only)
