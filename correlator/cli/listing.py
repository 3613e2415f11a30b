"""Findings and rows as aligned text, for people; the JSON is for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from correlator.evidence.words import sure
from correlator.model import Finding, Rejected

_SHOWN = 20


def table_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest text, two spaces apart."""
    every = [list(header), *(list(row) for row in rows)]
    widths = [max(columns_of(row[index]) for row in every) for index in range(len(header))]
    lines = ("  ".join(_padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in every)
    return "\n".join(lines)


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none.

    >>> columns_of("job"), columns_of("広告"), columns_of("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text if not unicodedata.combining(one))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def findings_text(findings: Sequence[Finding], ids: Sequence[str] = ()) -> str:
    """One line a finding."""
    if not findings:
        return "No job had a failed or timed-out attempt: nothing to judge."
    header = ["TENANT", "JOB", "VERDICT", "CAUSE", "ROOT", "CONFIDENCE", "FAILED FIRST", "RECOVERED", "RUNS"]
    rows = [_cells(finding) for finding in findings]
    if ids:
        header, rows = ["ID", *header], [[id_, *row] for id_, row in zip(ids, rows, strict=True)]
    return table_text(header, rows)


def _cells(finding: Finding) -> list[str]:
    return [
        finding.tenant or "-",
        finding.job,
        finding.verdict.value,
        finding.cause.value,
        finding.root_job or "-",
        "-" if finding.confidence is None else sure(finding.confidence),
        str(finding.failed_first),
        str(finding.recovered_by_retry),
        str(finding.runs),
    ]


def rejected_lines(rejected: Sequence[Rejected], most: int = _SHOWN) -> list[str]:
    """What was set aside, one line each; the rest is counted."""
    lines = [f"  {row.file}, line {row.line}: {row.reason}" for row in rejected[:most]]
    if len(rejected) > most:
        lines.append(f"  and {len(rejected) - most} more; --json lists them all")
    return lines
