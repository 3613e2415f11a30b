"""Parts 8 to 10: history, how to reproduce, provenance."""

from __future__ import annotations

import re
from typing import Final

from correlator.evidence.blocks import Block, Bullets, Cell, Code, Facts, Paragraph, Part, Table, missing, some
from correlator.evidence.provenance import Provenance, SourceState
from correlator.model import Finding, SignatureCount, iso
from correlator.text.quantities import moment, one_line
from rules.model import Clause, RuleMatch


def history(finding: Finding, match: RuleMatch | None, provenance: Provenance) -> Part:
    known = _known(match, provenance)
    runbook = Facts((("Runbook", _runbook(match.runbook)),)) if match and match.runbook else None
    return Part(
        "History", some([Bullets(_past(provenance)), _earlier(provenance), known, runbook, _signatures(finding)])
    )


def _past(provenance: Provenance) -> tuple[str, ...]:
    if provenance.first_raised_at is None and not provenance.sources:
        return ("Whether it was raised before is not known: a folder of tables holds no earlier findings.",)
    if provenance.first_raised_at is None:
        return ("Not raised before, as far as the store remembers.",)
    lines = [f"First raised {moment(provenance.first_raised_at)}."]
    if provenance.changed_at and provenance.changed_at != provenance.first_raised_at:
        before = f" Before that it said: {provenance.previous_verdict}." if provenance.previous_verdict else ""
        lines.append(f"The verdict last changed {moment(provenance.changed_at)}.{before}")
    return tuple(lines)


def _earlier(provenance: Provenance) -> Facts | Paragraph | None:
    """What was like it; nothing is said of it where no store was asked."""
    if provenance.first_raised_at is None or provenance.redactions is not None:
        return None
    if not provenance.earlier:
        return missing("No earlier finding of the same job, root or error text is known.")
    return Facts(tuple((f"Before, {number}", Cell(line)) for number, line in enumerate(provenance.earlier, 1)))


def _known(match: RuleMatch | None, provenance: Provenance) -> Facts | Paragraph:
    if match is None or match.known_error is None:
        return missing("No known error fits; once the cause is understood, write it into the rule for the next time.")
    error = match.known_error
    rows = [("Known error, texts like", error.signature), ("Its cause", error.cause), ("What ends it", error.fix)]
    rows += [("Known since", f"{error.since}, as the rule says")] if error.since else []
    rows += [("Seen here", provenance.known_here)] if provenance.known_here else []
    return Facts(tuple((label, Cell(text)) for label, text in rows))


def _runbook(runbook: str) -> Cell:
    return Cell(runbook, runbook) if runbook.startswith("http") else Cell(f"{runbook} (in the program's documentation)")


def _signatures(finding: Finding) -> Table | Paragraph:
    counts = [(finding.job, count) for count in finding.signatures]
    if finding.root_job and finding.root_job != finding.job:
        counts = [(finding.root_job, count) for count in finding.root_signatures] + counts
    if not counts:
        return missing("The failed runs carry no error text.")
    rows = tuple(_signature(job, count) for job, count in counts[:20])
    return Table(
        ("job", "error (an example)", "failed runs", "attributed to the cause"), rows, "Error texts", frozenset({2, 3})
    )


def _signature(job: str, count: SignatureCount) -> tuple[Cell, ...]:
    return (
        Cell(job),
        Cell(one_line(count.example, 200)),
        Cell(f"{count.failures:,}"),
        Cell(f"{count.laid_to_cause:,}"),
    )


def reproduce(finding: Finding, provenance: Provenance, finding_id: str) -> Part:
    as_of = iso(provenance.as_of)
    commands = (
        f"correlator bundle verify {finding_id}.zip\n\n"
        f"# or step by step, from the bundle unpacked:\n"
        f"correlator analyze history --as-of {as_of} --json"
    )
    rows = [("Runs looked at", _window(finding)), ("As of", as_of), ("Program", provenance.program_version)]
    facts = Facts(tuple((label, Cell(text)) for label, text in rows if text))
    words = "The bundle holds the history that the verdict was computed from; this computes it again, without network:"
    return Part("How to reproduce", (Paragraph(words), Code(commands), facts, *_queries(provenance)))


