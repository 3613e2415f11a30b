"""What was said of a finding, version by version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, select

from correlator.store.database import reading
from correlator.store.schema import finding_versions as table
from correlator.text.times import micros, moment

VERSIONS_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One version without its document: what was said from `at` on."""

    at: datetime
    verdict: str
    cause: str
    root_job: str | None
    confidence: float | None


def versions_of(engine: Engine, finding_id: str) -> list[Said]:
    """The newest first, at most so many."""
    columns = (table.c.at, table.c.verdict, table.c.cause, table.c.root_job, table.c.confidence)
    latest = select(*columns).where(table.c.id == finding_id).order_by(table.c.at.desc()).limit(VERSIONS_SHOWN)
    with reading(engine) as connection:
        return [Said(moment(row.at), *row[1:]) for row in connection.execute(latest)]


def document_at(engine: Engine, finding_id: str, at: datetime) -> Mapping[str, Any] | None:
    """The document of the version that was said at this moment; None before the first."""
    then = select(table.c.document).where(table.c.id == finding_id, table.c.at <= micros(at))
    with reading(engine) as connection:
        text = connection.execute(then.order_by(table.c.at.desc()).limit(1)).scalar()
    return None if text is None else dict(json.loads(text))
