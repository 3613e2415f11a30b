"""Watermarks: which time a stream has been read up to, and the window it is in the middle of.

A position is `{"watermark": TIME | null, "reading": {...} | absent}`. `reading` is an unfinished window: what was
asked for (`from`, `until`), the slice being read (`since`, `end`), and how far in it the last stored page was (`at`,
free-form: a cursor, an offset). A window is finished before another is begun, so a watermark never passes a time
that was not read, whatever was killed in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from correlator.model import iso
from correlator.ports import PullWindow


@dataclass(frozen=True, slots=True)
class Reading:
    """An unfinished window `[start, until)`, read in slices; `[since, end)` is the slice at hand."""

    start: datetime
    until: datetime
    since: datetime
    end: datetime
    at: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        times = {"from": self.start, "until": self.until, "since": self.since, "end": self.end}
        return {name: iso(value) for name, value in times.items()} | {"at": self.at}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Reading:
        start, until, since, end = (datetime.fromisoformat(document[key]) for key in ("from", "until", "since", "end"))
        return cls(start, until, since, end, dict(document["at"]))

    def next_slice(self, length: timedelta) -> Reading | None:
        """The slice after this one; None when the window is read."""
        if self.end >= self.until:
            return None
        return replace(self, since=self.end, end=min(self.end + length, self.until), at={})

    def halved(self) -> Reading | None:
        """The first half of this slice, to be read from its beginning; None when it cannot get shorter."""
        length = (self.end - self.since) // 2
        if length < timedelta(seconds=1):
            return None
        return replace(self, end=self.since + length, at={})


@dataclass(frozen=True, slots=True)
class Progress:
    """A stream's position as values. `extra` is what the stream keeps beside it."""

    watermark: datetime | None = None
    reading: Reading | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_position(cls, position: dict[str, Any] | None) -> Progress:
        position = dict(position or {})
        mark, reading = position.pop("watermark", None), position.pop("reading", None)
        return cls(
            datetime.fromisoformat(mark) if mark else None, Reading.from_json(reading) if reading else None, position
        )

    def to_position(self) -> dict[str, Any]:
        """The JSON object that is stored."""
        position: dict[str, Any] = {**self.extra, "watermark": iso(self.watermark) if self.watermark else None}
        return position | ({"reading": self.reading.to_json()} if self.reading else {})

    def finished(self, reading: Reading) -> Progress:
        """This progress with the window of `reading` read to its end."""
        return replace(self, watermark=_advanced(self.watermark, reading.start, reading.until), reading=None)


def reached(position: dict[str, Any] | None) -> datetime | None:
    """How far the window that is being read has come; None where the position does not say."""
    progress = Progress.from_position(position) if position else Progress()
    return progress.reading.since if progress.reading else progress.watermark


def _advanced(watermark: datetime | None, start: datetime, until: datetime) -> datetime:
    """The watermark after `[start, until)` was read: it moves over what joins up with it, and never back."""
    if watermark is None:
        return until
    return max(watermark, until) if start <= watermark else watermark


@dataclass(frozen=True, slots=True)
class Slicing:
    """How a stream cuts time: slices of `length`, going back `overlap` behind the watermark, or `first` at first."""

    length: timedelta
    overlap: timedelta
    first: timedelta

    def windows(self, progress: Progress, window: PullWindow) -> Iterator[Reading]:
        """What there is to read: first the window left unfinished, if there is one, then the one asked for.

        The second is computed from the watermark the first leaves behind; where the first was the same question,
        begun earlier, only what has come to be since then is left.
        """
        start = None
        if (open_reading := progress.reading) is not None:
            yield open_reading
            progress = progress.finished(open_reading)
            start = open_reading.until if open_reading.start == window.since else None
        start = start or self._start(progress.watermark, window)
        if start < window.until:
            yield Reading(start, window.until, start, min(start + self.length, window.until))

    def _start(self, watermark: datetime | None, window: PullWindow) -> datetime:
        if window.since is not None:
            return window.since
        return watermark - self.overlap if watermark else window.until - self.first
