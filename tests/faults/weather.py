"""One run: pulls of one vendor under some weather until all is read, and whether the store is what it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from connectors.standin import Standin
from connectors.standin.faults import CURSOR, FAULTS, Weather
from connectors.standin.spans import span_of
from correlator.model import iso
from correlator.ports import PullReport, PullWindow, Source
from correlator.pulling.pull import pull_source
from correlator.store.database import reading
from correlator.store.facts import position
from correlator.store.schema import set_aside
from tests.faults.worlds import (
    HANG_SECONDS,
    HISTORY,
    INTERESTS,
    LATE,
    TICK,
    Timepiece,
    build_source,
    fresh_store,
    ids,
    revised,
    rows,
)

MOST_PULLS = 60
LATE_PULLS = 2
"""What is late has arrived after so many: within the overlap with which pulls go back."""
ON_LISTS = ("runs", "changes", "monitor_transitions", "incidents", "incident_entries")
"""The kinds of facts that come as items of lists; others come in answers of their own."""
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@dataclass
class Run:
    """What came of it. `wrong` says, a sentence each, what is not as it must be."""

    rows: Rows
    set_aside: set[str]
    requests: int
    faults: int
    reports: list[PullReport]
    wrong: list[str] = field(default_factory=list)

    @property
    def pulls(self) -> int:
        return len(self.reports)


def run_under(standin: Standin, vendor: str, weather: Weather) -> Run:
    """Pull every five minutes until a pull went well and nothing is late any more."""
    clock = Timepiece()
    weather.now, weather.mixups.late_from = clock.now, _spelt(LATE)
    standin.faults.weather = weather
    seen = len(standin.requests.seen)
    try:
        with fresh_store() as engine:
            source = build_source(standin, vendor, clock, weather)
            run = _Pulls(engine, source, clock, weather).all()
            run.requests = len(standin.requests.seen) - seen
            return run
    finally:
        standin.faults.weather = None


class _Pulls:
    def __init__(self, engine: Engine, source: Source, clock: Timepiece, weather: Weather) -> None:
        self.engine, self.source, self.clock, self.weather = engine, source, clock, weather
        self.reports: list[PullReport] = []
        self.wrong: list[str] = []

    def all(self) -> Run:
        while len(self.reports) < MOST_PULLS and not self._pulled():
            pass
        self.weather.clear_up()
        self._pulled()
        stored = rows(self.engine)
        self._check(stored)
        with reading(self.engine) as connection:
            aside = {row.item_id for row in connection.execute(select(set_aside))}
        played = self.weather.played
        faults = sum(played.values()) + played[CURSOR]  # a page that is begun anew may end on a page more
        return Run(stored, aside, 0, faults, self.reports, self.wrong)

    def _pulled(self) -> bool:
        """One tick; True when every stream came to its end."""
        now = self.clock.moment()
        report = pull_source(self.engine, self.source, PullWindow(until=now, interests=INTERESTS), now)
        self.reports.append(report)
        if len(self.reports) == LATE_PULLS:
            self.weather.mixups.arrive()
        self._watermarks_hold()
        if report.error is not None and not report.hint:
            self.wrong.append(f"an error without a hint: {report.error}")
        self.clock.seconds += TICK.total_seconds()
        return report.error is None

    def _watermarks_hold(self) -> None:
        """Whatever lies before a stream's watermark, and could be had, is stored."""
        for stream, (kind, served_at) in _served(self.source.name).items():
            mark = (position(self.engine, self.source.name, stream) or {}).get("watermark")
            passed = {key for key, at in served_at.items() if mark and at < datetime.fromisoformat(mark)}
            missing = passed - ids(self.engine, kind) - self._unobtainable(kind, passed)
            if missing:
                self.wrong.append(f"{stream}: the watermark {mark} passed {sorted(missing)[:3]}")

    def _unobtainable(self, kind: str, keys: set[str]) -> set[str]:
        mixups = self.weather.mixups
        items = {key: item_id(kind, key) for key in keys}
        bad = ("malformed-item", "unknown-word") if kind == "runs" else ("malformed-item",)
        late = {key for key, item in items.items() if item in mixups.held_back}
        return late | {key for key, item in items.items() if any(mixups.bad(word, item) for word in bad)}

    def _check(self, stored: Rows) -> None:
        if self.weather.early:
            self.wrong.append(f"before a reset: {self.weather.early[:3]}")
        if times := revised(self.engine):
            self.wrong.append(f"{times} facts were revised though none changed")
        written = sum(count for report in self.reports for kind, count in report.stored.items() if kind != "services")
        there = sum(len(those) for kind, those in stored.items() if kind != "services")
        if written != there:
            self.wrong.append(f"{written} rows were written for {there} facts")


