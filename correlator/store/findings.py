"""Findings and their changes of mind. No numerical library is needed to read them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping

from correlator.model import Analysis, Finding, ScopeRow
from correlator.model.documents import parsed
from correlator.model.scopes import with_others
from correlator.store import edge_debts, outages
from correlator.store.asks import AskEdit, newest_edits, with_edit
from correlator.store.database import reading, writing
from correlator.store.facts import dumped
from correlator.store.finding_rows import WHOLE, ask_in, scope_in
from correlator.store.finding_tables import keep_rows
from correlator.store.kinds import Row
from correlator.store.looks import JobScopes, load_scopes, note_look, save_scopes, whole_document
from correlator.store.schema import edge_debts as edge_debts_table
from correlator.store.schema import finding_outages, finding_versions, findings
from correlator.text.times import micros, moment
from correlator.trends import halves

Part = TypeVar("Part")
_OPINION = ("verdict", "cause", "root_job")
_AT_ONCE: Final = 500
_BESIDE: Final = ((edge_debts_table, edge_debts.told_by), (finding_outages, outages.told_by))
"""Tables of rows that standing findings tell, and how."""


class Match(Protocol):
    """What the matching rule says."""

    def to_dict(self) -> dict[str, Any]: ...


class Matcher(Protocol):
    """The rules, as far as storing a finding needs them."""

    def match(self, finding: Finding, /) -> Match | None: ...


@dataclass(frozen=True)
class Version:
    """What was said since `at` (until the next version)."""

    at: datetime
    verdict: str
    cause: str
    root_job: str | None
    confidence: float | None
    document: Mapping[str, Any]


@dataclass(frozen=True)
class StoredFinding:
    """A finding and its dates. `document` is `Finding.to_dict()` with `id` and `rule`: the matching rule, or None. Its
    ask stands as a person put it, where one did.

    `first_raised_at`: when there was first something to say about the job; `changed_at`: when verdict, cause or root
    last changed; `updated_at`: the last look that said anything new. `previous`: what was said before that change.
    `gone_at` is set once a later look no longer finds a failure of the job in its window.
    """

    id: str
    finding: Finding
    document: dict[str, Any]
    first_raised_at: datetime
    updated_at: datetime
    changed_at: datetime
    previous: Version | None
    gone_at: datetime | None


def finding_id(tenant: str, job: str) -> str:
    """The id of the finding about a job of a tenant: the same in every run and every store.

    >>> finding_id("tenant-01", "export_ads") == finding_id("tenant-01", "export_ads")
    True
    """
    digest = hashlib.sha256(f"{tenant}\0{job}".encode()).digest()
    return "F-" + base64.b32encode(digest).decode("ascii")[:10]


def document_of(finding: Finding, rules: Matcher | None = None) -> dict[str, Any]:
    """The finding as it is stored and shown: with its id and the rule that matches it."""
    match = rules.match(finding) if rules is not None else None
    about = {"id": finding_id(finding.tenant, finding.job), "rule": match.to_dict() if match else None}
    return finding.to_dict() | about


def save_analysis(engine: Engine, analysis: Analysis, at: datetime, rules: Matcher | None = None) -> tuple[str, ...]:
    """Store what was found at `at`; gives the ids of findings that are new or changed verdict, cause or root.

    Findings of earlier looks that this one does not have are marked as gone. Raises StoreError.
    """
    return save_findings(engine, analysis.findings, Saving(at, analysis.as_of, rules))


@dataclass(frozen=True)
class Saving:
    """How findings are to be stored. `judged`: the tenants of which these are all findings; None for all tenants.

    `scopes`: of each job the rows of its findings' scope that are the same for all tenants; the findings have their own
    row alone. None where they have all. `token` names the look.
    """

    at: datetime
    as_of: datetime
    rules: Matcher | None = None
    judged: Collection[str] | None = None
    scopes: Mapping[str, Sequence[ScopeRow]] | None = None
    token: str = ""


def save_findings(engine: Engine, found: Sequence[Finding], saving: Saving) -> tuple[str, ...]:
    """Store findings; gives the ids of those that are new or changed verdict, cause or root.

    A finding that says what it said before is not written again: `updated_at` and the window's end stay as they were.
    Raises StoreError.
    """
    now = micros(saving.at)
    seen = {finding_id(finding.tenant, finding.job): finding for finding in found}
    changed: list[str] = []
    with writing(engine) as connection:
        before = list(_standing_of(connection, saving.judged))
        for part in _parts(found):
            changed += _save(connection, [_row(finding, _document(finding, saving), now) for finding in part], now)
        for gone in _parts([id_ for id_ in before if id_ not in seen]):
            connection.execute(update(findings).where(findings.c.id.in_(gone)).values(gone_at=now))
        for table, told_by in _BESIDE:
            keep_rows(connection, table, {id_: told_by(finding) for id_, finding in seen.items()}, before)
        save_scopes(connection, saving.scopes or {})
        note_look(connection, saving.token, micros(saving.as_of))
    return tuple(changed)


def _standing_of(connection: Connection, tenants: Collection[str] | None) -> Iterator[str]:
    """The ids of the findings of these tenants, or of all, that stand."""
    standing = select(findings.c.id).where(findings.c.gone_at.is_(None))
    if tenants is None:
        yield from connection.execute(standing).scalars()
        return
    for part in _parts(sorted(tenants)):
        yield from connection.execute(standing.where(findings.c.tenant.in_(part))).scalars()


def _parts(every: Sequence[Part]) -> Iterator[Sequence[Part]]:
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))


def _document(finding: Finding, saving: Saving) -> dict[str, Any]:
    """As stored. Rules see the whole scope; what is the same for all tenants is stored once, not with every finding."""
    if saving.scopes is None:
        return document_of(finding, saving.rules)
    whole = replace(finding, scope=with_others(finding.scope[0], saving.scopes[finding.job]))
    document = document_of(whole, saving.rules)
    return document | {"scope": document["scope"][:1]}


def _row(finding: Finding, document: Mapping[str, Any], now: int) -> Row:
    return {
        "id": document["id"],
        "tenant": finding.tenant,
        "job": finding.job,
        "verdict": finding.verdict.value,
        "cause": finding.cause.value,
        "root_job": finding.root_job,
        "confidence": finding.confidence,
        "document": dumped(document),
        "updated_at": now,
        "gone_at": None,
        "rule_id": (document["rule"] or {}).get("rule_id", ""),
        **_sorted_by(finding),
    }


def _sorted_by(finding: Finding) -> Row:
    """What lists of findings are sorted by."""
    debt, parts = finding.retry_debt, halves(finding)
    return {
        **{name: getattr(debt, name) if debt else 0 for name in ("needed_retry", "minutes_burnt")},
        "observed": finding.observed or 0,
        "last_failure_at": micros(finding.last_failure_at),
        "worse_p": parts.worse_p if parts else None,
    }


def _save(connection: Connection, rows: Sequence[Row], now: int) -> list[str]:
    """Insert or update findings; changes of mind become versions. Gives the ids of those of which there was one."""
    ids = [row["id"] for row in rows]
    stored = connection.execute(select(findings).where(findings.c.id.in_(ids))).mappings()
    before = {row["id"]: row for row in stored}
    new, again, turned = [], [], []
    for row in rows:
        stood = before.get(row["id"])
        if stood is None:
            new.append(row | {"first_raised_at": now, "changed_at": now})
        elif any(stood[name] != row[name] for name in _OPINION):
            turned.append(row | {"changed_at": now})
        elif stood["gone_at"] is not None or not _says_the_same(stood["document"], row["document"]):
            again.append(row)
    if new:
        connection.execute(insert(findings), new)
    _update(connection, again)
    _update(connection, turned)
    said = {row["id"] for row in (*new, *turned)}
    _note_versions(connection, [row for row in rows if row["id"] in said], now)
    return [id_ for id_ in ids if id_ in said]


def _update(connection: Connection, rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = update(findings).where(findings.c.id == bindparam("key")).values(changes)
    connection.execute(statement, [{"key": row["id"]} | {f"new_{name}": row[name] for name in names} for row in rows])


def _note_versions(connection: Connection, rows: Sequence[Row], now: int) -> None:
    """What these findings say from now on, in place of what was said in the same moment."""
    if not rows:
        return
    table = finding_versions
    connection.execute(delete(table).where(table.c.at == now, table.c.id.in_([row["id"] for row in rows])))
    names = ("id", *_OPINION, "confidence", "document")
    connection.execute(insert(table), [{name: row[name] for name in names} | {"at": now} for row in rows])


def _says_the_same(before: str, document: str) -> bool:
    """Whether two documents differ in nothing but the end of the window."""
    if before == document:
        return True
    old, new = json.loads(before), json.loads(document)
    return bool(old | {"window_end": None} == new | {"window_end": None})


def count_findings(engine: Engine) -> int:
    """How many findings stand."""
    with reading(engine) as connection:
        return connection.execute(select(func.count()).where(findings.c.gone_at.is_(None))).scalar_one()


def list_findings(engine: Engine) -> list[StoredFinding]:
    """Every finding that still stands, by tenant and job."""
    statement = select(findings).where(findings.c.gone_at.is_(None)).order_by(findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        rows = list(connection.execute(statement).mappings())
        previous, scopes, asks = _all_before(connection), load_scopes(connection), newest_edits(connection)
    # sorted here too: databases order texts by their own collation
    rows.sort(key=lambda row: (row["tenant"], row["job"]))
    return [_stored(row, previous.get(row["id"]), scopes, asks.get(row["id"])) for row in rows]


def finding_names(engine: Engine, wanted: Collection[str] | None = None) -> dict[str, tuple[str, str]]:
    """Tenant and job of findings by their ids: of the wanted ones, or of every one there ever was."""
    columns = select(findings.c.id, findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        if wanted is None:
            return {row.id: (row.tenant, row.job) for row in connection.execute(columns)}
        parts = _parts(sorted(wanted))
        rows = (row for part in parts for row in connection.execute(columns.where(findings.c.id.in_(part))))
        return {row.id: (row.tenant, row.job) for row in rows}


def get_finding(engine: Engine, wanted: str) -> StoredFinding | None:
    """One finding by its id, gone ones too; None for an unknown id."""
    return get_findings(engine, (wanted,)).get(wanted)


def get_findings(engine: Engine, wanted: Collection[str]) -> dict[str, StoredFinding]:
    """Findings by their ids, gone ones too, in one question; at most some hundred at once."""
    with reading(engine) as connection:
        rows = connection.execute(WHOLE.where(findings.c.id.in_(sorted(set(wanted))))).mappings().all()
    return {row["id"]: _stored(row, _before(row), scope_in(row), ask_in(row)) for row in rows}


def _before(row: RowMapping) -> Version | None:
    if row["before_id"] is None:
        return None
    opinion = {name: row[f"before_{name}"] for name in (*_OPINION, "confidence")}
    return Version(at=moment(row["before_at"]), document=parsed(row["before_document"]), **opinion)


def finding_history(engine: Engine, wanted: str) -> list[Version]:
    """All that was ever said about it, oldest first."""
    own = select(finding_versions).where(finding_versions.c.id == wanted).order_by(finding_versions.c.at)
    with reading(engine) as connection:
        return [_version(row) for row in connection.execute(own).mappings()]


def _all_before(connection: Connection) -> dict[str, Version]:
    """What was said before what stands, of all findings: documents are long, so the others are not read."""
    table = finding_versions
    back = func.row_number().over(partition_by=table.c.id, order_by=table.c.at.desc())
    ranked = select(table.c.id, table.c.at, back.label("back")).subquery()
    same = (ranked.c.id == table.c.id) & (ranked.c.at == table.c.at)
    statement = select(table).join(ranked, same).where(ranked.c.back == 2)
    return {row["id"]: _version(row) for row in connection.execute(statement).mappings()}


def _version(row: RowMapping) -> Version:
    opinion = {name: row[name] for name in (*_OPINION, "confidence")}
    return Version(at=moment(row["at"]), document=parsed(row["document"]), **opinion)


def _stored(row: RowMapping, previous: Version | None, scopes: JobScopes, ask: AskEdit | None) -> StoredFinding:
    document = with_edit(whole_document(parsed(row["document"]), scopes), ask)
    return StoredFinding(
        id=row["id"],
        finding=Finding.from_dict(document),
        document=document,
        first_raised_at=moment(row["first_raised_at"]),
        updated_at=moment(row["updated_at"]),
        changed_at=moment(row["changed_at"]),
        previous=previous,
        gone_at=moment(row["gone_at"]),
    )
