"""Edges kept true before each look: those no longer seen end, and once a day those that can be guessed are guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.model import Origin, iso
from correlator.ports import Page
from correlator.settings import Settings
from correlator.store.edges import end_unseen, list_edges
from correlator.store.facts import position, store_page

SOURCE: Final = "inferred"
_STREAM: Final = "edges"
GUESS_EVERY: Final = timedelta(days=1)


def keep_edges(engine: Engine, settings: Settings, now: datetime) -> None:
    """End and guess edges as the settings `dependencies.*` say. Raises StoreError."""
    end_unseen(engine, settings["dependencies.unseen_days"], now)
    if not settings["dependencies.infer"]:
        _forget(engine, now)
    elif _due(engine, now):
        _guess(engine, settings, now)


def _due(engine: Engine, now: datetime) -> bool:
    read_at = (position(engine, SOURCE, _STREAM) or {}).get("read_at")
    return not read_at or datetime.fromisoformat(read_at) + GUESS_EVERY <= now


def _guess(engine: Engine, settings: Settings, now: datetime) -> None:
    from correlator.history.building import build_history
    from correlator.history.inferred_edges import infer_edges
    from correlator.store.frames import read_window
    from correlator.text.times import micros

    tables = read_window(engine, now - timedelta(days=settings["analysis.window_days"]), now)
    history = build_history(tables, micros(now))
    known = [stored.edge for stored in list_edges(engine)]
    edges = tuple(match.edge for match in infer_edges(history, known))
    page = Page(_STREAM, edges, {"read_at": iso(now)}, requests=0, done=True, lists_all_edges=True)
    store_page(engine, SOURCE, page, now)


def _forget(engine: Engine, now: datetime) -> None:
    """Guesses end with the setting."""
    if any(one.source == SOURCE and one.edge.origin is Origin.INFERRED for one in list_edges(engine)):
        store_page(engine, SOURCE, Page(_STREAM, (), {}, requests=0, done=True, lists_all_edges=True), now)