def item_id(kind: str, key: str) -> str:
    """The id under which the stand-in serves a fact."""
    return str(span_of(_ATTEMPTS[key])["id"]) if kind == "runs" else key


_ATTEMPTS = {one.run_id: one for one in HISTORY.attempts}


@cache
def _served(vendor: str) -> dict[str, tuple[str, dict[str, datetime]]]:
    """Stream -> (kind of fact, when each happened), for the streams whose items are told apart by an id."""
    if vendor == "pagerduty":
        return {"incidents": ("incidents", {one.incident_id: one.created_at for one in HISTORY.incidents})}
    return {
        "runs": ("runs", {one.run_id: one.started_at for one in HISTORY.attempts}),
        "changes": ("changes", {one.change_id: one.at for one in HISTORY.changes}),
    }


def _spelt(at: datetime) -> str:
    return iso(at).removesuffix("Z")


def mixed_weather(seed: int) -> Weather:
    """Some of all faults, at some rate, by the seed."""
    random = Random(seed)
    kinds = random.sample(FAULTS, random.randrange(2, len(FAULTS) + 1))
    offset = random.choice((0.0, 0.0, -200.0, 350.0))
    rate = random.choice((0.05, 0.1, 0.2))
    return Weather(seed, kinds, rate, clock_offset_seconds=offset, hang_seconds=HANG_SECONDS)


def wrongs(run: Run, fair: Run, weather: Weather) -> list[str]:
    """What is not as it must be, against a run in fair weather."""
    expected, aside = _expected(fair.rows, weather)
    found = list(run.wrong)
    for kind, those in expected.items():
        found += [f"{kind}: {key} is missing" for key in those.keys() - run.rows[kind].keys()]
        found += [f"{kind}: {key} is there" for key in run.rows[kind].keys() - those.keys()]
        found += [
            f"{kind}: {key} differs"
            for key in those.keys() & run.rows[kind].keys()
            if those[key] != run.rows[kind][key]
        ]
    if run.set_aside != aside:
        found.append(f"set aside {sorted(run.set_aside ^ aside)[:5]} more or less than the bad items")
    if run.reports[-1].error is not None:
        found.append(f"the last pull in fair weather failed: {run.reports[-1].error}")
    least = least_requests(run, fair)
    if run.requests > 1.1 * least + run.faults:
        found.append(f"{run.requests} requests, where {least} and one for each of {run.faults} faults were enough")
    return found


def least_requests(run: Run, fair: Run) -> int:
    """What as many pulls take in fair weather."""
    return fair.requests + (run.pulls - fair.pulls) * fair.reports[-1].requests


def _expected(fair: Rows, weather: Weather) -> tuple[Rows, set[str]]:
    """The rows of a fair pull without what this weather spoils for good, and the ids of that."""
    bad = weather.mixups.bad
    kept: Rows = {kind: {} for kind in fair}
    aside: set[str] = set()
    for kind, those in fair.items():
        for key, row in those.items():
            item = item_id(kind, str(key[1]))
            if row.get("kind") == "alert":
                spoilt = bad("malformed-item", row["incident_id"])
            else:
                words = ("malformed-item", "unknown-word") if kind == "runs" else ("malformed-item",)
                spoilt = kind in ON_LISTS and any(bad(word, item) for word in words)
                aside |= {item} if spoilt else set()
            if not spoilt:
                kept[kind][key] = row | _changed(kind, bad("unknown-word", item))
    return kept, aside


def _changed(kind: str, unknown: bool) -> dict[str, str]:
    return {"urgency": "severe"} if kind == "incidents" and unknown else {}
