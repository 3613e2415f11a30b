"""All there is to say about the life of one finding: its events, the watch as far as it is, and what was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from correlator.lifecycle.life import Life, life_of
from correlator.lifecycle.recurrence import Earlier, history_of
from correlator.lifecycle.steps import WATCHED
from correlator.model import iso
from correlator.store.finding_events import last_count
from correlator.store.findings import StoredFinding


@dataclass(frozen=True, slots=True)
class Report:
    """`count`: what the last look counted since the fix, at `counted_at`; both None unless a fix is watched."""

    life: Life
    count: Mapping[str, Any] | None
    counted_at: datetime | None
    earlier: tuple[Earlier, ...]


def read_report(engine: Engine, stored: StoredFinding, past: tuple[Earlier, ...] | None = None) -> Report:
    """As the store has it; `past` is its history, where it was read already. Raises StoreError."""
    life = life_of(engine, stored)
    counted = last_count(engine, stored.id) if life.state in WATCHED else None
    at, count = counted or (None, None)
    return Report(life, count, at, history_of(engine, stored) if past is None else past)


def life_document(report: Report) -> dict[str, Any]:
    """JSON-ready."""
    watch = None
    if report.count is not None and report.counted_at is not None:
        watch = {"as_of": iso(report.counted_at), **report.count}
    return report.life.to_dict() | {"watch": watch, "earlier": [one.to_dict() for one in report.earlier]}
