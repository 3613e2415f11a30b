"""Actions and every step they took. A state is changed only from one that the caller names, together with its step, so
that of two who act at once one does nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.engine import RowMapping

from correlator.store.database import reading, took, writing
from correlator.store.facts import dumped
from correlator.store.inserting import entered
from correlator.store.paging import Place, behind, newest_first
from correlator.store.schema import action_steps, actions, findings
from correlator.text.times import micros, moment

_ORDERED: Final = (actions.c.proposed_at, actions.c.id)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One line of the audit log: who did what when, in words."""

    action_id: str
    number: int
    at: datetime
    step: str
    actor: str
    words: str


@dataclass(frozen=True, slots=True)
class StoredAction:
    """`request` is what is, or would be, sent; `sent_at`: when it was, or may have been."""

    id: str
    finding_id: str
    rule_id: str
    kind: str
    target: str
    state: str
    request: Mapping[str, Any]
    most_per_hour: int
    proposed_at: datetime
    answer: str = ""
    sent_at: datetime | None = None


def add_action(engine: Engine, action: StoredAction, actor: str, words: str) -> bool:
    """Enter an action and its first step; False where it stands already."""
    row = {
        "id": action.id,
        "finding_id": action.finding_id,
        "rule_id": action.rule_id,
        "kind": action.kind,
        "target": action.target,
        "state": action.state,
        "request": dumped(dict(action.request)),
        "most_per_hour": action.most_per_hour,
        "proposed_at": micros(action.proposed_at),
    }
    with writing(engine) as connection:
        if not entered(connection, actions, row):
            return False
        _log(connection, action.id, action.proposed_at, action.state, actor, words)
        return True


def move_action(
    engine: Engine,
    action_id: str,
    to: str,
    *,
    before: Collection[str],
    actor: str,
    words: str,
    at: datetime,
    answer: str | None = None,
    sent: bool = False,
) -> bool:
    """Take a step, if the action stands in one of the states `before`; False where it does not."""
    values: dict[str, Any] = {"state": to}
    values |= {} if answer is None else {"answer": answer}
    values |= {"sent_at": micros(at)} if sent else {}
    with writing(engine) as connection:
        return _moved(connection, action_id, values, before, StepTaken(action_id, 0, at, to, actor, words))


def claim_sending(
    engine: Engine,
    action_id: str,
    *,
    before: str,
    to: str,
    rule_id: str,
    caps: tuple[int, int],
    at: datetime,
    actor: str,
) -> str:
    """Take the step to `to`, if fewer actions went out in the hour before `at` than `caps` allow: of this rule, of all.

    Counted and taken in one transaction. Gives "" when taken, else why not.
    """
    with writing(engine) as connection:
        _one_at_a_time(connection)
        recent = actions.c.sent_at > micros(at - timedelta(hours=1))
        total = connection.execute(select(func.count()).where(recent)).scalar_one()
        of_rule = connection.execute(select(func.count()).where(recent, actions.c.rule_id == rule_id)).scalar_one()
        if of_rule >= caps[0]:
            return f"{of_rule} of this rule went out in the last hour, and no more than {caps[0]} may"
        if total >= caps[1]:
            return f"{total} went out in the last hour, and no more than {caps[1]} may"
        step = StepTaken(action_id, 0, at, to, actor, "going out now")
        taken = _moved(connection, action_id, {"state": to, "sent_at": micros(at)}, (before,), step)
        return "" if taken else f"it is no longer {before}"


def log_step(engine: Engine, action_id: str, step: str, actor: str, words: str, at: datetime) -> None:
    """A step that leaves the state as it is; the same words twice in a row are one step."""
    with writing(engine) as connection:
        newest = action_steps.c.number.desc()
        last = connection.execute(
            select(action_steps.c.step, action_steps.c.words)
            .where(action_steps.c.action_id == action_id)
            .order_by(newest)
        ).first()
        if last is None or (last.step, last.words) != (step, words):
            _log(connection, action_id, at, step, actor, words)


def list_actions(engine: Engine, states: Collection[str] | None = None) -> list[StoredAction]:
    """Oldest first; with `states` only those that stand in one of them."""
    statement = select(actions).order_by(actions.c.proposed_at, actions.c.id)
    if states is not None:
        statement = statement.where(actions.c.state.in_(sorted(states)))
    with reading(engine) as connection:
        return [_action(row) for row in connection.execute(statement).mappings()]


