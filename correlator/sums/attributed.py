"""What findings say about the failures of a month: how many are attributed to the cause, under which rule, to ask
whom."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from correlator.store.findings import finding_id
from correlator.store.schema import findings
from correlator.sums.counting import Stream
from correlator.sums.touched import DAY
from correlator.text.times import micros


@dataclass(frozen=True, slots=True)
class Said:
    """What stands about a job: failures attributed to the cause by day (since 1970) on which they failed, the rule,
    the team to be asked, the root."""

    laid: Mapping[int, int] = field(default_factory=dict)
    rule_id: str = ""
    team: str = ""
    root_job: str = ""

    def on(self, begin: int, day: int) -> int:
        """On this day of the month that begins at `begin` (µs)."""
        return self.laid.get(begin // DAY + day - 1, 0)


def said_of(connection: Connection, streams: Sequence[Stream]) -> dict[Stream, Said]:
    """Of systemic findings that stand; others lay nothing to a cause."""
    ids = [finding_id(*stream) for stream in streams]
    columns = (findings.c.tenant, findings.c.job, findings.c.document)
    standing = (findings.c.gone_at.is_(None), findings.c.verdict == "systemic", findings.c.id.in_(ids))
    rows = connection.execute(select(*columns).where(*standing))
    return {(row.tenant, row.job): _said(json.loads(row.document)) for row in rows}


def _said(document: Mapping[str, Any]) -> Said:
    rule = document.get("rule") or {}
    failed = (pair.get("failed_at") for pair in document.get("pairs", ()))
    laid = Counter(micros(datetime.fromisoformat(at)) // DAY for at in failed if at)
    return Said(laid, rule.get("rule_id", ""), rule.get("owner", ""), document.get("root_job") or "")
