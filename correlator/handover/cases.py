"""The findings a handover tells of: what is systemic now, and whatever people or a watch are still at."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.engine import RowMapping

from correlator.handover.known import Case
from correlator.lives.life import begun
from correlator.lives.steps import OPEN, PERSONS, WATCHED
from correlator.model import Finding, Verdict
from correlator.store.database import reading
from correlator.store.finding_events import FindingEvent, events_of_all
from correlator.store.findings import StoredFinding
from correlator.store.schema import finding_events, findings
from correlator.store.times import moment

MOST: Final = 60
MOST_HANDLED: Final = 200
_STANDS: Final = (findings.c.gone_at.is_(None), findings.c.verdict == Verdict.SYSTEMIC.value)


def read_cases(engine: Engine) -> tuple[list[Case], int]:
    """The latest systemic findings and those that people have taken up, none that is closed; and how many more
    systemic ones stand."""
    systemic = _ids(engine, *_STANDS)
    cases = cases_of(engine, {*systemic, *_handled(engine)})
    with reading(engine) as connection:
        standing: int = connection.execute(select(func.count()).where(*_STANDS)).scalar_one()
    return cases, standing - len(systemic)


def systemic_about(engine: Engine, jobs: Collection[str]) -> list[Case]:
    """The latest systemic findings about these jobs, none that is closed."""
    if not jobs:
        return []
    found = cases_of(engine, _ids(engine, *_STANDS, findings.c.job.in_(sorted(jobs))))
    return [case for case in found if case.holds]


def cases_of(engine: Engine, ids: Collection[str]) -> list[Case]:
    """These findings with their lives, by id; without those that were never suspects, or are closed."""
    events = events_of_all(engine, ids)
    with reading(engine) as connection:
        statement = select(findings).where(findings.c.id.in_(sorted(ids))).order_by(findings.c.id)
        rows = list(connection.execute(statement).mappings())
    found = (_case(row, events.get(row["id"], ())) for row in rows)
    return [case for case in found if case.life.state in OPEN | WATCHED]


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
    document: Mapping[str, Any] = json.loads(row["document"])
    finding = Finding.from_dict(document)
    times = {name: moment(row[name]) for name in ("first_raised_at", "changed_at", "updated_at", "gone_at")}
    stored = StoredFinding(row["id"], finding, dict(document), previous=None, **times)
    holds = stored.gone_at is None and finding.verdict is Verdict.SYSTEMIC
    return Case(row["id"], finding, begun(stored, events), holds, document.get("rule") or {})
