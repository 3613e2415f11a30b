"""The items of a page as facts: one item a fact, or several lines a run. What cannot be mapped is set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from connectors.datadog.lines import Keeping, Partial, partial_from
from connectors.datadog.run_mapping import RunMapping
from connectors.payloads import UnmappableError, set_aside
from correlator.model import Attempt, Status
from correlator.ports import Fact, Page, RawAnswer, SetAside

MOST_OPEN: Final = 5000
"""How many runs under way a position may hold."""
_OPEN: Final = "open"
_AGAIN: Final = "read_again"
"""Runs met while a stretch is read once more: their ends may lie behind it, so they are not those under way now."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a page stands in its pull: `ended` with the page that reads a window to its end, `newest` when nothing
    later was read before; the next pull will go back to `again_from`."""

    ended: bool
    newest: bool
    read_up_to: datetime
    again_from: datetime


@dataclass(frozen=True, slots=True)
class Gleaned:
    """What a page gave; `kept` is what the stream remembers for the next page."""

    facts: list[Fact] = field(default_factory=list)
    raw: list[RawAnswer] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def page(self, stream: str, position: dict[str, Any], requests: int, *, done: bool) -> Page:
        return Page(
            stream, tuple(self.facts), position, tuple(self.raw), tuple(self.aside), requests=requests, done=done
        )


class Reader(Protocol):
    """Makes facts out of the items of a page."""

    def read(self, items: list[Any], kept: Mapping[str, Any], stage: Stage) -> Gleaned:
        """`kept` is what the reading of the page before left."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one item became, and its raw answer where that is to be kept."""

    fact: Fact
    raw: RawAnswer | None = None


@dataclass(frozen=True, slots=True)
class ItemReader:
    """One item a fact. `map_item` raises UnmappableError."""

    map_item: Callable[[Any], Mapped]

    def read(self, items: list[Any], kept: Mapping[str, Any], stage: Stage) -> Gleaned:
        gleaned = Gleaned(kept=dict(kept))
        for item in items:
            try:
                mapped = self.map_item(item)
            except UnmappableError as error:
                gleaned.aside.append(set_aside(item, str(error)))
                continue
            gleaned.facts.append(mapped.fact)
            gleaned.raw.extend([mapped.raw] if mapped.raw else [])
        return gleaned


@dataclass(frozen=True, slots=True)
class LineReader:
    """Several lines a run. A run is given when both its ends were read, and again when a later line adds to it; one
    that is still under way is given as running, once everything up to now was read."""

    mapping: RunMapping
    raw_of: Callable[[Partial, dict[str, Any]], RawAnswer | None]
    linked: Callable[[Attempt], Attempt]
    linger: timedelta = timedelta(minutes=5)

    def read(self, items: list[Any], kept: Mapping[str, Any], stage: Stage) -> Gleaned:
        own = _OPEN if stage.newest else _AGAIN
        partials = {run_id: Partial.from_json(run_id, known) for run_id, known in dict(kept.get(own, {})).items()}
        gleaned = Gleaned(kept={name: value for name, value in kept.items() if name != own})
        touched = self._merge(items, partials, gleaned)
        self._give((partials[run_id] for run_id in touched if partials[run_id].whole), partials, gleaned)
        if stage.ended and stage.newest:
            self._give([partial for partial in partials.values() if partial.under_way], partials, gleaned)
        self._forget(partials, stage, gleaned)
        if partials and (stage.newest or not stage.ended):
            gleaned.kept[own] = {run_id: partial.to_json() for run_id, partial in sorted(partials.items())}
        return gleaned

    def _merge(self, items: list[Any], partials: dict[str, Partial], gleaned: Gleaned) -> dict[str, None]:
        """Fold the lines into the partials; gives the run ids of the lines, in order."""
        touched: dict[str, None] = {}
        for item in items:
            try:
                line = partial_from(item, self.mapping)
            except UnmappableError as error:
                gleaned.aside.append(set_aside(item, str(error)))
                continue
            before = partials.get(line.run_id)
            partials[line.run_id] = before.merged(line) if before else line
            touched[line.run_id] = None
            gleaned.raw.extend([raw] if (raw := self.raw_of(line, item)) else [])
        return touched

    def _give(self, ready: Iterable[Partial], partials: dict[str, Partial], gleaned: Gleaned) -> None:
        for partial in list(ready):
            try:
                attempt = partial.to_attempt()
                plain = attempt.status is Status.SUCCESS and (attempt.attempt or 1) == 1
                gleaned.facts.append(attempt if plain else self.linked(attempt))
            except UnmappableError as error:
                gleaned.aside.append(_aside(partial, str(error)))
                del partials[partial.run_id]

    def _forget(self, partials: dict[str, Partial], stage: Stage, gleaned: Gleaned) -> None:
        """Drop what no later line can add to; an end whose start was never seen is set aside then."""
        keeping = Keeping(stage.read_up_to, stage.again_from, linger=self.linger)
        newest = max((partial.last_at for partial in partials.values()), default=stage.read_up_to)
        for partial in list(partials.values()):
            lingers = not stage.ended and newest - partial.last_at <= self.linger
            if keeping.needed(partial) or lingers or not (stage.ended or partial.whole):
                continue
            if keeping.lost(partial):
                gleaned.aside.append(_aside(partial, _NO_START))
            del partials[partial.run_id]
        for partial in sorted(partials.values(), key=lambda one: one.last_at)[: max(0, len(partials) - MOST_OPEN)]:
            gleaned.aside.append(_aside(partial, f"more than {MOST_OPEN} runs are under way: this one is the oldest"))
            del partials[partial.run_id]


_NO_START: Final = "its start was not seen: map `started_at` or `duration`, or let the query select the start lines too"


def _aside(partial: Partial, reason: str) -> SetAside:
    return set_aside({"id": partial.run_id, **partial.to_json()}, reason)
