"""One pull of one source: its streams page by page, each page stored with the position behind it.

Facts, raw answers and the stream's position are one transaction, so a process that is killed between any two
instructions has stored whole pages and goes on behind them; what a source gives twice is stored once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.ports import Page, PullReport, PullWindow, Source
from correlator.pulling.interests import interests_of
from correlator.store.facts import StoredCounts, position, store_page
from correlator.store.sources import record_pull
from correlator.text.times import moment

METRICS: Final = "metrics"
"""The stream of this name is told what is of interest, in every source that has one."""


def pull_source(engine: Engine, source: Source, window: PullWindow, now: datetime) -> PullReport:
    """Pull every stream of the source once and enter in the store how it went.

    A stream that fails does not keep the next one from being pulled: the report carries the errors. Anything but a
    SourceError (a defect, or the store failing) is entered too, as far as the store can take it, and raised.
    """
    pull = _Pull(engine, source, window, now)
    with pull.entered():
        for stream in source.streams:
            pull.stream(stream)
    return pull.report


def window_for(engine: Engine, stream: str, window: PullWindow) -> PullWindow:
    """The window; for metrics with what is worth measuring, by the runs that were stored up to this moment."""
    if stream != METRICS or window.interests is not None:
        return window
    return replace(window, interests=interests_of(engine, window.until))


class _Pull:
    """What is known of one pull while it goes on."""

    def __init__(self, engine: Engine, source: Source, window: PullWindow, now: datetime) -> None:
        self._engine, self._source, self._window, self._now = engine, source, window, now
        self._counts = StoredCounts()
        self._offsets: list[float] = []
        self.report = PullReport(source.name)

    def stream(self, stream: str) -> None:
        start = position(self._engine, self._source.name, stream)
        try:
            for page in self._source.pages(stream, start, window_for(self._engine, stream, self._window)):
                self.report.requests += page.requests
                self._hear(page)
                self._counts += store_page(self._engine, self._source.name, page, self._now)
        except SourceError as error:
            self._failed(f"{stream}: {error.message}", error.hint, permanent=error.permanent)

    def _hear(self, page: Page) -> None:
        """What the page says beside facts: each notice once, each limit as it stood last, the clock's median."""
        self.report.notices = tuple(dict.fromkeys((*self.report.notices, *page.notices)))
        limits = {limit.name: limit for limit in (*self.report.limits, *page.limits)}
        self.report.limits = tuple(limits[name] for name in sorted(limits))
        if page.clock_offset_seconds is not None:
            self._offsets.append(page.clock_offset_seconds)
            self.report.clock_offset_seconds = median(self._offsets)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Whatever happens inside, the store hears of it."""
        try:
            yield
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}", "this is not the source's fault; see the log")
            raise
        finally:
            self._summed()
            record_pull(self._engine, self.report, self._now, moment(self._counts.newest_event_at))

    def _failed(self, message: str, hint: str, *, permanent: bool = False) -> None:
        said = self.report.error
        self.report.permanent = self.report.permanent or permanent
        self.report.error = message if said is None else f"{said}; {message}"
        self.report.hint = self.report.hint or hint or None

    def _summed(self) -> None:
        self.report.stored = dict(self._counts.stored)
        self.report.repeated = self._counts.repeated
        self.report.set_aside = self._counts.set_aside
