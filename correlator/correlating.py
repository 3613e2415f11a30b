"""From the store to findings and back: one look, for the command line and the scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from correlator.edge_upkeep import keep_edges
from correlator.engine import analyze
from correlator.model import Analysis
from correlator.settings import Settings
from correlator.store.findings import Matcher, save_analysis
from correlator.store.frames import read_window, stored_until
from correlator.store.times import moment


@dataclass(frozen=True)
class Look:
    """What one look found, and the ids of findings that are new or say something else than before."""

    analysis: Analysis
    changed: tuple[str, ...]


def correlate_store(engine: Engine, settings: Settings, now: datetime, as_of: datetime | None = None) -> Look | None:
    """Judge the last `analysis.window_days` and store the findings; None when nothing is stored to judge."""
    if as_of is None:
        keep_edges(engine, settings, now)
    analysis = analyze_store(engine, settings, now, as_of)
    if analysis is None:
        return None
    return Look(analysis, save_analysis(engine, analysis, now, settings_rules(settings)))


def analyze_store(engine: Engine, settings: Settings, now: datetime, as_of: datetime | None = None) -> Analysis | None:
    """The same without storing.

    `as_of` defaults to the last moment the store knows of (at most `now`): silence of a source is not health, and
    an old history that was imported is judged at its own end.
    """
    as_of = as_of or data_until(engine, now)
    if as_of is None:
        return None
    start = as_of - timedelta(days=settings["analysis.window_days"])
    tables = read_window(engine, start, as_of + timedelta(microseconds=1))
    return analyze(tables, as_of)


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
