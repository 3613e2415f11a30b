"""The lives of findings that share something with one: its job, its root, an error signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, case, false, func, or_, select, true, union

from correlator.store.database import reading
from correlator.store.facts import dumped
from correlator.store.finding_events import FindingEvent, events_of_all
from correlator.store.schema import finding_events as table
from correlator.store.schema import findings


@dataclass(frozen=True, slots=True)
class Alike:
    """What other findings may share: the job, and what the details of the steps that begin a chapter say: the same
    `root` (some of them by name), or one of the `signatures`."""

    job: str
    root: Mapping[str, str]
    signatures: tuple[str, ...]
    chapters: tuple[str, ...]

    @property
    def same_root(self) -> ColumnElement[bool]:
        named = (
            table.c.details.contains(dumped({name: one})[1:-1], autoescape=True) for name, one in self.root.items()
        )
        return and_(table.c.step.in_(self.chapters), true() if self.root else false(), *named)

    @property
    def same_signature(self) -> ColumnElement[bool]:
        named = (table.c.details.contains(dumped(one), autoescape=True) for one in self.signatures)
        return and_(table.c.step.in_(self.chapters), or_(false(), *named))


def events_alike(
    engine: Engine, wanted: Alike, ends: tuple[str, ...], most: int
) -> dict[str, tuple[FindingEvent, ...]]:
    """The events of findings that share something, by id: of those with a chapter that may be over, for they took one
    of the steps `ends` or began another. At most `most`, those with the first of `ends` before others, then those that
    share most, then the newest."""
    with reading(engine) as connection:
        ids = connection.execute(_most_alike(wanted, ends).limit(most)).scalars().all()
    return events_of_all(engine, ids)


@dataclass(frozen=True, slots=True)
class FirstSaid:
    """The finding that was raised first with an error signature, and when (µs)."""

    finding_id: str
    tenant: str
    job: str
    at: int


def first_said(engine: Engine, wanted: Alike, tenant: str | None = None) -> FirstSaid | None:
    """Of the findings that began a chapter with one of the signatures; where a `tenant` is given, of its job alone.
    Raises StoreError."""
    own = true() if tenant is None else and_(findings.c.job == wanted.job, findings.c.tenant == tenant)
    query = select(findings.c.id, findings.c.tenant, findings.c.job, table.c.at).join(
        table, findings.c.id == table.c.finding_id
    )
    with reading(engine) as connection:
        row = connection.execute(
            query.where(own, wanted.same_signature).order_by(table.c.at, findings.c.id).limit(1)
        ).first()
    return None if row is None else FirstSaid(*row)


def _most_alike(wanted: Alike, ends: tuple[str, ...]) -> Select[Any]:
    same_job = select(findings.c.id).where(findings.c.job == wanted.job)
    either = union(same_job, select(table.c.finding_id).where(or_(wanted.same_root, wanted.same_signature)))
    shared = case((findings.c.job == wanted.job, 1), else_=0) + _ever(wanted.same_root) + _ever(wanted.same_signature)
    chapters = func.sum(case((table.c.step.in_(wanted.chapters), 1), else_=0))
    return (
        select(table.c.finding_id)
        .join(findings, findings.c.id == table.c.finding_id)
        .where(table.c.finding_id.in_(either))
        .group_by(table.c.finding_id, findings.c.job)
        .having(or_(_ever(table.c.step.in_(ends)) == 1, chapters > 1))
        .order_by(_ever(table.c.step == ends[0]).desc(), shared.desc(), func.max(table.c.at).desc(), table.c.finding_id)
    )


def _ever(told: ColumnElement[bool]) -> ColumnElement[int]:
    """1 for a finding with such an event, else 0."""
    return func.max(case((told, 1), else_=0))
