"""Part 2: what is asked, of whom, by when."""

from __future__ import annotations

from datetime import datetime

from correlator.evidence.blocks import Cell, Facts, Paragraph, Part, missing, some
from correlator.model import Finding
from correlator.text.quantities import moment, number
from rules.model import RuleMatch


def ask(finding: Finding, match: RuleMatch | None) -> Part:
    """The request with its owner and date, and what will show that it was met."""
    if match is None:
        return Part(
            "Ask and owner", (missing("No rule was tried on this finding, so nothing is asked of anybody yet."),)
        )
    rows = [
        ("To", f"{match.owner} ({match.owner_reason})"),
        ("By when", match.due or "not urgent: no date stands in the rule"),
        ("Severity", match.severity),
        *_edited(match),
        *_proof(finding),
    ]
    gaps = (
        missing(f"The ask could not be filled: unknown {'; unknown '.join(match.missing)}.") if match.missing else None
    )
    facts = Facts(tuple((label, Cell(text)) for label, text in rows))
    return Part("Ask and owner", some([Paragraph(match.ask, strong=True), facts, gaps]))


def _edited(match: RuleMatch) -> list[tuple[str, str]]:
    """Who put the ask so, and what the rule would have asked."""
    edited = match.edited
    if edited is None:
        return []
    return [
        ("Put so by", f"{edited.by}, {moment(datetime.fromisoformat(edited.at))}"),
        ("The rule asks", edited.original),
    ]


def _proof(finding: Finding) -> list[tuple[str, str]]:
    proof = finding.proof_of_fix
    if proof is None:
        return []
    count, rate = proof.clean_first_attempts, number(100 * proof.old_rate)
    clean = f"{count:,} first attempts of {finding.job} in a row are clean"
    rows = proof.failures_in_a_row
    together = f", {number(rows)} in a row on average" if rows > 1 else ""
    luck = f"as it went until now ({rate} % failed of this cause{together}) that happens by luck once in twenty times"
    return [("Fixed when", f"{clean}: {luck}")]
