"""The triage frame of a ticket: symptom, reproduction, layers eliminated, hypothesis, ask.

Filled as far as facts go. What only a person can know stands there as a gap with a question; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Sequence

from correlator.evidence.aligned import AlignedRun
from correlator.evidence.blocks import Block, Bullets, Code, Gap, Paragraph, Part, missing
from correlator.evidence.provenance import Provenance
from correlator.evidence.words import verdict_line
from correlator.model import Finding, SignatureCount, Verdict, iso
from correlator.text.quantities import duration, moment, one_line, plural, tenant_name
from rules.model import RuleMatch

LATEST = 3
TEXTS = 3


def frame(
    finding: Finding, match: RuleMatch | None, aligned: Sequence[AlignedRun], finding_id: str, provenance: Provenance
) -> tuple[Part, ...]:
    """The five parts."""
    return (
        _symptom(finding, aligned),
        _reproduction(finding_id, provenance),
        _eliminated(finding),
        _hypothesis(finding, match),
        _ask(finding, match),
    )


def _symptom(finding: Finding, aligned: Sequence[AlignedRun]) -> Part:
    counts = f"{finding.failed_first:,} of {plural(finding.runs, 'run')} failed on the first attempt"
    lines = [
        f"{finding.job} for {tenant_name(finding.tenant)}: {counts}; {finding.recovered_by_retry:,} passed on a retry.",
        *_when(finding),
        *_texts(finding.signatures),
    ]
    latest = [_run(row) for row in reversed(aligned[-LATEST:])]
    shown: Block = Bullets(tuple(latest)) if latest else missing("No failed run is attributed to a cause.")
    gap = Gap("What did users or downstream systems see, and since when?")
    return Part("Symptom", (Bullets(tuple(lines)), Paragraph("Latest runs attributed to the cause:"), shown, gap))


def _when(finding: Finding) -> list[str]:
    first, last = finding.first_failure_at, finding.last_failure_at
    if first is None or last is None:
        return []
    began = f"; the trouble began {moment(finding.onset)}" if finding.onset else ""
    return [f"The first run that failed began {moment(first)}, the last {moment(last)}{began}."]


def _texts(counts: Sequence[SignatureCount]) -> list[str]:
    if not counts:
        return ["The failed runs carry no error text."]
    most = sorted(counts, key=lambda count: (-count.failures, count.signature))[:TEXTS]
    return [f"{plural(count.failures, 'run')}: {one_line(count.example, 160)}" for count in most]


def _run(row: AlignedRun) -> str:
    pair = row.pair
    run = row.failed.run_id if row.failed else pair.logical_run_id
    parts = [f"{run} failed {moment(pair.failed_at)}" if pair.failed_at else f"{run} failed"]
    if pair.upstream_logical_run_id:
        above = row.upstream.run_id if row.upstream else pair.upstream_logical_run_id
        how = f"failed {moment(pair.upstream_failed_at)}" if pair.upstream_failed_at else "was late"
        lag = "" if pair.lag_seconds is None else f" and had begun {duration(pair.lag_seconds)} before it"
        parts.append(f"stood on {pair.upstream_job} {above}, which {how}{lag}")
    elif pair.upstream_due_at:
        parts.append(f"needed the {pair.upstream_job} run due {moment(pair.upstream_due_at)}, not seen yet")
    return "; ".join([*parts, *([row.url] if row.url else [])])


def _reproduction(finding_id: str, provenance: Provenance) -> Part:
    analyze = f"correlator analyze history --as-of {iso(provenance.as_of)} --json"
    commands = f"correlator bundle verify {finding_id}.zip\n{analyze}"
    lead = Paragraph("From the bundle, without network; the second command in the folder it is unpacked to:")
    page = [Paragraph(f"The finding's page: {provenance.page_url}")] if provenance.page_url else []
    return Part("Reproduction", (lead, Code(commands), *page, Gap("Can it be provoked at will, and how?")))


def _eliminated(finding: Finding) -> Part:
    if not finding.layers:
        return Part("Layers eliminated", (missing("No layers were compared for this verdict."),))
    groups = ("eliminated", "implicated", "not checked", "no data")
    lines = tuple(
        f"{result}: {layer.layer} ({layer.check}; {layer.data})"
        for result in groups
        for layer in finding.layers
        if layer.result == result
    )
    return Part("Layers eliminated", (Bullets(lines), Gap("What did you look at beside these?")))


def _hypothesis(finding: Finding, match: RuleMatch | None) -> Part:
    blocks: list[Block] = [Paragraph(f"{verdict_line(finding)}.")]
    if finding.verdict is not Verdict.SYSTEMIC:
        blocks.append(missing("The data carry no hypothesis about a cause."))
    elif match and match.known_error:
        blocks.append(Paragraph(f"A known error with such texts: {match.known_error.cause}"))
    else:
        blocks.append(missing("Why the trouble begins there is not known: no known error fits."))
    return Part("Hypothesis", (*blocks, Gap("What speaks against it?")))


def _ask(finding: Finding, match: RuleMatch | None) -> Part:
    if match is None:
        return Part("Ask", (missing("No rule was tried on this finding, so nothing is asked of anybody yet."),))
    proof = finding.proof_of_fix
    lines = [f"To: {match.owner}", f"By when: {match.due or 'no date stands in the rule'}"]
    if proof:
        lines.append(f"Fixed when {proof.clean_first_attempts:,} first attempts of {finding.job} in a row are clean.")
    if match.missing:
        lines.append(f"Not known, and to be filled in: {'; '.join(match.missing)}.")
    return Part("Ask", (Paragraph(match.ask), Bullets(tuple(lines)), Gap("Who asks, and where should the answer go?")))
