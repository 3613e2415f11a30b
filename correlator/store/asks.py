"""Asks that people put in other words than the rule did: every version, by whom and when. The newest holds, whatever a
look says later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, insert, select, text

from correlator.errors import StepRefusedError
from correlator.store.database import reading, writing
from correlator.store.schema import finding_asks as table
from correlator.text.times import micros, moment


@dataclass(frozen=True, slots=True)
class AskEdit:
    """One version. `ask` "": back to the rule's own words; `original`: what the rule asked then. `number` counts from
    1."""

    finding_id: str
    number: int
    at: datetime
    actor: str
    ask: str
    original: str


def edit_ask(engine: Engine, edit: AskEdit) -> None:
    """Keep a version. Raises StepRefusedError where somebody was quicker: `number` is taken."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(9, hashtext(:id))"), {"id": edit.finding_id})
        last = connection.execute(
            select(func.max(table.c.number)).where(table.c.finding_id == edit.finding_id)
        ).scalar()
        if edit.number != (last or 0) + 1:
            raise StepRefusedError(
                f"the ask of {edit.finding_id} was put in other words meanwhile", hint="look at it again, then decide"
            )
        row = {name: getattr(edit, name) for name in ("finding_id", "number", "actor", "ask", "original")}
        connection.execute(insert(table).values(row | {"at": micros(edit.at)}))


def edits_of(engine: Engine, finding_id: str) -> list[AskEdit]:
    """Every version, the newest first."""
    with reading(engine) as connection:
        rows = connection.execute(select(table).where(table.c.finding_id == finding_id).order_by(table.c.number.desc()))
        return [_edit(row) for row in rows]


def newest_edits(connection: Connection, finding_ids: Sequence[str] | None = None) -> dict[str, AskEdit]:
    """The newest version of each finding's ask, or of these findings'."""
    last = select(table.c.finding_id, func.max(table.c.number).label("number")).group_by(table.c.finding_id)
    newest = (last if finding_ids is None else last.where(table.c.finding_id.in_(finding_ids))).subquery()
    same = and_(newest.c.finding_id == table.c.finding_id, newest.c.number == table.c.number)
    return {row.finding_id: _edit(row) for row in connection.execute(select(table).join(newest, same))}


def with_edit(document: dict[str, Any], edit: AskEdit | None) -> dict[str, Any]:
    """A finding's document with its ask as it was put; what the rule asks now is kept beside it."""
    rule: Mapping[str, Any] | None = document.get("rule")
    if rule is None or edit is None or not edit.ask:
        return document
    edited = {"by": edit.actor, "at": edit.at.isoformat().replace("+00:00", "Z"), "original": rule["ask"]}
    return document | {"rule": {**rule, "ask": edit.ask, "edited": edited}}


def _edit(row: Row[Any]) -> AskEdit:
    return AskEdit(row.finding_id, row.number, moment(row.at), row.actor, row.ask, row.original)