def latest_actions(
    engine: Engine, limit: int, *, states: Collection[str], about: str | None = None, after: Place | None = None
) -> list[StoredAction]:
    """Those that stand in one of these states, `about` one finding or any, newest first; behind `after`."""
    mine = select(actions).where(actions.c.state.in_(sorted(states)), behind(*_ORDERED, after))
    if about is not None:
        mine = mine.where(actions.c.finding_id == about)
    with reading(engine) as connection:
        rows = connection.execute(mine.order_by(*newest_first(*_ORDERED)).limit(limit))
        return [_action(row) for row in rows.mappings()]


def count_actions(engine: Engine) -> dict[str, int]:
    """How many there are, by state."""
    counted = select(actions.c.state, func.count()).group_by(actions.c.state)
    with reading(engine) as connection:
        return {state: count for state, count in connection.execute(counted)}  # noqa: C416


def get_action(engine: Engine, action_id: str) -> StoredAction | None:
    """None for an unknown id."""
    with reading(engine) as connection:
        row = connection.execute(select(actions).where(actions.c.id == action_id)).mappings().first()
    return None if row is None else _action(row)


def steps_of(engine: Engine, action_id: str) -> list[StepTaken]:
    """All that was done, in order."""
    return steps_of_all(engine, [action_id])[action_id]


def steps_of_all(engine: Engine, action_ids: Collection[str]) -> dict[str, list[StepTaken]]:
    """The same for several actions; one without steps has none."""
    if not action_ids:
        return {}
    statement = select(action_steps).where(action_steps.c.action_id.in_(sorted(action_ids)))
    found: dict[str, list[StepTaken]] = {name: [] for name in action_ids}
    with reading(engine) as connection:
        for row in connection.execute(statement.order_by(action_steps.c.action_id, action_steps.c.number)).mappings():
            found[row["action_id"]].append(StepTaken(**{**row, "at": moment(row["at"])}))
    return found


def steps_since(engine: Engine, since: datetime, most: int) -> list[tuple[StoredAction, StepTaken, str]]:
    """(action, step, tenant) of the latest steps taken at or after `since`, the newest first."""
    taken = [action_steps.c[name].label(f"step_{name}") for name in ("number", "at", "step", "actor", "words")]
    joined = (
        select(actions, *taken, findings.c.tenant)
        .join(action_steps, action_steps.c.action_id == actions.c.id)
        .join(findings, findings.c.id == actions.c.finding_id)
    )
    newest = (action_steps.c.at.desc(), actions.c.id, action_steps.c.number.desc())
    statement = joined.where(action_steps.c.at >= micros(since)).order_by(*newest).limit(most)
    with reading(engine) as connection:
        return [(_action(row), _step(row), row["tenant"]) for row in connection.execute(statement).mappings()]


def _step(row: RowMapping) -> StepTaken:
    texts = (row["step_step"], row["step_actor"], row["step_words"])
    return StepTaken(row["id"], row["step_number"], moment(row["step_at"]), *texts)


def _one_at_a_time(connection: Connection) -> None:
    """SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE actions IN SHARE ROW EXCLUSIVE MODE")


def _moved(
    connection: Connection, action_id: str, values: Mapping[str, Any], before: Collection[str], step: StepTaken
) -> bool:
    wanted = update(actions).where(actions.c.id == action_id, actions.c.state.in_(sorted(before)))
    if not took(connection, wanted.values(**values)):
        return False
    _log(connection, action_id, step.at, step.step, step.actor, step.words)
    return True


def _log(connection: Connection, action_id: str, at: datetime, step: str, actor: str, words: str) -> None:
    last = select(func.coalesce(func.max(action_steps.c.number), 0)).where(action_steps.c.action_id == action_id)
    number = connection.execute(last).scalar_one() + 1
    row = {"action_id": action_id, "number": number, "at": micros(at), "step": step, "actor": actor, "words": words}
    connection.execute(insert(action_steps).values(row))


def _action(row: RowMapping) -> StoredAction:
    times = {name: moment(row[name]) for name in ("proposed_at", "sent_at")}
    named = {column.name: row[column.name] for column in actions.c}
    return StoredAction(**{**named, **times, "request": json.loads(row["request"])})
