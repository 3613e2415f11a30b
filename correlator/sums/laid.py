"""What findings say about the failures of a month: how many are laid to the cause, under which rule, to ask whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from correlator.months import bounds
from correlator.store.findings import finding_id
from correlator.store.kinds import Row
from correlator.store.schema import findings
from correlator.sums.counting import Month, Stream
from correlator.sums.touched import DAY


@dataclass(frozen=True, slots=True)
class Said:
    """What stands about a job: the ids of the runs laid to the cause, the rule, the team to be asked, the root."""

    laid: frozenset[str] = frozenset()
    rule_id: str = ""
    team: str = ""
    root_job: str = ""


def said_of(connection: Connection, streams: Sequence[Stream]) -> dict[Stream, Said]:
    """Of systemic findings that stand; others lay nothing to a cause."""
    ids = [finding_id(*stream) for stream in streams]
    columns = (findings.c.tenant, findings.c.job, findings.c.document)
    standing = (findings.c.gone_at.is_(None), findings.c.verdict == "systemic", findings.c.id.in_(ids))
    rows = connection.execute(select(*columns).where(*standing))
    return {(row.tenant, row.job): _said(json.loads(row.document)) for row in rows}


def _said(document: Mapping[str, Any]) -> Said:
    rule = document.get("rule") or {}
    laid = frozenset(pair["logical_run_id"] for pair in document.get("pairs", ()))
    return Said(laid, rule.get("rule_id", ""), rule.get("owner", ""), document.get("root_job") or "")


def sums_row(key: tuple[str, str, str], month: Month, said: Said, before: Row | None, judged_from: int | None) -> Row:
    """The row of a month. Days before `judged_from` (µs) are in no look's window any more: what was last said about
    them stays."""
    kept = {int(day): numbers[2] for day, numbers in json.loads(before["days"]).items()} if before else {}
    first = _first_judged(key[0], judged_from)
    laid = {day: number for day, number in kept.items() if day < first and number and day in month.by_day}
    laid |= {day: len(ids & said.laid) for day, ids in month.failed.items() if day >= first}
    days = {day: [*numbers, laid.get(day, 0)] for day, numbers in month.by_day.items()}
    names = _names(said, before, laid, first)
    return {
        **dict(zip(("month", "tenant", "job"), key, strict=True)),
        "finding_id": finding_id(key[1], key[2]),
        **names,
        **{
            name: getattr(month, name)
            for name in ("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us")
        },
        "laid": sum(laid.values()),
        "days": json.dumps(days, separators=(",", ":")),
    }


def _first_judged(month: str, judged_from: int | None) -> int:
    """The first day of the month that is in the window; after its last one where none is."""
    begin, end = bounds(month)
    if judged_from is None or judged_from >= end:
        return 32
    return max(judged_from - begin, 0) // DAY + 1


def _names(said: Said, before: Row | None, laid: Mapping[int, int], first: int) -> Row:
    """Rule, team and root as they are said now, where the window shows failures laid to them; else as they were."""
    if any(number for day, number in laid.items() if day >= first):
        return {"rule_id": said.rule_id, "team": said.team, "root_job": said.root_job}
    if before and any(laid.values()):
        return {name: before[name] for name in ("rule_id", "team", "root_job")}
    return dict.fromkeys(("rule_id", "team", "root_job"), "")
