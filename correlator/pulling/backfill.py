"""Reading a long stretch of the past of one source, beside the pulls that follow the present.

A backfill remembers by itself what it has read, so it can be stopped at any moment, killed even, and goes on behind
the last stored page; asked for more, it reads only what is missing. Watermarks of pulls stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Engine

from correlator.errors import CorrelatorError, SourceError
from correlator.ports import Page, PullWindow, Source
from correlator.pulling.pull import window_for
from correlator.store.backfills import Stretch, finish, forget, store_backfilled, stretches, to_read
from correlator.store.facts import StoredCounts


class StoppedError(CorrelatorError):
    """Somebody asked the backfill to stop; what was read is stored, and it goes on from there."""

    exit_status = 130


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be read: `[since, until)` of these streams; `anew` reads again what earlier backfills have read."""

    since: datetime
    until: datetime
    streams: tuple[str, ...]
    anew: bool = False


@dataclass(slots=True)
class BackfillReport:
    """What one call did. `errors` by stream; a stream that is not in it was read to its end, unless `stopped`."""

    source: str
    requests: int = 0
    counts: StoredCounts = field(default_factory=StoredCounts)
    errors: dict[str, SourceError] = field(default_factory=dict)
    already_read: tuple[str, ...] = ()
    stopped: bool = False


class Watcher(Protocol):
    """Who is told how far it is, and may say stop."""

    def begins(self, stretch: Stretch) -> None:
        """A stretch is about to be read, or gone on with."""

    def stored(self, stretch: Stretch, page: Page, counts: StoredCounts) -> None:
        """A page is in the store. Raises StoppedError to end here."""


def backfill(
    engine: Engine, source: Source, ask: Ask, watcher: Watcher, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> BackfillReport:
    """Read what is asked for and not read yet, stream by stream.

    A stream that fails does not keep the next one from being read. Raises StoreError.
    """
    report = BackfillReport(source.name)
    try:
        for stream in ask.streams:
            _stream(engine, source, stream, ask, watcher, now, report)
    except StoppedError:
        report.stopped = True
    return report


def _stream(
    engine: Engine,
    source: Source,
    stream: str,
    ask: Ask,
    watcher: Watcher,
    now: Callable[[], datetime],
    report: BackfillReport,
) -> None:
    if ask.anew:
        forget(engine, source.name, stream)
    wanted = Stretch(source.name, stream, ask.since, ask.until, now())
    missing = to_read(stretches(engine, source.name, stream), wanted)
    if not missing:
        report.already_read += (stream,)
    try:
        for stretch in missing:
            watcher.begins(stretch)
            for page, counts in _pages(engine, source, stretch, now):
                report.requests += page.requests
                report.counts += counts
                watcher.stored(stretch, page, counts)
    except SourceError as error:
        report.errors[stream] = error


def _pages(
    engine: Engine, source: Source, stretch: Stretch, now: Callable[[], datetime]
) -> Iterator[tuple[Page, StoredCounts]]:
    """Each page once it is stored."""
    window = window_for(engine, stretch.stream, PullWindow(until=stretch.until, since=stretch.start))
    for page in source.pages(stretch.stream, stretch.position, window):
        yield page, store_backfilled(engine, stretch, page, now())
    finish(engine, stretch, now())
