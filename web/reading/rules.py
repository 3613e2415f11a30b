"""The findings behind the rules: of how many each speaks now, which those are, and which others might be its."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, and_, func, select

from correlator.model import Finding
from correlator.store.database import reading
from correlator.store.looks import JobScopes, load_scopes, whole_document
from correlator.store.schema import findings
from correlator.text.times import moment

FINDINGS_SHOWN: Final = 25
"""So many findings of one rule are shown, those that changed last first."""
LOOKED_AT: Final = 50
"""So many findings of a verdict and cause are tried for near misses, those with the most failed runs first."""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """A finding that stands, and since when it says what it says. `spoken_by`: the rule that speaks about it."""

    id: str
    finding: Finding
    changed_at: datetime
    spoken_by: str


def finding_counts(engine: Engine) -> dict[str, int]:
    """How many findings stand, by the rule that speaks about them: read off an index."""
    standing = select(findings.c.rule_id, func.count()).where(findings.c.gone_at.is_(None))
    with reading(engine) as connection:
        return {rule: count for rule, count in connection.execute(standing.group_by(findings.c.rule_id))}  # noqa: C416


def findings_of_rule(engine: Engine, rule_id: str) -> tuple[RuleFinding, ...]:
    """Those a rule speaks about now, the latest first."""
    mine = _columns().where(findings.c.gone_at.is_(None), findings.c.rule_id == rule_id)
    return _read(engine, [mine.order_by(findings.c.updated_at.desc(), findings.c.id).limit(FINDINGS_SHOWN)])


def findings_beside(
    engine: Engine, rule_id: str, verdicts: Collection[str], causes: Collection[str]
) -> tuple[RuleFinding, ...]:
    """Those of these verdicts and causes about which another rule speaks."""
    return _read(engine, [_beside(rule_id, verdict, cause) for verdict in verdicts for cause in causes])


def _beside(rule_id: str, verdict: str, cause: str) -> Select[Any]:
    kind = and_(findings.c.gone_at.is_(None), findings.c.verdict == verdict, findings.c.cause == cause)
    others = _columns().where(kind, findings.c.rule_id != rule_id)
    return others.order_by(findings.c.observed.desc(), findings.c.last_failure_at.desc()).limit(LOOKED_AT)


def _columns() -> Select[Any]:
    return select(findings.c.id, findings.c.job, findings.c.document, findings.c.changed_at, findings.c.rule_id)


def _read(engine: Engine, statements: Sequence[Select[Any]]) -> tuple[RuleFinding, ...]:
    with reading(engine) as connection:
        rows = [row for statement in statements for row in connection.execute(statement)]
        scopes = _scopes(connection, {row.job for row in rows})
    return tuple(_finding(row, scopes) for row in rows)


def _scopes(connection: Connection, jobs: Collection[str]) -> JobScopes:
    """Those of the few jobs concerned."""
    return {job: rows for name in jobs for job, rows in load_scopes(connection, name).items()}


def _finding(row: Any, scopes: JobScopes) -> RuleFinding:
    finding = Finding.from_dict(whole_document(json.loads(row.document), scopes))
    return RuleFinding(row.id, finding, moment(row.changed_at), row.rule_id)
