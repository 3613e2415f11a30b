"""Part 2: what is asked, of whom, by when."""

from __future__ import annotations

from correlator.evidence.blocks import Cell, Facts, Paragraph, Part, missing, some
from rules.model import RuleMatch


def ask(match: RuleMatch | None) -> Part:
    if match is None:
        return Part(
            "Ask and owner", (missing("No rule was tried on this finding, so nothing is asked of anybody yet."),)
        )
    rows = [
        ("To", f"{match.owner} ({match.owner_reason})"),
        ("By when", match.due or "not urgent: no date stands in the rule"),
        ("Severity", match.severity),
    ]
    gaps = (
        missing(f"The ask could not be filled: unknown {'; unknown '.join(match.missing)}.") if match.missing else None
    )
    facts = Facts(tuple((label, Cell(text)) for label, text in rows))
    return Part("Ask and owner", some([Paragraph(match.ask, strong=True), facts, gaps]))
