"""Blocks that both drafts have."""

from __future__ import annotations

from correlator.drafting.material import Material
from correlator.evidence.blocks import Bullets, Cell, Facts, Paragraph, Table, missing
from correlator.lifecycle.recurrence import Earlier, earlier_words
from correlator.model import Cause, Finding
from correlator.text.quantities import moment, one_line


def texts(finding: Finding) -> Table | Paragraph:
    """The error texts of the failures attributed to the cause, the root's first."""
    own = [(finding.job, one) for one in finding.signatures if one.laid_to_cause]
    root = [(finding.root_job, one) for one in finding.root_signatures if finding.root_job != finding.job]
    rows = [(job or "", one.signature, one.example, one.laid_to_cause) for job, one in [*root, *own]]
    if not rows:
        return missing("The failed runs carry no error text.")
    cells = tuple(
        (Cell(job), Cell(text), Cell(one_line(example, 200)), Cell(f"{n:,}")) for job, text, example, n in rows
    )
    return Table(("job", "error, what changes masked", "an example", "failed runs"), cells, "", frozenset({3}))


def cause_words(finding: Finding) -> str:
    """What the failures are attributed to."""
    if finding.cause is Cause.UPSTREAM:
        return f"trouble of {finding.root_job}, upstream of {finding.job}"
    words = {Cause.SHARED: "an outage that hit other jobs too", Cause.SELF: f"trouble of {finding.job} itself"}
    return words.get(finding.cause, "no single cause")


def before(earlier: tuple[Earlier, ...]) -> Bullets | Paragraph:
    """What was like it, and what fixed that."""
    if not earlier:
        return missing("Nothing like it is known from before.")
    return Bullets(tuple(earlier_words(one) for one in earlier))


def asked(material: Material) -> Facts | Paragraph:
    """Who was asked for what."""
    ask = material.life.ask
    if ask is None:
        return missing("Nobody else was asked: it was not escalated.")
    rows = [("Team", ask.details["team"]), ("Ask", ask.details["ask"]), ("Asked", moment(ask.at))]
    rows += [("Where", ask.details["link"])] if ask.details["link"] else []
    return Facts(tuple((label, Cell(str(text))) for label, text in rows))
