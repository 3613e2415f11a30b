"""What the overview asks: counts, and of each list as many findings as it shows. All of it over indexes; only what is
shown is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Engine, func, select

from correlator.evidence.words import verdict_line
from correlator.lives.life import Life
from correlator.lives.steps import WATCHED, State, Step
from correlator.model import Cause, Finding
from correlator.store.asks import AskEdit, newest_edits, with_edit
from correlator.store.database import reading
from correlator.store.finding_events import events_of_all, events_with
from correlator.store.outages import hit_by
from correlator.store.schema import finding_watches, findings, last_look
from correlator.store.times import moment
from correlator.trends import SURE, Halves, found_worse, halves
from rules.model import RuleMatch

_HEAVY: Final = ("scope", "edges", "signatures", "root_signatures", "layers", "metrics", "changes", "clocks")
"""What no list tells: findings of thousands of runs are long."""


@dataclass(frozen=True, slots=True)
class Item:
    """A finding as a list shows it. `state`: where its life has come to; `halves`: only where a list tells them."""

    id: str
    finding: Finding
    line: str
    match: RuleMatch | None
    state: State | None = None
    halves: Halves | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Findings that stand, by what the overview lists. `burnt`: minutes, `needed_retry`: runs, of all of them."""

    systemic: int
    shared: int
    inconclusive: int
    transient: int
    burnt: float
    needed_retry: int

    @property
    def all(self) -> int:
        return self.systemic + self.shared + self.inconclusive + self.transient

    def of(self, kind: str) -> int:
        number: int = getattr(self, kind)
        return number


_SHARED: Final = findings.c.cause == Cause.SHARED.value
_SYSTEMIC: Final = findings.c.verdict == "systemic"
KINDS: Final[dict[str, tuple[ColumnElement[bool], Column[Any]]]] = {
    "systemic": (_SYSTEMIC & ~_SHARED, findings.c.observed),
    "shared": (_SYSTEMIC & _SHARED, findings.c.last_failure_at),
    "inconclusive": (findings.c.verdict == "inconclusive", findings.c.last_failure_at),
    "transient": (findings.c.verdict == "transient", findings.c.last_failure_at),
}
"""The lists: which findings, and by what they are sorted, the greatest first."""


def count_kinds(engine: Engine) -> Counts:
    """All of it stands in indexes: each sum in one of its own."""
    standing = findings.c.gone_at.is_(None)
    kinds = select(findings.c.verdict, findings.c.cause, func.count()).where(standing)
    debts = (select(func.sum(column)).where(standing) for column in (findings.c.minutes_burnt, findings.c.needed_retry))
    with reading(engine) as connection:
        rows = connection.execute(kinds.group_by(findings.c.verdict, findings.c.cause)).all()
        burnt, needed = (connection.execute(debt).scalar() for debt in debts)
    found = dict.fromkeys(KINDS, 0)
    for verdict, cause, number in rows:
        found["shared" if verdict == "systemic" and cause == Cause.SHARED.value else verdict] += number
    return Counts(**found, burnt=float(burnt or 0), needed_retry=int(needed or 0))


def list_kind(engine: Engine, kind: str, most: int, page: int = 1, outage: datetime | None = None) -> tuple[Item, ...]:
    """One page (from 1) of one list; systemic ones with the state of their lives. `outage`: only those that are laid
    to the one which began then."""
    wanted, by = KINDS[kind]
    if outage is not None:
        wanted &= findings.c.id.in_(hit_by(outage))
    order = (by.desc().nulls_last(), findings.c.id)
    with reading(engine) as connection:
        standing = select(findings.c.id).where(findings.c.gone_at.is_(None), wanted)
        ids = connection.execute(standing.order_by(*order).limit(most).offset((page - 1) * most)).scalars().all()
    return items_of(engine, ids, lives=kind in ("systemic", "shared"))


def items_of(engine: Engine, ids: Sequence[str], *, lives: bool = False, parts: bool = False) -> tuple[Item, ...]:
    """These findings, in their order. `lives`: with their states; `parts`: with the failures of both halves."""
    with reading(engine) as connection:
        documents = _documents(connection, ids)
        edits = newest_edits(connection)
    states = _states(engine, ids) if lives else {}
    shown = [one for one in ids if one in documents]
    return tuple(_item(one, documents[one], edits.get(one), states.get(one), parts=parts) for one in shown)


