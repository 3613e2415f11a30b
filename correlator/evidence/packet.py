"""The packet: ten parts in their order, made from a finding, the rule that matched, and where the facts came from.

Plain Python without the numerical libraries, so that pages can show it. `to_markdown`, `to_html`, `to_ticket` and
`to_note`, each in a file of its own, write it down; they escape every field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from correlator.evidence.aligned import AlignedRun, aligned_runs
from correlator.evidence.blocks import Part, Picture
from correlator.evidence.parts.ask import ask
from correlator.evidence.parts.background import history, origins, reproduce
from correlator.evidence.parts.chance import chance
from correlator.evidence.parts.frame import frame
from correlator.evidence.parts.runs import runs
from correlator.evidence.parts.scope import scope
from correlator.evidence.parts.surroundings import layers, pictures
from correlator.evidence.parts.verdict import verdict
from correlator.evidence.provenance import Provenance
from correlator.model import Finding, iso
from correlator.text.quantities import one_line, tenant_name
from rules.model import Edited, RuleMatch


@dataclass(frozen=True, slots=True)
class Packet:
    """What is handed over. `parts` are the ten parts in order, whatever the verdict: none is ever left out."""

    finding_id: str
    title: str
    finding: Finding
    match: RuleMatch | None
    provenance: Provenance
    parts: tuple[Part, ...]
    frame: tuple[Part, ...] = ()
    """The triage frame of a ticket."""


def build_packet(
    finding: Finding,
    match: RuleMatch | None,
    provenance: Provenance,
    *,
    finding_id: str,
    aligned: Sequence[AlignedRun] | None = None,
    shown: Sequence[Picture] = (),
) -> Packet:
    """All ten parts. `aligned` adds attempts and their ids to the pairs; `shown` are pictures that lie beside it."""
    rows = aligned_runs(finding, provenance) if aligned is None else aligned
    match = as_put(match, provenance)
    parts = (
        verdict(finding),
        ask(finding, match),
        scope(finding),
        runs(finding, rows),
        chance(finding),
        pictures(finding, shown, provenance),
        layers(finding),
        history(finding, match, provenance),
        reproduce(finding, provenance, finding_id),
        origins(provenance, match),
    )
    title = one_line(f"{finding.job} for {tenant_name(finding.tenant)}")
    triage = frame(finding, match, rows, finding_id, provenance)
    return Packet(finding_id, title, finding, match, provenance, parts, triage)


def as_put(match: RuleMatch | None, provenance: Provenance) -> RuleMatch | None:
    """The rule's answer with its ask in a person's words, where one put it so."""
    put = provenance.put_ask
    if match is None or put is None or match.edited is not None:
        return match
    return replace(match, ask=put.ask, edited=Edited(put.by, iso(put.at), match.ask))
