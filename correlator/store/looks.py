"""What a look leaves in the store beside its findings: its name, and the scope of each job over all tenants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select

from correlator.model import ScopeRow
from correlator.model.scopes import ROWS_AT_MOST
from correlator.store.database import reading
from correlator.store.facts import dumped, put
from correlator.store.schema import job_scopes, last_look

JobScopes = Mapping[str, Sequence[Mapping[str, Any]]]
"""Of each job the tenants where it failed most, as JSON objects."""
_ONLY: Final = "correlate"


def note_look(connection: Connection, token: str, as_of: int) -> None:
    """Name the look that made the findings as they stand."""
    put(connection, last_look, [{"name": _ONLY, "token": token, "as_of": as_of}], keys=("name",))


def last_token(engine: Engine) -> str | None:
    """The name of the look that made the findings as they stand; None before the first."""
    with reading(engine) as connection:
        return connection.execute(select(last_look.c.token).where(last_look.c.name == _ONLY)).scalar()


def save_scopes(connection: Connection, scopes: Mapping[str, Sequence[ScopeRow]]) -> None:
    """Replace the scopes of all jobs; only those that differ are written."""
    stored = {row.job: row.document for row in connection.execute(select(job_scopes.c.job, job_scopes.c.document))}
    fresh = {job: dumped([asdict(row) for row in rows]) for job, rows in scopes.items()}
    stale = [job for job, document in stored.items() if fresh.get(job) != document]
    for job in stale:
        connection.execute(delete(job_scopes).where(job_scopes.c.job == job))
    new = [{"job": job, "document": document} for job, document in fresh.items() if stored.get(job) != document]
    if new:
        connection.execute(insert(job_scopes), new)


def load_scopes(connection: Connection, job: str | None = None) -> JobScopes:
    """Those of all jobs, or of one."""
    statement = select(job_scopes.c.job, job_scopes.c.document)
    if job is not None:
        statement = statement.where(job_scopes.c.job == job)
    return {row.job: json.loads(row.document) for row in connection.execute(statement)}


def whole_document(document: dict[str, Any], scopes: JobScopes) -> dict[str, Any]:
    """A finding's document with the scope of its job."""
    most = scopes.get(document["job"])
    if most is None or not document.get("scope"):
        return document
    own = document["scope"][0]
    others = [dict(row) for row in most if row["name"] != own["name"]]
    return document | {"scope": [own, *others[: ROWS_AT_MOST - 1]]}