def _documents(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(select(findings.c.id, findings.c.document).where(findings.c.id.in_(list(ids))))
    return {row.id: json.loads(row.document) for row in rows}


def _states(engine: Engine, ids: Sequence[str]) -> dict[str, State | None]:
    return {key: Life(key, events).state for key, events in events_of_all(engine, ids).items()}


def _item(key: str, document: dict[str, Any], edit: AskEdit | None, state: State | None, *, parts: bool) -> Item:
    left_out = _HEAVY if parts else (*_HEAVY, "pairs")
    finding = Finding.from_dict({name: value for name, value in document.items() if name not in left_out})
    rule = with_edit(document, edit).get("rule")
    match = RuleMatch.from_dict(rule) if rule else None
    return Item(key, finding, verdict_line(finding), match, state, halves(finding) if parts else None)


@dataclass(frozen=True, slots=True)
class Worse:
    """Findings that get worse, the surest first, and how many of them there are among so many `tests`."""

    items: tuple[Item, ...]
    number: int
    tests: int


def getting_worse(engine: Engine, most: int) -> Worse:
    """Systemic findings with more failures laid to the cause in the second half of their window than chance gives,
    where one in twenty of those that are named may be named wrongly. Shared outages are over or not: they are left
    out."""
    wanted = (findings.c.gone_at.is_(None), KINDS["systemic"][0], findings.c.worse_p.is_not(None))
    with reading(engine) as connection:
        tests = connection.execute(select(func.count()).select_from(findings).where(*wanted)).scalar_one()
        suspects = select(findings.c.id, findings.c.worse_p).where(*wanted, findings.c.worse_p <= SURE)
        rows = connection.execute(suspects.order_by(findings.c.worse_p, findings.c.id)).all()
    number = found_worse([row.worse_p for row in rows], tests)
    ids = [row.id for row in rows[: min(number, most)]]
    return Worse(items_of(engine, ids, lives=True, parts=True), number, tests)


@dataclass(frozen=True, slots=True)
class Watched:
    """A fix that is watched: `count` is what the last look counted since, None before the first one after it."""

    id: str
    tenant: str
    job: str
    state: State
    since: datetime
    fix: str
    count: dict[str, Any] | None
    needed: int


def watched(engine: Engine) -> tuple[Watched, ...]:
    """All fixes that are watched, the nearest to proof first: somebody claimed each of them."""
    claimed = events_with(engine, Step.CLAIM_FIX)
    lives = [life for life in (Life(key, events) for key, events in claimed.items()) if life.state in WATCHED]
    ids = [life.finding_id for life in lives]
    with reading(engine) as connection:
        named = select(findings.c.id, findings.c.tenant, findings.c.job).where(findings.c.id.in_(ids))
        names = {row.id: (row.tenant, row.job) for row in connection.execute(named)}
        watches = select(finding_watches.c.finding_id, finding_watches.c.document)
        rows = connection.execute(watches.where(finding_watches.c.finding_id.in_(ids)))
        counts = {row.finding_id: json.loads(row.document) for row in rows}
    found = [_watched(life, names[life.finding_id], counts.get(life.finding_id)) for life in lives]
    return tuple(sorted(found, key=lambda one: (-_done(one), one.job, one.tenant)))


def _watched(life: Life, name: tuple[str, str], count: dict[str, Any] | None) -> Watched:
    claim = life.last(Step.CLAIM_FIX)
    if claim is None or life.state is None:
        raise ValueError(f"{life.finding_id} is watched, and nobody claimed a fix")
    since = datetime.fromisoformat(claim.details["fixed_since"])
    fresh = count if count and count["fixed_since"] == claim.details["fixed_since"] else None
    return Watched(life.finding_id, *name, life.state, since, claim.reason, fresh, int(claim.details["needed"]))


def _done(one: Watched) -> float:
    return one.count["clean"] / one.needed if one.count else 0.0


def judged_since(engine: Engine, days: int) -> datetime | None:
    """Since when the last look looked; None before the first."""
    with reading(engine) as connection:
        at = moment(connection.execute(select(last_look.c.as_of)).scalar())
    return None if at is None else at - timedelta(days=days)
