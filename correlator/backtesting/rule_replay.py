"""The replay of all rules that somebody asked for: played over the last days of the store, and kept for the pages.

One replay is of all rules at once: which of them speaks depends on those before it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from correlator.backtesting import schedule
from correlator.backtesting.firings import Firing, RuleBacktest, firings_in_store, firings_in_tables
from correlator.errors import CorrelatorError
from correlator.settings import Settings
from correlator.store.frames import read_window, stored_until
from correlator.store.moments import moments_of_change
from correlator.store.novelty import last_known
from correlator.store.rule_replays import (
    Basis,
    Played,
    StoredFiring,
    StoredReplay,
    begin_replay,
    replay_done,
    replay_failed,
)
from correlator.text.quantities import moment as utc_words
from correlator.text.times import moment
from rules import RuleSet, load_rules

NOTHING_STORED: Final = "nothing is stored to replay"


def play_asked(engine: Engine, settings: Settings, now: datetime) -> Played | None:
    """Play what was asked for, and keep it; None where nothing was.

    Raises CorrelatorError; what was asked for is then entered as failed.
    """
    replay = begin_replay(engine, now)
    if replay is None:
        return None
    try:
        rules = load_rules([Path(folder) for folder in settings["rules.folders"]])
        played = _played(engine, settings, rules, replay)
    except CorrelatorError as error:
        replay_failed(engine, replay.id, f"{error.message}. {error.hint}".strip(" ."), datetime.now(UTC))
        raise
    except BaseException as error:  # Ctrl-C too: nobody is to wait for it. A kill shows by its age, see ask_replay
        replay_failed(engine, replay.id, f"ended before it was done: {type(error).__name__}", datetime.now(UTC))
        raise
    replay_done(engine, replay.id, played, datetime.now(UTC))
    return played


def _played(engine: Engine, settings: Settings, rules: RuleSet, replay: StoredReplay) -> Played:
    length, step = timedelta(days=replay.days), timedelta(seconds=replay.step_seconds)
    window = timedelta(days=settings["analysis.window_days"])
    happened = replay.basis is Basis.HAPPENED
    end = moment(stored_until(engine)) if happened else last_known(engine)
    if end is None:
        raise CorrelatorError(NOTHING_STORED, hint="`correlator import FOLDER` or `correlator pull` first")
    start = end - length
    ticks = schedule.every(step, start, end)
    if happened:
        tables = read_window(engine, start - window, end + timedelta(microseconds=1))
        return _kept(rules, firings_in_tables(tables, rules, ticks, start, end))
    return _kept(rules, firings_in_store(engine, window, rules, ticks, start, end), _late(engine, start))


def _late(engine: Engine, start: datetime) -> str:
    """What a reader has to know where the history was stored later than it happened."""
    changes = moments_of_change(engine)
    first = moment(changes[0]) if changes else None
    if first is None or first <= start:
        return ""
    return (
        f"Nothing was stored before {utc_words(first)}: what was imported or backfilled then was not known earlier, "
        "so nothing can have been said. A replay of it as it happened takes every fact as known when it happened."
    )


def _kept(rules: RuleSet, done: RuleBacktest, detail: str = "") -> Played:
    ordered = sorted(done.firings, key=lambda firing: (firing.held_from, firing.tenant, firing.job))
    versions = {rule.id: rule.version for rule in rules.rules}
    return Played(versions, done.start, done.end, done.looks, tuple(_stored(firing) for firing in ordered), detail)


def _stored(firing: Firing) -> StoredFiring:
    return StoredFiring(
        rule_id=firing.rule_id,
        tenant=firing.tenant,
        job=firing.job,
        verdict=firing.verdict.value,
        held_from=firing.held_from,
        outcome=firing.outcome.value,
        failures=firing.failures,
        said_at=firing.said_at,
        until_at=firing.until,
        next_rule=firing.then,
        ask=firing.ask,
        noise=firing.noise,
    )
