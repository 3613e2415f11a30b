"""What a look finds from the state that the last one left is, byte for byte, what it finds from nothing."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from correlator.correlating.look import Look, analyze_store, correlate_store
from correlator.engine import Serial
from correlator.engine.platform import Totals
from correlator.incremental.look import Given, look_again
from correlator.incremental.moments import Clock
from correlator.incremental.new_rows import all_rows
from correlator.incremental.row_cache import InMemory, put_rows
from correlator.incremental.rows import Rows
from correlator.incremental.state import State, load_state
from correlator.model import Finding
from correlator.model.scopes import with_others
from correlator.ports import Page
from correlator.settings import Settings, load_settings
from correlator.store import schema
from correlator.store.database import open_store, reading, writing
from correlator.store.edges import edges_known
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, list_findings
from correlator.store.frames import STRADDLE, read_changes
from correlator.text.times import micros
from tests.incremental.growing import BEGIN, EDGES, HOUR, arriving

TENANTS = ("t1", "t2", "t3", "t4")


def _settings(hours: float, days: int, folder: Path) -> Settings:
    given = {"CLEAN_RUNS_HOURS": hours, "WINDOW_DAYS": days, "STATE_FOLDER": folder}
    return load_settings(None, {f"CORRELATOR_ANALYSIS_{name}": str(value) for name, value in given.items()})


def _ticks(engine: Engine, seed: int, hours: int, cuts: list[int], tenants: tuple[str, ...]) -> Iterator[datetime]:
    """Facts stored up to each moment, which is given."""
    store_page(engine, "orchestrator", Page("edges", EDGES, {}), BEGIN)
    facts = sorted(arriving(seed, hours, tenants), key=lambda item: item[0])
    before = BEGIN - HOUR
    for cut in cuts:
        now = BEGIN + timedelta(minutes=cut)
        new = [fact for at, fact in facts if before < at <= now]
        store_page(engine, "vendor", Page("runs", tuple(new), {"until": cut}), now)
        yield now
        before = now


def _said(engine: Engine) -> dict[str, Finding]:
    return {one.id: one.finding for one in list_findings(engine)}


def _same(first: dict[str, Finding], second: dict[str, Finding]) -> None:
    assert first.keys() == second.keys()
    for id_, one in first.items():
        mine, other = one.to_dict(), second[id_].to_dict()
        assert mine | {"window_end": None} == other | {"window_end": None}


GAPS = st.lists(st.sampled_from([5, 5, 20, 60, 180]), min_size=2, max_size=4)


@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 10**6), st.integers(600, 1800), GAPS, st.sampled_from([0.0, 3.0, 6.0]), st.sampled_from([1, 35]))
def test_looking_again_is_looking_afresh(seed: int, first: int, gaps: list[int], hours: float, days: int) -> None:
    cuts = [first + sum(gaps[:number]) for number in range(len(gaps) + 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_store(f"sqlite:///{folder / 'store.db'}")
        given_ = _settings(hours, days, folder / "kept")
        try:
            for number, now in enumerate(_ticks(engine, seed, 60, cuts, TENANTS)):
                look = correlate_store(engine, given_, now)
                assert look is not None
                assert look.afresh == (number == 0)
                if hours == 0.0:
                    _same(_said(engine), _analyzed(engine, given_, now))
                    _same(_said(engine), _afresh(engine, folder, now, given_))
                else:
                    _same(_said(engine), _by_the_same_steps(engine, look, _state(folder / "kept"), days))
        finally:
            engine.dispose()


def _analyzed(engine: Engine, settings: Settings, now: datetime) -> dict[str, Finding]:
    """By the engine, of the whole window as one table."""
    analysis = analyze_store(engine, settings, now)
    assert analysis is not None
    return {finding_id(one.tenant, one.job): one for one in analysis.findings}


def _afresh(engine: Engine, folder: Path, now: datetime, given: Settings) -> dict[str, Finding]:
    """By a look at a copy of the store that nobody looked at before."""
    copy, kept = folder / f"copy-{now:%d%H%M}.db", folder / f"kept-{now:%d%H%M}"
    with closing(sqlite3.connect(str(engine.url.database))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    other = open_store(f"sqlite:///{copy}")
    with writing(other) as connection:
        connection.execute(delete(schema.finding_events))
        connection.execute(delete(schema.findings))
    anew = replace(given, values={**given.values, "analysis.state_folder": str(kept)})
    look = correlate_store(other, anew, now)
    assert look is not None
    assert look.afresh
    said = _said(other)
    other.dispose()
    return said


def _by_the_same_steps(engine: Engine, look: Look, state: State, days: int) -> dict[str, Finding]:
    """From all rows at once, by what was known of all tenants at the last step."""
    at, window, row_cache = micros(look.as_of), days * 24 * 3600 * 10**6, InMemory()
    clock = Clock(at, window, state.step, state.wide.found_at)
    with reading(engine) as connection:
        rows = all_rows(connection, clock.oldest - STRADDLE)
        edges, changes = edges_known(connection, None), read_changes(connection, clock.oldest)
    blank = replace(state, tenants={}, totals=Totals.of(()), waiting=put_rows(row_cache, Rows.none()))
    looked = look_again(Given(clock, changes, edges, row_cache, lambda _: Serial()), blank, rows)
    assert looked.wide == state.wide
    whole = [replace(one, scope=with_others(one.scope[0], looked.scopes[one.job])) for one in looked.findings]
    return {finding_id(one.tenant, one.job): one for one in whole}


def _state(folder: Path) -> State:
    (store,) = folder.iterdir()
    state = load_state(store)
    assert state is not None
    return state
