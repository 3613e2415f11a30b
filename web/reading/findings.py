"""Findings that stand, as their documents: by tenant and job, from any row on, a part at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, tuple_

from correlator.store.database import reading
from correlator.store.looks import load_scopes, whole_document
from correlator.store.schema import findings, last_look


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings; None leaves open. The tenant "" is the unnamed one."""

    verdict: str | None = None
    tenant: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding that stands, in short."""

    id: str
    tenant: str
    job: str


def standing_findings(
    engine: Engine, wanted: Wanted, after: tuple[str, str] | None = None, most: int | None = None
) -> list[Standing]:
    """Those behind this tenant and job, by tenant and job; the code points of both decide, in any database."""
    plain = "C" if engine.dialect.name == "postgresql" else "BINARY"
    order = (findings.c.tenant.collate(plain), findings.c.job.collate(plain))
    conditions: list[ColumnElement[bool]] = [findings.c.gone_at.is_(None), *_narrowed(wanted)]
    if after is not None:
        conditions.append(tuple_(*order) > after)
    columns = (findings.c.id, findings.c.tenant, findings.c.job)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(*conditions).order_by(*order).limit(most)).all()
    return [Standing(*row) for row in rows]


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    wishes = ((name, getattr(wanted, name)) for name in ("verdict", "tenant", "job"))
    return [findings.c[name] == value for name, value in wishes if value is not None]


def documents(engine: Engine, rows: Sequence[Standing]) -> list[dict[str, Any]]:
    """The documents of these findings, in their order; one that is there no more is left out."""
    texts = select(findings.c.id, findings.c.document).where(findings.c.id.in_([row.id for row in rows]))
    with reading(engine) as connection:
        found = {row.id: row.document for row in connection.execute(texts)}
        scopes = load_scopes(connection)
    return [whole_document(json.loads(found[row.id]), scopes) for row in rows if row.id in found]


def state_of_findings(engine: Engine) -> tuple[Any, ...]:
    """Something that changes when any finding does: read off the ends of indexes."""
    parts = (
        select(func.max(findings.c.updated_at)).scalar_subquery(),
        select(func.max(findings.c.gone_at)).scalar_subquery(),
        select(func.max(last_look.c.as_of)).scalar_subquery(),
        select(func.max(last_look.c.token)).scalar_subquery(),
    )
    with reading(engine) as connection:
        return tuple(connection.execute(select(*parts)).one())
