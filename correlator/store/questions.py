"""Questions that people keep: a name, and the address of the answer. Needs no numpy."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Engine, Update, and_, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping

from correlator.errors import StepRefusedError, UsageError
from correlator.model import iso
from correlator.store.database import reading, took, writing
from correlator.store.schema import saved_questions as table
from correlator.text.quantities import one_line
from correlator.text.times import micros, moment

LONGEST_NAME: Final = 120
MOST: Final = 200
"""So many can be kept: a page lists them all."""


@dataclass(frozen=True, slots=True)
class Question:
    """`query`: the address of the answer, behind its `?`. `tenant`: whose the question is about; "" for all that one
    may see."""

    id: str
    name: str
    query: str
    tenant: str
    made_by: str
    made_at: datetime
    changed_by: str
    changed_at: datetime

    def to_dict(self) -> dict[str, Any]:
        times = {"made_at": iso(self.made_at), "changed_at": iso(self.changed_at)}
        return {name: getattr(self, name) for name in ("id", "name", "query", "made_by", "changed_by")} | times


def list_questions(engine: Engine) -> tuple[Question, ...]:
    """By name."""
    with reading(engine) as connection:
        rows = connection.execute(select(table).limit(MOST)).mappings().all()
    return tuple(sorted(map(_question, rows), key=lambda one: (one.name.casefold(), one.id)))


def get_question(engine: Engine, wanted: str) -> Question | None:
    with reading(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == wanted)).mappings().first()
    return None if row is None else _question(row)


def add_question(engine: Engine, name: str, query: str, tenant: str, actor: str, at: datetime) -> Question:
    """Raises UsageError without a name for it or for whoever keeps it, and where there are too many."""
    named, by = _checked(name, "the question"), _checked(actor, "whoever keeps it")
    made = Question(secrets.token_hex(6), named, query, tenant, by, at, by, at)
    with writing(engine) as connection:
        if connection.execute(select(func.count()).select_from(table)).scalar_one() >= MOST:
            raise UsageError(f"{MOST} questions are kept already", hint="delete one that nobody asks any more")
        connection.execute(insert(table).values(_row(made)))
    return made


def change_question(
    engine: Engine, old: Question, name: str, query: str, tenant: str, actor: str, at: datetime
) -> None:
    """Another name, another address. Raises StepRefusedError where somebody changed it since `old` was read."""
    changes = {"name": _checked(name, "the question"), "query": query, "tenant": tenant}
    by = {"changed_by": _checked(actor, "whoever changes it"), "changed_at": micros(at)}
    _unless_changed(engine, update(table).where(_as_read(old)).values(changes | by), old)


def delete_question(engine: Engine, old: Question) -> None:
    """Raises StepRefusedError where somebody changed it since `old` was read."""
    _unless_changed(engine, delete(table).where(_as_read(old)), old)


def _as_read(old: Question) -> ColumnElement[bool]:
    return and_(table.c.id == old.id, table.c.changed_at == micros(old.changed_at))


def _unless_changed(engine: Engine, statement: Update | Delete, old: Question) -> None:
    with writing(engine) as connection:
        if not took(connection, statement):
            raise StepRefusedError(f"somebody changed {old.name!r} meanwhile", hint="look at it again")


def _checked(name: str, whose: str) -> str:
    told = one_line(name, LONGEST_NAME).strip()
    if not told:
        raise UsageError(f"{whose} has no name", hint="give one")
    return told


def _row(question: Question) -> dict[str, Any]:
    texts = {name: getattr(question, name) for name in ("id", "name", "query", "tenant", "made_by", "changed_by")}
    return texts | {"made_at": micros(question.made_at), "changed_at": micros(question.changed_at)}


def _question(row: RowMapping) -> Question:
    texts = {name: row[name] for name in ("id", "name", "query", "tenant", "made_by", "changed_by")}
    return Question(**texts, made_at=moment(row["made_at"]), changed_at=moment(row["changed_at"]))
