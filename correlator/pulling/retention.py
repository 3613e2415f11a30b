"""Letting go of what came in long ago: vendors' answers as they came, and items that could not be used.

Facts, findings and what people wrote are kept. Nothing goes that the window of a look can still quote, nor lineage
events, as a run is made anew out of all of its events whenever a late one comes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.errors import SettingsError
from correlator.settings import Settings
from correlator.store.aging import DROPS, last_look_at

_SETTINGS: Final = {"raw_answers": "retention.raw_answers_days", "set_aside": "retention.set_aside_days"}
_PAUSE_SECONDS: Final = 0.05
"""Between two batches, so that a pull which waits for the database gets its turn."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Rows deleted by table, and whether that is all there was to delete."""

    rows: Mapping[str, int]
    through: bool

    @property
    def said(self) -> str:
        return ", ".join(f"{count} rows of {table} deleted" for table, count in self.rows.items()) or "all is kept"


def days_kept(settings: Settings) -> dict[str, int]:
    """By table, where not all is kept. Raises SettingsError for less than a look needs."""
    needed = settings["analysis.window_days"]
    given = {table: (name, settings[name]) for table, name in _SETTINGS.items() if settings[name] != 0}
    for name, days in given.values():
        if days < needed:
            message = f"{name} is {days}, but findings quote what came in during analysis.window_days ({needed} days)"
            raise SettingsError(message, hint=f"{needed} or more; 0 keeps all")
    return {table: days for table, (_, days) in given.items()}


def let_go(engine: Engine, settings: Settings, now: datetime, seconds: float = math.inf) -> LetGo:
    """Delete what is older, in batches of a transaction each; after so many seconds no other is begun.

    Ages count from the last look where its window ended before now: a store that nothing comes into keeps what it
    judges. Raises SettingsError, StoreError.
    """
    until = time.monotonic() + seconds
    newest = min(now, last_look_at(engine) or now)
    kept = days_kept(settings)
    deleted = dict.fromkeys(kept, 0)
    for table, days in kept.items():
        while time.monotonic() < until:
            dropped = DROPS[table](engine, newest - timedelta(days=days))
            deleted[table] += dropped
            if not dropped:
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            return LetGo(deleted, through=False)
    return LetGo(deleted, through=True)
