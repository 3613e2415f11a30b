"""Part 3: who is hit, who is exposed and fine, since when, getting worse or not."""

from __future__ import annotations

from correlator.evidence.blocks import Bullets, Cell, Part, Table, missing, some
from correlator.model import Cause, Finding, ScopeRow
from correlator.text.quantities import moment, plural
from correlator.trends import SURE, halves

SHOWN = 20


def scope(finding: Finding) -> Part:
    table = _table(finding) if finding.scope else missing("Whether other tenants or hosts are hit was not compared.")
    return Part("Scope", some([Bullets(_when(finding)), table, *_unseen(finding)]))


def _when(finding: Finding) -> tuple[str, ...]:
    lines = [f"The first run that failed began {moment(finding.first_failure_at)}."] if finding.first_failure_at else []
    if finding.last_failure_at:
        lines.append(f"The last one began {moment(finding.last_failure_at)}.")
    if finding.onset:
        lines.append(f"The trouble began {moment(finding.onset)}{_interval(finding)}.")
    return (*lines, *_exposed(finding), f"{trend(finding)}.")


def _interval(finding: Finding) -> str:
    if finding.onset_earliest is None or finding.onset_latest is None or finding.onset_earliest == finding.onset_latest:
        return ""
    return f" (between {moment(finding.onset_earliest)} and {moment(finding.onset_latest)})"


def trend(finding: Finding) -> str:
    """Failed runs attributed to the cause in the two halves of the window, with an exact two-sided sign test. What
    began within it is looked at since then: before, it was not there."""
    parts = halves(finding, finding.onset)
    if parts is None:
        return "Whether it is getting worse can't be said from so few failed runs"
    of = "the time since it began" if finding.onset else "the window"
    counts = f"{plural(parts.early, 'failed run')} in the first half of {of}, {parts.late} in the second"
    if parts.p_value > SURE:
        return f"Neither better nor worse as far as can be said: {counts}"
    return f"Getting {'worse' if parts.late > parts.early else 'better'}: {counts}"


def _table(finding: Finding) -> Table:
    rows = sorted(finding.scope, key=lambda row: (row.kind, -row.affected, row.name))[:SHOWN]
    headers = ("what", "name", "failed first", "runs", "share")
    cells = tuple(_row(row, finding) for row in rows)
    return Table(headers, cells, f"{finding.job} wherever it runs", frozenset({2, 3, 4}))


def _row(row: ScopeRow, finding: Finding) -> tuple[Cell, ...]:
    own = row.kind == "tenant" and row.name == finding.tenant
    name = f"{row.name or 'unnamed'}{' (this one)' if own else ''}"
    share = f"{100 * row.affected / row.runs:.1f} %" if row.runs else "no runs"
    return (Cell(row.kind), Cell(name), Cell(f"{row.affected:,}"), Cell(f"{row.runs:,}"), Cell(share))


def _exposed(finding: Finding) -> tuple[str, ...]:
    """How many runs stood on the root's trouble, also those that passed; other tenants are not compared."""
    own = [row for row in finding.scope if row.kind == "tenant" and row.name == finding.tenant]
    if finding.cause is not Cause.UPSTREAM or not own or not own[0].exposed:
        return ()
    count = plural(own[0].exposed, "run")
    return (f"{count} stood on a late or failed {finding.root_job} run: {finding.observed} of them failed first.",)


def _unseen(finding: Finding) -> list[Bullets]:
    hidden = len(finding.scope) - SHOWN
    return [Bullets((f"{hidden} more stand in finding.json.",))] if hidden > 0 else []
