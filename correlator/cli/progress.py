"""How far a backfill is, on standard error: one line that changes on a terminal, a line every so often elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from signal import SIGINT, SIGTERM, default_int_handler, getsignal, signal
from types import FrameType
from typing import Final

import click

from correlator.model import iso
from correlator.ports import Page
from correlator.pulling.backfill import StoppedError
from correlator.store.backfills import Stretch
from correlator.store.facts import StoredCounts
from correlator.text.quantities import duration

TERMINAL_SECONDS: Final = 0.5
PLAIN_SECONDS: Final = 10.0
LONG_WAIT_SECONDS: Final = 5.0
_BACK_TO_THE_START: Final = "\r\x1b[K"


class Progress:
    """Implements `backfilling.Watcher`. `reached` tells from a position how far its stretch has been read."""

    def __init__(self, stopping: threading.Event, reached: Callable[[Page], datetime | None]) -> None:
        self._stopping, self._reached = stopping, reached
        self._terminal = sys.stderr.isatty()
        self._every = TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS
        self._began_at = self._told_at = time.monotonic()
        self._from: datetime | None = None
        self._items = 0

    def begins(self, stretch: Stretch) -> None:
        self._began_at = self._told_at = time.monotonic()
        self._from, self._items = None, 0
        how = "goes on with" if stretch.position else "reads"
        self._line(f"{stretch.stream}: {how} {iso(stretch.start)} to {iso(stretch.until)}")

    def stored(self, stretch: Stretch, page: Page, counts: StoredCounts) -> None:
        """Raises StoppedError once somebody asked to stop."""
        self._items += len(page.facts)
        at = self._reached(page)
        self._from = self._from or at
        if page.done or time.monotonic() - self._told_at >= self._every:
            self._told_at = time.monotonic()
            self._tell(stretch, at, page.done)
        if self._stopping.is_set():
            raise StoppedError("stopped")

    def waiting(self, seconds: float) -> None:
        """Sleep as long as a rate limit or a failure asks for. Raises StoppedError once somebody asked to stop."""
        if seconds >= LONG_WAIT_SECONDS:
            self._line(f"waiting {duration(seconds)} before the next request")
        if self._stopping.wait(seconds):
            raise StoppedError("stopped while waiting")

    def _tell(self, stretch: Stretch, at: datetime | None, done: bool) -> None:
        took = max(time.monotonic() - self._began_at, 1e-3)
        words = f"{stretch.stream}: {self._items:,} items, {self._items / took:,.0f} a second"
        if done:
            self._line(f"{words}, read to its end")
        elif at is None:
            self._changing(words)
        else:
            share = (at - stretch.start) / (stretch.until - stretch.start)
            self._changing(f"{words}, {share:.0%} up to {iso(at)}{self._left(stretch, at, took)}")

    def _left(self, stretch: Stretch, at: datetime, took: float) -> str:
        """How long it may still take, by the time that was read in this call."""
        if self._from is None or at <= self._from:
            return ""
        return f", about {duration(took * ((stretch.until - at) / (at - self._from)))} left"

    def _line(self, text: str) -> None:
        click.echo(f"{_BACK_TO_THE_START if self._terminal else ''}{text}", err=True)

    def _changing(self, text: str) -> None:
        click.echo(f"{_BACK_TO_THE_START}{text}" if self._terminal else text, err=True, nl=not self._terminal)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets while the context lasts; a second one ends the program at once."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            default_int_handler(number, frame)
        stopping.set()
        click.echo("\nstopping after this page; once more to stop at once", err=True)

    before = {number: getsignal(number) for number in (SIGINT, SIGTERM)}
    for number in before:
        signal(number, stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal(number, handler)
