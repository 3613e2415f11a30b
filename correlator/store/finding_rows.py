"""Findings with what was said before, the ask as it was put and the scope of the job: all of it in one question."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.engine import RowMapping

from correlator.store.asks import AskEdit
from correlator.store.looks import JobScopes
from correlator.store.schema import finding_asks, finding_versions, findings, job_scopes
from correlator.text.times import moment


def _whole() -> Select[Any]:
    """Beside a finding's own columns `before_...` of the version before the one that stands, `ask_...` of the newest
    version of its ask, and `scope_document` of its job; all None where there is none."""
    before, ask = finding_versions.alias("before"), finding_asks.alias("ask")
    times = select(finding_versions.c.at).where(finding_versions.c.id == findings.c.id)
    last_but_one = times.order_by(finding_versions.c.at.desc()).limit(1).offset(1).correlate(findings)
    newest = select(func.max(finding_asks.c.number)).where(finding_asks.c.finding_id == findings.c.id)
    said = (before.c.id == findings.c.id) & (before.c.at == last_but_one.scalar_subquery())
    put = (ask.c.finding_id == findings.c.id) & (ask.c.number == newest.correlate(findings).scalar_subquery())
    beside = [column.label(f"before_{column.name}") for column in before.c]
    beside += [column.label(f"ask_{column.name}") for column in ask.c]
    joined = findings.outerjoin(before, said).outerjoin(ask, put)
    joined = joined.outerjoin(job_scopes, job_scopes.c.job == findings.c.job)
    return select(findings, *beside, job_scopes.c.document.label("scope_document")).select_from(joined)


WHOLE: Final = _whole()


def ask_in(row: RowMapping) -> AskEdit | None:
    if row["ask_finding_id"] is None:
        return None
    told = {name: row[f"ask_{name}"] for name in ("finding_id", "number", "actor", "ask", "original")}
    return AskEdit(at=moment(row["ask_at"]), **told)


def scope_in(row: RowMapping) -> JobScopes:
    return {} if row["scope_document"] is None else {row["job"]: json.loads(row["scope_document"])}
