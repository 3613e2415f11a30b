"""Replays of the rules over the stored history: asked for, under way, done or failed, and what would have been said.

One at a time: who asks while one waits or runs gets that one. No numerical library is needed to read them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, writing
from correlator.store.findings import finding_id
from correlator.store.schema import finding_events, rule_firings, rule_replays
from correlator.text.times import micros, moment

KEPT: Final = 10
"""So many replays are kept; older ones are forgotten."""
LOOKS: Final = 168
"""So many looks a replay makes, whatever its window: what it costs is known before."""
_ROWS_AT_ONCE: Final = 500
FiringKey = tuple[datetime, int]
"""Since when it held, and its number in the replay."""


class ReplayState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Basis(StrEnum):
    """What counts as known at a look. `known`: what was stored by then, as it stood then; `happened`: what had happened
    by then, whenever it was stored, for a history that was imported or backfilled."""

    KNOWN = "known"
    HAPPENED = "happened"


_OPEN: Final = (ReplayState.WAITING, ReplayState.RUNNING)


@dataclass(frozen=True, slots=True)
class StoredReplay:
    """`rules`: the version of each rule, in the order they were tried; `detail`: why it failed, or a remark."""

    id: int
    state: ReplayState
    asked_by: str
    asked_at: datetime
    days: int
    step_seconds: int
    basis: Basis
    rules: Mapping[str, str]
    detail: str = ""
    looks: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredFiring:
    """One rule about one job while it would have held. `said_at`: since when it would have been said, None for never.

    `noise`: said to be systemic, and then transient or withdrawn; `dismissed`: a person dismissed the finding while it
    was said. `next_rule`: the rule that spoke after it.
    """

    rule_id: str
    tenant: str
    job: str
    verdict: str
    held_from: datetime
    outcome: str
    failures: int = 0
    said_at: datetime | None = None
    until_at: datetime | None = None
    next_rule: str = ""
    ask: str = ""
    noise: bool = False
    dismissed: bool = False

    @property
    def finding_id(self) -> str:
        return finding_id(self.tenant, self.job)


@dataclass(frozen=True, slots=True)
class FiringCounts:
    """Of one rule in one replay: how often it held, was said, and was noise (taken back, or dismissed)."""

    held: int = 0
    said: int = 0
    noise: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """What a replay found. The firings are of all rules; `rules`: their versions, in the order they were tried."""

    rules: Mapping[str, str]

    start: datetime
    end: datetime
    looks: int
    firings: tuple[StoredFiring, ...]
    detail: str = ""


def ask_replay(
    engine: Engine, actor: str, days: int, step_seconds: int, basis: Basis, at: datetime, lost_before: datetime
) -> bool:
    """Ask for a replay; False where one waits or runs already. One that began before `lost_before` was cut."""
    with writing(engine) as connection:
        _give_up(connection, lost_before, at)
        if connection.execute(select(rule_replays.c.id).where(rule_replays.c.state.in_(_OPEN))).first():
            return False
        row = {"state": ReplayState.WAITING, "asked_by": actor, "asked_at": micros(at), "days": days}
        connection.execute(
            insert(rule_replays).values(row | {"step_seconds": step_seconds, "basis": basis.value, "rules": "{}"})
        )
        return True


def _give_up(connection: Connection, lost_before: datetime, at: datetime) -> None:
    lost = and_(rule_replays.c.state == ReplayState.RUNNING, rule_replays.c.started_at < micros(lost_before))
    words = "cut before it was done"
    connection.execute(
        update(rule_replays).where(lost).values(state=ReplayState.FAILED, finished_at=micros(at), detail=words)
    )


def replay_waits(engine: Engine) -> bool:
    """Whether one was asked for and not begun."""
    with reading(engine) as connection:
        asked = select(rule_replays.c.id).where(rule_replays.c.state == ReplayState.WAITING)
        return connection.execute(asked.limit(1)).first() is not None


def begin_replay(engine: Engine, at: datetime) -> StoredReplay | None:
    """Take the one that waits; None where none does."""
    with writing(engine) as connection:
        waiting = select(rule_replays).where(rule_replays.c.state == ReplayState.WAITING).order_by(rule_replays.c.id)
        row = connection.execute(waiting.limit(1)).mappings().first()
        if row is None:
            return None
        begun = {"state": ReplayState.RUNNING, "started_at": micros(at)}
        taken = update(rule_replays).where(rule_replays.c.id == row["id"], rule_replays.c.state == ReplayState.WAITING)
        if connection.execute(taken.values(begun)).rowcount != 1:
            return None
        return _replay({**row, **begun})


def replay_done(engine: Engine, replay_id: int, played: Played, at: datetime) -> None:
    """Enter what was found, and forget the oldest replays."""
    rows = [_firing_row(replay_id, number, firing) for number, firing in enumerate(played.firings)]
    with writing(engine) as connection:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            connection.execute(insert(rule_firings), rows[first : first + _ROWS_AT_ONCE])
        values = {
            "state": ReplayState.DONE,
            "finished_at": micros(at),
            "window_start": micros(played.start),
            "window_end": micros(played.end),
            "looks": played.looks,
            "rules": json.dumps(dict(played.rules)),  # in their order
            "detail": played.detail,
        }
        connection.execute(update(rule_replays).where(rule_replays.c.id == replay_id).values(values))
        kept = select(rule_replays.c.id).order_by(rule_replays.c.id.desc()).limit(KEPT)
        newest = [row.id for row in connection.execute(kept)]
        connection.execute(delete(rule_firings).where(rule_firings.c.replay_id.not_in(newest)))
        connection.execute(delete(rule_replays).where(rule_replays.c.id.not_in(newest)))


def replay_failed(engine: Engine, replay_id: int, words: str, at: datetime) -> None:
    """Enter why it could not be done."""
    values = {"state": ReplayState.FAILED, "finished_at": micros(at), "detail": words}
    with writing(engine) as connection:
        connection.execute(update(rule_replays).where(rule_replays.c.id == replay_id).values(values))


def last_replay(engine: Engine, *states: ReplayState) -> StoredReplay | None:
    """The newest one, of these states or of all."""
    statement = select(rule_replays).order_by(rule_replays.c.id.desc()).limit(1)
    if states:
        statement = statement.where(rule_replays.c.state.in_(states))
    with reading(engine) as connection:
        row = connection.execute(statement).mappings().first()
    return None if row is None else _replay(row)


def list_replays(engine: Engine) -> tuple[StoredReplay, ...]:
    """Those that are kept, the newest first."""
    newest = select(rule_replays).order_by(rule_replays.c.id.desc()).limit(KEPT + 1)
    with reading(engine) as connection:
        return tuple(_replay(row) for row in connection.execute(newest).mappings())


def get_replay(engine: Engine, replay_id: int) -> StoredReplay | None:
    with reading(engine) as connection:
        row = connection.execute(select(rule_replays).where(rule_replays.c.id == replay_id)).mappings().first()
    return None if row is None else _replay(row)


def firing_counts(engine: Engine, replay_id: int) -> dict[str, FiringCounts]:
    """By rule; a rule that never held is left out."""
    noise = and_(rule_firings.c.said_at.is_not(None), or_(rule_firings.c.noise, _dismissed()))
    counts = (func.count(), func.count(rule_firings.c.said_at), func.sum(case((noise, 1), else_=0)))
    statement = select(rule_firings.c.rule_id, *counts).where(rule_firings.c.replay_id == replay_id)
    with reading(engine) as connection:
        rows = connection.execute(statement.group_by(rule_firings.c.rule_id))
        return {rule: FiringCounts(held, said, int(noisy)) for rule, held, said, noisy in rows}


def firings_of(engine: Engine, replay_id: int, rule_id: str, limit: int) -> tuple[StoredFiring, ...]:
    """What a rule would have said, newest first."""
    return tuple(firing for _, firing in firings_page(engine, replay_id, rule_id, None, limit))


def firings_page(
    engine: Engine, replay_id: int, rule_id: str | None, last: FiringKey | None, limit: int
) -> list[tuple[FiringKey, StoredFiring]]:
    """What one rule (None: any) would have said, newest first, behind the one with this key; each with its own."""
    held, number = rule_firings.c.held_from, rule_firings.c.number
    statement = select(rule_firings, _dismissed().label("dismissed")).where(rule_firings.c.replay_id == replay_id)
    if rule_id is not None:
        statement = statement.where(rule_firings.c.rule_id == rule_id)
    if last is not None:
        at = micros(last[0])
        statement = statement.where(or_(held < at, and_(held == at, number < last[1])))
    with reading(engine) as connection:
        rows = connection.execute(statement.order_by(held.desc(), number.desc()).limit(limit)).mappings()
        return [((moment(row["held_from"]), row["number"]), _firing(row)) for row in rows]


def _dismissed() -> ColumnElement[bool]:
    """Whether a person dismissed the finding while it was said."""
    event, firing = finding_events.c, rule_firings.c
    within = and_(event.at >= firing.said_at, or_(firing.until_at.is_(None), event.at <= firing.until_at))
    return exists().where(
        event.finding_id == firing.finding_id, event.step == "dismiss", event.machine.is_(False), within
    )


def _replay(row: Mapping[str, Any] | RowMapping) -> StoredReplay:
    times = {n: moment(row[n]) for n in ("asked_at", "started_at", "finished_at", "window_start", "window_end")}
    plain = {name: row[name] for name in ("id", "asked_by", "days", "step_seconds", "detail", "looks")}
    read = {"state": ReplayState(row["state"]), "basis": Basis(row["basis"]), "rules": json.loads(row["rules"])}
    return StoredReplay(**plain, **times, **read)


_COLUMNS: Final = (
    "rule_id",
    "tenant",
    "job",
    "finding_id",
    "verdict",
    "outcome",
    "next_rule",
    "ask",
    "noise",
    "failures",
)
_TIMES: Final = ("held_from", "said_at", "until_at")


def _firing_row(replay_id: int, number: int, firing: StoredFiring) -> dict[str, Any]:
    times = {name: micros(getattr(firing, name)) for name in _TIMES}
    return {"replay_id": replay_id, "number": number, **{name: getattr(firing, name) for name in _COLUMNS}, **times}


def _firing(row: RowMapping) -> StoredFiring:
    plain = {name: row[name] for name in _COLUMNS if name != "finding_id"}
    times = {name: moment(row[name]) for name in _TIMES}
    return StoredFiring(**plain, **times, dismissed=bool(row["dismissed"]))
