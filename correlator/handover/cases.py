"""The findings a handover tells of: what is systemic now, and whatever people or a watch are still at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.engine import RowMapping

from correlator.handover.known import FIRST, Case
from correlator.lifecycle.life import Life, begun
from correlator.lifecycle.steps import PERSONS, State
from correlator.model import Finding, Verdict
from correlator.model.documents import parsed
from correlator.store.database import reading
from correlator.store.finding_events import FindingEvent, events_of_all
from correlator.store.findings import StoredFinding
from correlator.store.schema import finding_events, findings
from correlator.text.times import moment

MOST: Final = 60
MOST_HANDLED: Final = 200
_STANDS: Final = (findings.c.gone_at.is_(None), findings.c.verdict == Verdict.SYSTEMIC.value)
_OVER: Final = len(FIRST)


def read_cases(engine: Engine) -> tuple[list[Case], int]:
    """The systemic findings and those that people have taken up, none that is closed: what needs a person most, then
    the latest. And how many there are beyond them."""
    systemic, handled = _ids(engine, *_STANDS), _handled(engine)
    latest = list(dict.fromkeys([*systemic, *handled]))
    events = events_of_all(engine, latest)
    places = {one: _place(one, events) for one in latest}
    open_ = sorted((one for one in latest if places[one] < _OVER), key=places.__getitem__)
    with reading(engine) as connection:
        standing: int = connection.execute(select(func.count()).where(*_STANDS)).scalar_one()
    return _cases(engine, open_[:MOST], events), max(standing - len(systemic), 0) + len(open_[MOST:])


def systemic_about(engine: Engine, jobs: Collection[str]) -> list[Case]:
    """The latest systemic findings about these jobs, none that is closed."""
    if not jobs:
        return []
    ids = _ids(engine, *_STANDS, findings.c.job.in_(sorted(jobs)))
    events = events_of_all(engine, ids)
    return _cases(engine, [one for one in ids if _place(one, events) < _OVER], events)


def _cases(engine: Engine, ids: Collection[str], events: Mapping[str, tuple[FindingEvent, ...]]) -> list[Case]:
    """These findings with their lives, by id."""
    with reading(engine) as connection:
        statement = select(findings).where(findings.c.id.in_(sorted(ids))).order_by(findings.c.id)
        rows = list(connection.execute(statement).mappings())
    return [_case(row, events.get(row["id"], ())) for row in rows]


def _place(one: str, events: Mapping[str, tuple[FindingEvent, ...]]) -> int:
    """How urgent it is by its events alone, 0 the most; `_OVER` where it is closed. One without any is a suspect."""
    state = Life(one, events[one]).state if one in events else State.SUSPECT
    return FIRST.index(state) if state in FIRST else _OVER


def _ids(engine: Engine, *conditions: ColumnElement[bool]) -> list[str]:
    latest = (findings.c.changed_at.desc(), findings.c.id)
    with reading(engine) as connection:
        return list(
            connection.execute(select(findings.c.id).where(*conditions).order_by(*latest).limit(MOST)).scalars()
        )


def _handled(engine: Engine) -> list[str]:
    """Findings that a person has entered a step of, the latest first."""
    table, steps = finding_events, [step.value for step in PERSONS]
    last = select(table.c.finding_id).where(table.c.step.in_(steps)).group_by(table.c.finding_id)
    with reading(engine) as connection:
        statement = last.order_by(func.max(table.c.at).desc(), table.c.finding_id).limit(MOST_HANDLED)
        return list(connection.execute(statement).scalars())


def _case(row: RowMapping, events: tuple[FindingEvent, ...]) -> Case:
    document: Mapping[str, Any] = parsed(row["document"])
    finding = Finding.from_dict(document)
    times = {name: moment(row[name]) for name in ("first_raised_at", "changed_at", "updated_at", "gone_at")}
    stored = StoredFinding(row["id"], finding, dict(document), previous=None, **times)
    holds = stored.gone_at is None and finding.verdict is Verdict.SYSTEMIC
    return Case(row["id"], finding, begun(stored, events), holds, document.get("rule") or {})
