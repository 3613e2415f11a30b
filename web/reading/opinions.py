"""What was said of a finding, and when: its versions, without reading more of them than is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from correlator.model import Finding
from correlator.store.database import reading
from correlator.store.schema import finding_versions
from correlator.text.times import micros, moment

OPINIONS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict, said since `at`."""

    at: datetime
    verdict: str


def opinions_of(engine: Engine, finding_id: str) -> list[Opinion]:
    """The latest changes of mind, oldest first."""
    table = finding_versions
    latest = select(table.c.at, table.c.verdict).where(table.c.id == finding_id).order_by(table.c.at.desc())
    with reading(engine) as connection:
        rows = connection.execute(latest.limit(OPINIONS_SHOWN)).all()
    return [Opinion(moment(row.at), row.verdict) for row in reversed(rows)]


def said_by(engine: Engine, finding_id: str, at: datetime) -> tuple[Finding, datetime] | None:
    """What was said at that moment, and since when; None before anything was."""
    table = finding_versions
    mine = (table.c.id == finding_id) & (table.c.at <= micros(at))
    latest = select(table.c.at, table.c.document).where(mine).order_by(table.c.at.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(latest).first()
    return None if row is None else (Finding.from_dict(json.loads(row.document)), moment(row.at))
