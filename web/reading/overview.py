"""What the overview asks: counts, and of each list as many findings as it shows. All of it over indexes; only what is
shown is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Engine, Select, func, literal, select, true, union_all

from correlator.evidence.words import verdict_line
from correlator.lifecycle.life import Life
from correlator.lifecycle.steps import WATCHED, State, Step
from correlator.model import Cause, Finding
from correlator.model.documents import parsed
from correlator.store.asks import AskEdit, newest_edits, with_edit
from correlator.store.database import reading
from correlator.store.finding_events import events_of_all, events_with
from correlator.store.outages import hit_by
from correlator.store.schema import finding_watches, findings, last_look
from correlator.text.times import moment
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
    owed = (findings.c.minutes_burnt, findings.c.needed_retry)
    debts = (select(func.sum(column)).where(standing).correlate(None).scalar_subquery() for column in owed)
    kinds = select(findings.c.verdict, findings.c.cause, func.count(), *debts).where(standing)
    with reading(engine) as connection:
        rows = connection.execute(kinds.group_by(findings.c.verdict, findings.c.cause)).all()
    found = dict.fromkeys(KINDS, 0)
    for verdict, cause, number, *_ in rows:
        found["shared" if verdict == "systemic" and cause == Cause.SHARED.value else verdict] += number
    burnt, needed = rows[0][3:] if rows else (0, 0)
    return Counts(**found, burnt=float(burnt or 0), needed_retry=int(needed or 0))


def list_kind(engine: Engine, kind: str, most: int, page: int = 1, outage: datetime | None = None) -> tuple[Item, ...]:
    """One page (from 1) of one list; systemic ones with the state of their lives. `outage`: only those that are laid
    to the one which began then."""
    rows = _first(kind, most, page, None if outage is None else findings.c.id.in_(hit_by(outage)))
    with reading(engine) as connection:
        ids = [row.id for row in connection.execute(rows)]
    return _told(engine, ids, ids if kind in _LIVES else ()).items(ids)


def _first(kind: str, most: int, page: int = 1, among: ColumnElement[bool] | None = None) -> Select[Any]:
    wanted, by = KINDS[kind]
    columns = (literal(kind).label("kind"), findings.c.id, by.label("by"))
    standing = select(*columns).where(findings.c.gone_at.is_(None), wanted, *([] if among is None else [among]))
    return standing.order_by(by.desc().nulls_last(), findings.c.id).limit(most).offset((page - 1) * most)


def by_root(items: Iterable[Item]) -> list[tuple[Item, ...]]:
    """Findings of one tenant with one root job together, as one remedy ends them; the most failures first."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        root = item.finding.root_job
        groups.setdefault((item.finding.tenant, root) if root else ("", item.id), []).append(item)
    return [tuple(group) for group in sorted(groups.values(), key=_attributed, reverse=True)]


def _attributed(group: Iterable[Item]) -> int:
    """Failures attributed to the cause that these share."""
    return sum(item.finding.observed or 0 for item in group)


@dataclass(frozen=True, slots=True)
class Worse:
    """Findings that get worse, the surest first, and how many of them there are among so many `tests`."""

    items: tuple[Item, ...]
    number: int
    tests: int


@dataclass(frozen=True, slots=True)
class Lists:
    """What the overview shows of each kind, by its name, and what gets worse."""

    shown: Mapping[str, tuple[Item, ...]]
    worse: Worse


def lists(engine: Engine, most: Mapping[str, int], worse: int) -> Lists:
    """The first of each kind, at most so many, and of those that get worse. All of them are read together."""
    firsts = union_all(*(select(_first(kind, number).subquery()) for kind, number in most.items()))
    with reading(engine) as connection:
        rows = sorted(connection.execute(firsts), key=lambda row: (row.by is None, -(row.by or 0), row.id))
    ids = {kind: [row.id for row in rows if row.kind == kind] for kind in most}
    surest, number, tests = _suspects(engine, worse)
    alive = [*surest, *(one for kind in _LIVES for one in ids.get(kind, ()))]
    told = _told(engine, [*surest, *(one for some in ids.values() for one in some)], alive)
    shown = {kind: told.items(some) for kind, some in ids.items()}
    return Lists(shown, Worse(told.items(surest, parts=True), number, tests))


_LIVES: Final = ("systemic", "shared")
"""The lists that say where the life of each finding has come to."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of some findings, by id."""

    documents: Mapping[str, dict[str, Any]]
    edits: Mapping[str, AskEdit]
    states: Mapping[str, State | None]

    def items(self, ids: Iterable[str], *, parts: bool = False) -> tuple[Item, ...]:
        """These of them, in their order. `parts`: with the failures of both halves."""
        return tuple(self._item(one, parts=parts) for one in ids if one in self.documents)

    def _item(self, key: str, *, parts: bool) -> Item:
        document = self.documents[key]
        finding = Finding.from_dict({name: value for name, value in document.items() if parts or name != "pairs"})
        rule = with_edit(document, self.edits.get(key)).get("rule")
        match = RuleMatch.from_dict(rule) if rule else None
        both = halves(finding) if parts else None
        return Item(key, finding, verdict_line(finding), match, self.states.get(key), both)


def _told(engine: Engine, ids: Sequence[str], alive: Sequence[str]) -> _Told:
    """`alive`: those of which the states are wanted too."""
    if not ids:
        return _Told({}, {}, {})
    columns = select(findings.c.id, findings.c.document)
    with reading(engine) as connection:
        rows = connection.execute(columns.where(findings.c.id.in_(sorted(set(ids))))).all()
        documents = {row.id: parsed(row.document, but_for=_HEAVY) for row in rows}
        edits = newest_edits(connection, sorted(documents))
    events = events_of_all(engine, set(alive)) if alive else {}
    return _Told(documents, edits, {key: Life(key, own).state for key, own in events.items()})


def _suspects(engine: Engine, most: int) -> tuple[list[str], int, int]:
    """The ids of `Worse`, its number and its tests: systemic findings with more failures attributed to the cause in the
    second half of their window than chance gives, where one in twenty of those that are named may be named wrongly.
    Shared outages are over or not: they are left out."""
    wanted = (findings.c.gone_at.is_(None), KINDS["systemic"][0], findings.c.worse_p.is_not(None))
    all_tests = select(func.count().label("tests")).select_from(findings).where(*wanted).subquery()
    suspects = select(findings.c.id, findings.c.worse_p).where(*wanted, findings.c.worse_p <= SURE).subquery()
    asked = select(all_tests.c.tests, suspects).select_from(all_tests.outerjoin(suspects, true()))
    with reading(engine) as connection:
        rows = connection.execute(asked.order_by(suspects.c.worse_p, suspects.c.id)).all()
    tests: int = rows[0].tests
    found = [row for row in rows if row.id is not None]
    number = found_worse([row.worse_p for row in found], tests)
    return [row.id for row in found[: min(number, most)]], number, tests


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
    if not ids:
        return ()
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