def _queries(provenance: Provenance) -> tuple[Block, ...]:
    """What was asked of the sources, by example."""
    if provenance.requests:
        lead = Paragraph("What is quoted was asked for like this; `correlator bundle verify --online` asks again:")
        return lead, Bullets(provenance.requests)
    if not provenance.sources:
        return (missing("No query was made: the history was read from files."),)
    return (
        missing("No answer of a source is quoted here; the bundle holds those that are kept, with their requests."),
    )


def _window(finding: Finding) -> str:
    if finding.window_start is None or finding.window_end is None:
        return "all that the history holds"
    return f"{moment(finding.window_start)} to {moment(finding.window_end)}"


def origins(provenance: Provenance, match: RuleMatch | None) -> Part:
    facts = [("Data as of", moment(provenance.as_of)), ("Coverage", provenance.coverage())]
    facts.append(("Program version", provenance.program_version or "not stated"))
    if match:
        facts.append(("Rule", f"{match.title} ({match.rule_id}, version {match.rule_version})"))
    facts.append(("Clock offsets", "; ".join(provenance.clock_offsets) or "none estimated: one source, or one clock"))
    sources = _sources(provenance) if provenance.sources else missing("Read from files: no source was asked.")
    rows = Facts(tuple((label, Cell(text)) for label, text in facts))
    return Part("Provenance", some([rows, sources, *_redacted(provenance), _clauses(match)]))


def _redacted(provenance: Provenance) -> list[Paragraph | Bullets]:
    """What this copy does not show, and what it still does."""
    found = provenance.redactions
    if found is None:
        return []
    lead = Paragraph(
        f"This copy was redacted for a {found.audience}; the verdict was computed again from what is left."
    )
    kept = f"Not replaced: {'; '.join(found.not_redacted)}."
    return [lead, Bullets((*(f"{made}." for made in found.made), kept))]


def _sources(provenance: Provenance) -> Table:
    rows = tuple(_source(source) for source in provenance.sources)
    return Table(("source", "reached", "last good pull", "coverage", "error"), rows)


def _source(source: SourceState) -> tuple[Cell, ...]:
    pulled = moment(source.last_good_pull) if source.last_good_pull else "never"
    texts = (source.name, "yes" if source.reached else "no", pulled, source.coverage or "—", source.error or "none")
    return tuple(Cell(text) for text in texts)


def _clauses(match: RuleMatch | None) -> Table | None:
    if match is None or not match.clauses:
        return None
    rows = tuple(tuple(Cell(text) for text in _clause(one)) for one in match.clauses)
    return Table(("clause", "wanted", "seen"), rows, f"Why the rule “{match.title}” applies")


def _clause(clause: Clause) -> tuple[str, str, str]:
    """In words: its name, and the names of those that stand within it. What it wants and saw of others is quoted."""
    name = _CLAUSES.get(clause.name, clause.name)
    within = clause.name in ("any", "none")
    return (name, in_words(clause.wanted), in_words(clause.seen)) if within else (name, clause.wanted, clause.seen)


_CLAUSES: Final = {
    "root_job": "root",
    "root_error": "error of the root",
    "root_or_own_error": "error of the root or of the job",
    "root_timed_out_share": "share of the root's failures that timed out",
    "root_late_share": "share of the root's runs that were only late",
    "recovered_share": "share of the failed runs that passed on a retry",
    "failed_share": "share of the runs that failed first",
    "extra_attempts": "extra attempts",
    "lag_minutes": "lag in minutes",
    "clock_off_seconds": "seconds that a clock is off",
    "failed_first": "runs that failed first",
    "set_apart_by": "what sets its failures apart",
    "laid_share": "share of the failed runs attributed to a cause",
    "any": "any of these",
    "none": "none of these",
}
"""Clauses as they are written in rules, in words."""
_CLAUSE: Final = re.compile(rf"\b(?:{'|'.join(name for name in _CLAUSES if '_' in name)})\b")


def in_words(text: str) -> str:
    """The names of the clauses within a clause in words; everything else as it is.

    >>> in_words("root_timed_out_share at least 0.5")
    "share of the root's failures that timed out at least 0.5"
    """
    return _CLAUSE.sub(lambda found: _CLAUSES[found.group()], text)
