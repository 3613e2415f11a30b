"""Runs out of lines: each log line or event tells of a run's start or its end, and several of them make one attempt.

What is known of a run so far is a `Partial`; merging is by run id and does not mind the order. The partials that are
still needed stand in the stream's position, so that a run whose lines lie in two pages, or in two pulls, is one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.datadog.items import READERS, Lookup
from connectors.datadog.run_mapping import RunMapping
from connectors.datadog.runs import error_text, kept_tags
from connectors.payloads import UnmappableError, identifier, shifted
from correlator.model import Attempt, Status, iso

_TEXTS = ("job", "tenant", "logical_run_id", "service", "host")
_TIMES = ("started_at", "finished_at", "scheduled_at", "last_at")


@dataclass(frozen=True, slots=True)
class Partial:
    """What the lines read so far say of one run. `ended` is its final status, None while no line told of an end."""

    run_id: str
    last_at: datetime
    texts: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    attempt: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    scheduled_at: datetime | None = None
    ended: Status | None = None
    error: str | None = None

    @property
    def whole(self) -> bool:
        """Whether both ends and the job are known."""
        return self.ended is not None and self.started_at is not None and "job" in self.texts

    @property
    def under_way(self) -> bool:
        return self.ended is None and self.started_at is not None and "job" in self.texts

    def merged(self, line: Partial) -> Partial:
        """Both together: the first that is known of most, the later end and the later error."""
        later, earlier = (line, self) if line.last_at >= self.last_at else (self, line)
        starts = [at for at in (self.started_at, line.started_at) if at is not None]
        return Partial(
            run_id=self.run_id,
            last_at=later.last_at,
            texts={**later.texts, **earlier.texts},
            tags={**later.tags, **earlier.tags},
            attempt=earlier.attempt or later.attempt,
            started_at=min(starts, default=None),
            finished_at=later.finished_at or earlier.finished_at,
            scheduled_at=earlier.scheduled_at or later.scheduled_at,
            ended=later.ended or earlier.ended,
            error=later.error or earlier.error,
        )

    def to_attempt(self) -> Attempt:
        """The attempt of a run that is whole or under way. Raises UnmappableError when its ends contradict."""
        assert self.started_at is not None
        if self.finished_at is not None and self.finished_at < self.started_at:
            raise UnmappableError("it ends before it starts")
        return Attempt(
            run_id=self.run_id,
            job=self.texts["job"],
            started_at=self.started_at,
            status=self.ended or Status.RUNNING,
            tenant=self.texts.get("tenant", ""),
            logical_run_id=self.texts.get("logical_run_id"),
            attempt=self.attempt,
            scheduled_at=self.scheduled_at,
            finished_at=self.finished_at,
            error=self.error if self.ended not in (None, Status.SUCCESS) else None,
            service=self.texts.get("service"),
            host=self.texts.get("host"),
            tags=dict(self.tags),
        )

    def to_json(self) -> dict[str, Any]:
        """What is known, for the stream's position."""
        times = {name: iso(at) for name in _TIMES if (at := getattr(self, name)) is not None}
        plain = {"texts": dict(self.texts), "tags": dict(self.tags), "attempt": self.attempt, "error": self.error}
        ended = {"ended": self.ended.value} if self.ended else {}
        return {name: value for name, value in plain.items() if value} | times | ended

    @classmethod
    def from_json(cls, run_id: str, document: Mapping[str, Any]) -> Partial:
        times: dict[str, Any] = {name: datetime.fromisoformat(document[name]) for name in _TIMES if name in document}
        rest = {name: document[name] for name in ("texts", "tags", "attempt", "error") if name in document}
        ended = Status(document["ended"]) if "ended" in document else None
        return cls(run_id, ended=ended, **times, **rest)


def partial_from(document: Any, mapping: RunMapping) -> Partial:
    """What one line says of its run.

    A line without a status tells of neither end: it must carry an error, or it is no line of a run. Raises
    UnmappableError.
    """
    item = READERS[mapping.kind](document)
    find = item.find
    line = Partial(
        run_id=identifier(mapping.text(find, "run_id"), mapping.called("run_id")),
        last_at=mapping.moment(item.at, "timestamp"),
        texts={name: value for name in _TEXTS if (value := mapping.text(find, name)) is not None},
        tags=kept_tags(find),
        attempt=mapping.attempt(find),
        scheduled_at=mapping.time(find, "scheduled_at"),
    )
    status = mapping.status(find)
    if status is None:
        return replace(line, error=_only_error(find, mapping))
    if status is Status.RUNNING:
        return replace(line, started_at=mapping.time(find, "started_at") or line.last_at)
    return _ending(line, find, mapping, status)


def _only_error(find: Lookup, mapping: RunMapping) -> str:
    error = error_text(find, mapping)
    if error is None:
        raise UnmappableError(f"no {mapping.called('status')} in it: it tells neither of a start nor of an end")
    return error


def _ending(line: Partial, find: Lookup, mapping: RunMapping, status: Status) -> Partial:
    finished_at = mapping.time(find, "finished_at") or line.last_at
    started_at = mapping.time(find, "started_at")
    if started_at is None and (duration := mapping.duration(find)) is not None:
        started_at = shifted(finished_at, -duration, mapping.place("duration"))
    error = None if status is Status.SUCCESS else error_text(find, mapping)
    return replace(line, started_at=started_at, finished_at=finished_at, ended=status, error=error)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which partials are still needed once everything up to `read_up_to` was read, the next pull going back to
    `again_from`: what is still under way, and what began before there and will be met again."""

    read_up_to: datetime
    again_from: datetime
    longest: timedelta = timedelta(days=7)
    linger: timedelta = timedelta(minutes=5)

    def needed(self, partial: Partial) -> bool:
        if partial.whole:
            assert partial.started_at is not None
            return partial.started_at < self.again_from <= partial.last_at + self.linger
        if partial.ended is not None:
            return partial.last_at >= self.again_from
        return partial.last_at >= self.read_up_to - self.longest

    def lost(self, partial: Partial) -> bool:
        """Whether it never became a run: an end whose start was not seen, or an error of a run that was not seen."""
        return not partial.whole and not partial.under_way and not self.needed(partial)
