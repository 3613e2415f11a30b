"""A runbook to edit, for whoever meets the same next time."""

from __future__ import annotations

import shlex

import yaml

from correlator.drafting.common import asked, before, cause_words, texts
from correlator.drafting.material import Material
from correlator.drafting.page import Section, written
from correlator.evidence.blocks import Block, Bullets, Cell, Code, Facts, Gap, Paragraph, missing
from correlator.lifecycle.words import needed_words
from correlator.model import Finding
from correlator.text.quantities import one_line, tenant_name


def runbook(material: Material) -> str:
    """The runbook as Markdown."""
    finding = material.finding
    return written(
        f"Runbook: {_subject(finding)}",
        [
            Section("", (Paragraph(f"Draft, from {material.finding_id}. {material.standing}."),)),
            Section("When it applies", (_applies(finding), texts(finding), _ELSE)),
            Section("See whether it is this", (Code(_commands(material)), *_look_at(material))),
            Section("What to do", (*_done(material), _STEPS, _NOT)),
            Section("Whom to ask", (asked(material), *_contact(material))),
            Section("How to know that it worked", _proof(material)),
            Section("Seen before", (before(material.earlier),)),
            Section("As a known error in a rule", (Code(_known_error(material)),)),
        ],
    )


_ELSE = Gap("what looks like it and is something else, and how to tell the two apart.")
_STEPS = Gap("the steps, in their order, each with its command and what is to be seen when it worked.")
_NOT = Gap("what must not be done, and when to stop and ask.")


def _subject(finding: Finding) -> str:
    job = finding.root_job or finding.job
    return f"trouble of {job}" if job == finding.job else f"trouble of {job} that makes {finding.job} fail"


def _applies(finding: Finding) -> Facts:
    rows = [
        ("Job that fails", finding.job),
        ("Laid to", cause_words(finding)),
        ("Path", " → ".join(finding.path) or finding.job),
        ("Seen for", tenant_name(finding.tenant)),
    ]
    return Facts(tuple((label, Cell(text)) for label, text in rows))


def _commands(material: Material) -> str:
    finding = material.finding
    job, tenant = (one_line(text).replace("`", "'") for text in (finding.job, finding.tenant))
    lines = [f"correlator check --job {_quoted(job)} --tenant {_quoted(tenant)}", "correlator findings list"]
    return "\n".join([*lines, f"correlator findings life {material.finding_id}"])


def _quoted(text: str) -> str:
    """A word of a shell."""
    return shlex.quote(text)


def _look_at(material: Material) -> tuple[Block, ...]:
    layers = material.finding.layers
    blamed = tuple(f"{row.layer}: {row.check} ({row.data})" for row in layers if row.result == "implicated")
    tables = material.tables("Pictures")
    return (Bullets(blamed), *tables) if blamed else tables


def _done(material: Material) -> tuple[Block, ...]:
    fix = material.fix
    if fix is None:
        return (missing("It was dismissed: nothing was done about it."),)
    return (Paragraph(f"What was done the last time ({fix.actor}): {fix.reason}"),)


def _contact(material: Material) -> tuple[Block, ...]:
    if material.match is None:
        return ()
    return (Bullets((f"Owner: {material.match.owner} ({material.match.owner_reason})",)),)


def _proof(material: Material) -> tuple[Block, ...]:
    fix = material.fix
    if fix is None:
        return (missing("Nothing was fixed, so nothing was proven."),)
    words = f"{needed_words(fix.details)}. `correlator findings claim-fix {material.finding_id}` begins the count."
    return (Paragraph(words.replace("`", "")),)


def _known_error(material: Material) -> str:
    """To be put into a rule; the cause in words is a person's to write."""
    finding, fix = material.finding, material.fix
    found = [*finding.root_signatures, *(one for one in finding.signatures if one.laid_to_cause)]
    entry = {
        "signature": found[0].signature if found else "(to be filled in: the error's text)",
        "cause": "(to be filled in: why it happens)",
        "fix": fix.reason if fix else "(to be filled in: what ends it)",
        "since": f"{material.life.chapter[0].at:%Y-%m-%d}",
    }
    document = yaml.safe_dump({"known_error": entry}, sort_keys=False, allow_unicode=True, width=100)
    return document.replace("`", "'").rstrip()
