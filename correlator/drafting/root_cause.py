"""A root-cause write-up to edit."""

from __future__ import annotations

from collections.abc import Iterator

from correlator.drafting.common import asked, before, cause_words, texts
from correlator.drafting.material import Material
from correlator.drafting.page import Section, written
from correlator.evidence.blocks import Block, Bullets, Cell, Facts, Gap, Paragraph, Table, missing
from correlator.evidence.parts.scope import trend
from correlator.evidence.words import sure, verdict_line
from correlator.lifecycle.words import needed_words, step_words, told
from correlator.model import Finding
from correlator.text.quantities import duration, expected, moment, p_words, plural, tenant_name


def root_cause(material: Material) -> str:
    """The write-up as Markdown."""
    finding = material.finding
    title = f"Root cause: {finding.job} for {tenant_name(finding.tenant)} ({material.finding_id})"
    return written(
        title,
        [
            Section("", (Paragraph(f"Draft. {material.standing}."),)),
            Section("In short", (Paragraph(f"{verdict_line(finding)}.", strong=True), _SHORT)),
            Section("What it did", (_impact(finding), _HARM)),
            Section("What happened when", (_timeline(material),)),
            Section("Why", (_evidence(finding), texts(finding), *material.tables("Pictures"), _WHY)),
            Section("What was looked at", material.tables("Layers looked at")),
            Section("Who was asked", (asked(material),)),
            Section("What fixed it", _fixed(material)),
            Section("Seen before", (before(material.earlier),)),
            Section("What follows", (_FOLLOWS,)),
        ],
    )


_SHORT = Gap("two sentences for somebody who was not there: what broke, for whom, and why it will not happen again.")
_HARM = Gap("what customers and other teams noticed, and what it cost them; the figures above count runs only.")
_WHY = Gap("why the root got into this trouble at all, as far down as somebody can act, and why nothing caught it.")
_FIX = Gap("how what was done takes the cause away, and what would bring it back.")
_FOLLOWS = Gap("what is to be done so that this does not come back, or is seen sooner: each with an owner and a date.")


def _impact(finding: Finding) -> Facts:
    rows = [
        ("Failed first attempts", f"{finding.failed_first:,} of {plural(finding.runs, 'run')}"),
        ("Passed on a retry", f"{finding.recovered_by_retry:,}"),
    ]
    if finding.retry_debt:
        lost = duration(finding.retry_debt.minutes_burnt * 60)
        rows.append(("Spent on retries", f"{plural(finding.retry_debt.extra_attempts, 'extra attempt')}, {lost}"))
    rows += [*elsewhere(finding), ("Trend", trend(finding))]
    return Facts(tuple((label, Cell(text)) for label, text in rows))


def elsewhere(finding: Finding) -> Iterator[tuple[str, str]]:
    """Of other tenants, and of hosts, how many had a failed first attempt of the job."""
    others = [row for row in finding.scope if (row.kind, row.name) != ("tenant", finding.tenant)]
    for kind, noun in (("tenant", "other tenant"), ("host", "host")):
        rows = [row for row in others if row.kind == kind]
        if rows:
            hit = sum(row.affected > 0 for row in rows)
            yield f"{kind.capitalize()}s where it failed too", f"{hit:,} of {plural(len(rows), noun)} compared"


def _timeline(material: Material) -> Table:
    finding = material.finding
    happened = [
        (finding.first_failure_at, "", "The first run that failed began"),
        (finding.onset, "", "The trouble began, as far as was found"),
    ]
    happened += [(change.at, "", f"Recorded change: {change.title}") for change in finding.changes]
    happened += [(finding.last_failure_at, "", "The last run that failed, as far as the finding knows, began")]
    for event in material.life.chapter:
        words = "; ".join(text for text in (step_words(event), told(event), event.reason) if text)
        happened.append((event.at, event.actor, words))
    dated = sorted((at, who, what) for at, who, what in happened if at is not None)
    return Table(("at", "who", "what"), tuple((Cell(moment(at)), Cell(who), Cell(what)) for at, who, what in dated))


def _evidence(finding: Finding) -> Facts:
    rows = [("Laid to", cause_words(finding))]
    if len(finding.path) > 1:
        rows.append(("Path", " → ".join(finding.path)))
    if finding.observed is not None and finding.expected_by_chance is not None:
        rows.append(
            (
                "Failures attributed to it",
                f"{finding.observed:,}; {expected(finding.expected_by_chance)} expected by chance",
            )
        )
    rows.append(("Chance alone", p_words(finding.p_value)))
    if finding.confidence is not None:
        rows.append(("Confidence", sure(finding.confidence)))
    return Facts(tuple((label, Cell(text)) for label, text in rows))


def _fixed(material: Material) -> tuple[Block, ...]:
    fix = material.fix
    if fix is None:
        return (missing("Nothing: it was dismissed, and the reason stands above."),)
    return (
        Paragraph(fix.reason),
        Bullets((f"Said by {fix.actor}.", f"{needed_words(fix.details)}.", f"{material.standing}.")),
        _FIX,
    )
