"""From the store to findings and back: one look, for the command line and the scheduler."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd
import structlog
from sqlalchemy import Engine

from correlator.correlating.edge_upkeep import keep_edges
from correlator.engine import Executor, Processes, Serial, analyze, choose_executor
from correlator.evidence.monitors import with_monitors
from correlator.incremental.look import Given, Looked, look_afresh, look_again
from correlator.incremental.memory import alone_in, fingerprint, state_folder, usable
from correlator.incremental.moments import HOUR, Clock
from correlator.incremental.new_rows import all_rows, new_rows, told_of_others, written_until
from correlator.incremental.parts import SHARED
from correlator.incremental.row_cache import DamagedStateError, InFolder, InMemory, RowCache, put_rows
from correlator.incremental.rows import Rows, column
from correlator.incremental.state import State, load_state, save_state
from correlator.lifecycle.following import follow
from correlator.model import Analysis, Dependency
from correlator.settings import Settings
from correlator.store.database import reading
from correlator.store.edges import edges_known
from correlator.store.findings import Matcher, Saving, count_findings, save_findings
from correlator.store.frames import STRADDLE, read_changes, read_window, stored_until
from correlator.store.looks import last_token
from correlator.text.quantities import plural
from correlator.text.times import micros, moment

DAY: Final = 24 * HOUR
LARGE: Final = 200_000
"""Attempts from which on clean runs are counted in steps, where the setting leaves the choice."""
STEP: Final = 6 * HOUR


@dataclass(frozen=True)
class Look:
    """What one look found: its moment, how many findings stand, and the ids of those that are new or say something
    else than before. `judged`: how many tenants were judged; `afresh`: whether all rows were read."""

    as_of: datetime
    findings: int
    changed: tuple[str, ...]
    judged: int
    afresh: bool


def correlate_store(engine: Engine, settings: Settings, now: datetime, as_of: datetime | None = None) -> Look | None:
    """Judge the last `analysis.window_days` and store the findings; None when nothing is stored to judge.

    `as_of` defaults to the last moment the store knows of (at most `now`): silence of a source is not health, and
    an old history that was imported is judged at its own end. Without `as_of`, what the last look left is used.
    """
    at = as_of or data_until(engine, now)
    if at is None:
        return None
    if as_of is None:
        keep_edges(engine, settings, now)
    folder = state_folder(engine, settings) if as_of is None else None
    with nullcontext() if folder is None else alone_in(folder):
        return _Looking(engine, settings, now, at, folder).look()


def analyze_store(engine: Engine, settings: Settings, now: datetime, as_of: datetime | None = None) -> Analysis | None:
    """Judge all of the window, every clean run included, and store nothing; `as_of` as for `correlate_store`."""
    as_of = as_of or data_until(engine, now)
    if as_of is None:
        return None
    start = as_of - timedelta(days=settings["analysis.window_days"])
    tables = read_window(engine, start, as_of + timedelta(microseconds=1))
    return analyze(tables, as_of, executor_for(settings, len(tables.runs)))


def executor_for(settings: Settings, attempts: int) -> Executor:
    """Where so many attempts are judged."""
    count = int(settings["analysis.processes"])
    if count == 0:
        return choose_executor(attempts)
    return Serial() if count == 1 else Processes(count)


class _Looking:
    """One look at one store."""

    def __init__(self, engine: Engine, settings: Settings, now: datetime, at: datetime, folder: Path | None) -> None:
        self._engine, self._settings, self._now, self._at, self._folder = engine, settings, now, at, folder
        self._row_cache: RowCache = InMemory() if folder is None else InFolder(folder)
        self._window = int(settings["analysis.window_days"]) * DAY
        self._token = secrets.token_hex(8)

    def look(self) -> Look:
        state = None if self._folder is None else load_state(self._folder)
        try:
            found = None if state is None else self._again(state)
        except DamagedStateError as error:
            structlog.get_logger("correlator.looks").warning("looking afresh", reason=error.message)
            found = None
        return found or self._afresh()

    def _again(self, state: State) -> Look | None:
        """A look from what the last one left; None where that cannot be gone by."""
        with reading(self._engine) as connection:
            edges = edges_known(connection, None)
            wanted = fingerprint(self._settings, edges)
            if not usable(state, wanted, last_token(self._engine), micros(self._at), micros(self._now)):
                return None
            until = written_until(connection)
            new = new_rows(connection, state.positions, until)
            clock = self._clock(state.step, state.wide.found_at)
            given = self._given(read_changes(connection, clock.oldest), edges, clock)
            if told_of_others(connection, new, len(until)) or (state.step and _has_shared(new)):
                return None
        looked = look_again(given, state, new)
        return self._stored(looked, given, until, state.made_at, wanted, afresh=False)

    def _afresh(self) -> Look:
        if isinstance(self._row_cache, InFolder):
            self._row_cache.keep_only(())  # a damaged file would be taken for the one that is to be written
        with reading(self._engine) as connection:
            edges, until = edges_known(connection, None), written_until(connection)
            oldest = micros(self._at) - self._window
            rows = all_rows(connection, oldest - STRADDLE)
            clock = self._clock(self._step(rows), micros(self._at))
            given = self._given(read_changes(connection, oldest), edges, clock)
        tenants = rows.by_tenant()
        del rows  # the iterator lets go of them when all are put away
        looked = look_afresh(given, tenants)
        wanted = fingerprint(self._settings, edges)
        return self._stored(looked, given, until, micros(self._now), wanted, afresh=True)

    def _stored(
        self, looked: Looked, given: Given, until: dict[str, int], made_at: int, wanted: str, *, afresh: bool
    ) -> Look:
        """The findings first, then the state that says they are there."""
        judged = None if afresh else looked.judged
        rules = settings_rules(self._settings) if looked.findings else None
        saving = Saving(self._now, self._at, rules, judged, looked.scopes, self._token)
        found = with_monitors(self._engine, self._settings, looked.findings, self._now)
        changed = save_findings(self._engine, found, saving)
        follow(self._engine, self._at, self._now)
        if self._folder is not None and isinstance(self._row_cache, InFolder):
            state = State(
                settings=wanted,
                token=self._token,
                now=given.clock.now,
                made_at=made_at,
                step=given.clock.step,
                positions=until,
                tenants=looked.tenants,
                totals=looked.totals,
                wide=looked.wide,
                waiting=put_rows(self._row_cache, looked.waiting),
            )
            save_state(self._folder, state)
            self._row_cache.keep_only(state.files)
        return Look(self._at, count_findings(self._engine), changed, len(looked.judged), afresh)

    def _clock(self, step: int, stepped: int) -> Clock:
        """Now, which is a step if the last one is long enough ago."""
        now = micros(self._at)
        return Clock(now, self._window, step, stepped if now - stepped < step else now)

    def _given(self, changes: pd.DataFrame, edges: tuple[Dependency, ...], clock: Clock) -> Given:
        return Given(clock, changes, edges, self._row_cache, lambda size: executor_for(self._settings, size))

    def _step(self, rows: Rows) -> int:
        """How often clean runs are counted. Rows of the unnamed tenant are everybody's, at every moment."""
        if _has_shared(rows):
            return 0
        if self._hours < 0:
            return STEP if rows.runs.num_rows >= LARGE else 0
        return self._hours

    @property
    def _hours(self) -> int:
        """The setting in µs; negative: choose."""
        return int(float(self._settings["analysis.clean_runs_hours"]) * HOUR)


def _has_shared(rows: Rows) -> bool:
    return any(SHARED in column(table, "tenant").unique().to_pylist() for table in (rows.runs, rows.metrics))


def told(look: Look) -> str:
    """What a look found, for the ledger of jobs and on the command line."""
    return f"{plural(look.findings, 'finding')}, {len(look.changed)} new or changed"


def data_until(engine: Engine, now: datetime) -> datetime | None:
    """The latest event stored, at most `now`."""
    latest = moment(stored_until(engine))
    return None if latest is None else min(latest, now)


def settings_rules(settings: Settings) -> Matcher:
    """The rules the settings name, with the built-in ones."""
    from rules.loader import load_rules

    return load_rules([Path(folder) for folder in settings["rules.folders"]])


def utc_now() -> datetime:
    """The moment of asking."""
    return datetime.now(UTC)
