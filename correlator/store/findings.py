"""Findings and their changes of mind. No numerical library is needed to read them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.engine import RowMapping

from correlator.model import Analysis, Finding
from correlator.store.database import reading, writing
from correlator.store.facts import dumped
from correlator.store.kinds import Row
from correlator.store.schema import finding_versions, findings
from correlator.store.times import micros, moment

_OPINION = ("verdict", "cause", "root_job")


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
    """A finding and its dates. `document` is `Finding.to_dict()` with `id` and `rule` (the matching rule, or None).

    `first_raised_at`: when there was first something to say about the job; `changed_at`: when verdict, cause or root
    last changed; `updated_at`: the last look. `previous` is what was said before the last change. `gone_at` is set
    once a later look no longer finds a failure of the job in its window.
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
    now = micros(at)
    changed = []
    with writing(engine) as connection:
        stored = {row["id"]: row for row in connection.execute(select(findings)).mappings()}
        seen = set()
        for finding in analysis.findings:
            row = _row(finding, document_of(finding, rules), now)
            seen.add(row["id"])
            if _save(connection, row, stored.get(row["id"]), now):
                changed.append(row["id"])
        gone = [id_ for id_, row in stored.items() if id_ not in seen and row["gone_at"] is None]
        for id_ in gone:
            connection.execute(update(findings).where(findings.c.id == id_).values(gone_at=now))
    return tuple(changed)


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
    }


def _save(connection: Connection, row: Row, before: RowMapping | None, now: int) -> bool:
    """Insert or update one finding; a change of mind becomes a version. True when there was one."""
    if before is None:
        connection.execute(insert(findings).values(row | {"first_raised_at": now, "changed_at": now}))
    else:
        row = {name: value for name, value in row.items() if name != "id"} | {"id": before["id"]}
        if all(before[name] == row[name] for name in _OPINION):
            connection.execute(update(findings).where(findings.c.id == row["id"]).values(row))
            return False
        connection.execute(update(findings).where(findings.c.id == row["id"]).values(row | {"changed_at": now}))
    version = {name: row[name] for name in ("id", *_OPINION, "confidence", "document")} | {"at": now}
    again = (finding_versions.c.id == row["id"]) & (finding_versions.c.at == now)
    connection.execute(delete(finding_versions).where(again))
    connection.execute(insert(finding_versions).values(version))
    return True


def list_findings(engine: Engine) -> list[StoredFinding]:
    """Every finding that still stands, by tenant and job."""
    statement = select(findings).where(findings.c.gone_at.is_(None)).order_by(findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        rows = list(connection.execute(statement).mappings())
        versions = _versions(connection)
    # sorted here too: databases order texts by their own collation
    rows.sort(key=lambda row: (row["tenant"], row["job"]))
    return [_stored(row, versions.get(row["id"], [])) for row in rows]


def get_finding(engine: Engine, wanted: str) -> StoredFinding | None:
    """One finding by its id, gone ones too; None for an unknown id."""
    with reading(engine) as connection:
        row = connection.execute(select(findings).where(findings.c.id == wanted)).mappings().first()
        versions = _versions(connection, wanted)
    return None if row is None else _stored(row, versions.get(wanted, []))


def finding_history(engine: Engine, wanted: str) -> list[Version]:
    """All that was ever said about it, oldest first."""
    with reading(engine) as connection:
        return _versions(connection, wanted).get(wanted, [])


def _versions(connection: Connection, wanted: str | None = None) -> dict[str, list[Version]]:
    statement = select(finding_versions).order_by(finding_versions.c.id, finding_versions.c.at)
    if wanted is not None:
        statement = statement.where(finding_versions.c.id == wanted)
    found: dict[str, list[Version]] = {}
    for row in connection.execute(statement).mappings():
        opinion = {name: row[name] for name in (*_OPINION, "confidence")}
        version = Version(at=moment(row["at"]), document=json.loads(row["document"]), **opinion)
        found.setdefault(row["id"], []).append(version)
    return found


def _stored(row: RowMapping, versions: list[Version]) -> StoredFinding:
    document = json.loads(row["document"])
    return StoredFinding(
        id=row["id"],
        finding=Finding.from_dict(document),
        document=document,
        first_raised_at=moment(row["first_raised_at"]),
        updated_at=moment(row["updated_at"]),
        changed_at=moment(row["changed_at"]),
        previous=versions[-2] if len(versions) > 1 else None,
        gone_at=moment(row["gone_at"]),
    )
