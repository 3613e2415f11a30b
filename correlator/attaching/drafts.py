"""What is to stand on an incident, a ticket or for a finding: the text, and whether it is news.

Text that differs only in how fresh the data is counts as the same, or every look would write anew. Where each note is
one more (`ports.Way.in_place` is False) only another verdict, cause, root, ask or owner is news: not one failure more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from correlator import __version__
from correlator.attaching.knowledge import Knowledge
from correlator.attaching.standing import Standing
from correlator.evidence.known import rule_match
from correlator.evidence.note import CHARACTERS, marker, to_note
from correlator.evidence.packet import build_packet
from correlator.evidence.provenance import Provenance
from correlator.evidence.shortening import LINK, fitted
from correlator.evidence.words import verdict_line
from correlator.lifecycle.words import closing_line
from correlator.model import Incident, Verdict, iso
from correlator.ports import About, Event, Place, Way
from correlator.store.attachments import Attachment
from correlator.store.findings import StoredFinding
from correlator.text.quantities import one_line

_FRESHNESS: Final = "Data as of "
_ENDED: Final = "ended-"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written on one target; `text` None: nothing is. `ends`: it takes back what stood there."""

    place: Place
    target: str
    said: str
    text: str | None = None
    about: About | None = None
    revision: str = ""
    ends: bool = False

    def digest(self, way: Way) -> str:
        """What tells one note from the next, by how the sink writes them."""
        return _content_sha256(self.text or "") if way.in_place else self.revision

    @property
    def finding_id(self) -> str | None:
        return self.about.finding_id if self.about else None


def incident_draft(
    knowledge: Knowledge, incident: Incident, before: Attachment | None, place: Place = Place.INCIDENT
) -> Draft:
    """The note on an incident: what explains it, that nothing does any more, or nothing."""
    explanation = knowledge.explanation(incident)
    if explanation is not None:
        stored = knowledge.stored(explanation.finding)
        said = f"{stored.id} explains it: {explanation.how}"
        return _telling(knowledge, stored, place, incident.incident_id, said)
    silent = knowledge.silent_explanation(incident)
    said = _nothing_systemic(incident, knowledge) if silent is None else _silent(silent, knowledge)
    if before is None:
        return Draft(place, incident.incident_id, said)
    own = next((stored for stored in knowledge.findings if stored.id == before.finding_id), None)
    standing = None if own is None else knowledge.standing(own)
    if standing is not None and standing.lingers:
        return Draft(place, incident.incident_id, said)
    closing = standing.closing if standing else closing_line(knowledge.life(before.finding_id))
    text, revision = _ended_text(said, before, closing), _ended_revision(before, closing)
    return Draft(place, incident.incident_id, said, text, _ended(own), revision, ends=True)


def finding_draft(
    knowledge: Knowledge,
    stored: StoredFinding,
    before: Attachment | None,
    place: Place = Place.FINDING,
    target: str = "",
) -> Draft:
    """The note about a finding (on a ticket, where `target` names one): what it says, that it is over, or nothing."""
    target = target or stored.id
    standing = knowledge.standing(stored)
    if standing.told:
        return _telling(knowledge, stored, place, target, f"{stored.id} is systemic")
    said = _over(stored, standing)
    if before is None or standing.lingers:
        return Draft(place, target, said)
    text = _ended_text(said, before, standing.closing, knowledge.page_url(stored.id))
    return Draft(place, target, said, text, _ended(stored), _ended_revision(before, standing.closing), ends=True)


def note_text(stored: StoredFinding, knowledge: Knowledge) -> str:
    """The note about a finding, at most ten lines."""
    provenance = Provenance(
        as_of=stored.finding.window_end or stored.updated_at,
        sources=tuple(knowledge.sources),
        program_version=__version__,
        first_raised_at=stored.first_raised_at,
        changed_at=stored.changed_at,
        page_url=knowledge.page_url(stored.id),
    )
    return to_note(build_packet(stored.finding, rule_match(stored), provenance, finding_id=stored.id))


def _telling(knowledge: Knowledge, stored: StoredFinding, place: Place, target: str, said: str) -> Draft:
    before = stored.previous
    event = Event.CHANGED if before is not None and before.verdict == Verdict.SYSTEMIC else Event.RAISED
    about = About(stored.id, event, stored.finding, stored.changed_at, knowledge.incidents_of(stored.id))
    return Draft(
        place, target, said, note_text(stored, knowledge), about, _revision(stored, knowledge.standing(stored))
    )


def _silent(stored: StoredFinding, knowledge: Knowledge) -> str:
    return f"{stored.id} would explain it, and is not told: {knowledge.standing(stored).why}"


def _over(stored: StoredFinding, standing: Standing) -> str:
    if standing.closing:
        return standing.closing
    if stored.finding.verdict is Verdict.SYSTEMIC and stored.gone_at is None:
        return f"{stored.id} is not told yet: {standing.why}"
    if stored.gone_at is not None:
        return f"No failure of {stored.finding.job} lies in the window any more."
    return f"{stored.finding.job}: {verdict_line(stored.finding)}"


def _nothing_systemic(incident: Incident, knowledge: Knowledge) -> str:
    own = knowledge.own_finding(incident)
    if own is not None and own.verdict is Verdict.SYSTEMIC:
        return f"No failure near this incident is among those attributed to the cause. {own.job}: {verdict_line(own)}"
    if own is not None:
        return f"Nothing systemic was found around this incident. {own.job}: {verdict_line(own)}"
    subject = (
        f"job {incident.job}" if incident.job else f"an incident that names no job ({incident.title or 'no title'})"
    )
    return f"Nothing systemic was found for {subject}."


def _ended_text(said: str, before: Attachment, closing: str, link: str = "") -> str:
    lines = [one_line(closing or f"What stood here no longer holds. {said}")]
    lines += [f"{LINK}{link}"] if link else []
    return "\n".join(fitted([*lines, marker(before.finding_id)], CHARACTERS))


def _ended(stored: StoredFinding | None) -> About | None:
    if stored is None:
        return None
    return About(stored.id, Event.ENDED, stored.finding, stored.gone_at or stored.changed_at)


def _revision(stored: StoredFinding, standing: Standing) -> str:
    """The same for as long as the finding says the same, and another one when it says so again later."""
    rule: Mapping[str, Any] = stored.document.get("rule") or {}
    finding = stored.finding
    parts = [stored.id, iso(stored.changed_at), finding.verdict, finding.cause, finding.root_job]
    parts += [rule.get("ask"), rule.get("owner"), str(standing.chapter) if standing.chapter > 1 else ""]
    return _hash("\0".join(str(part or "") for part in parts))


def _ended_revision(before: Attachment, closing: str) -> str:
    """The end of what was told last. An end that was told stays the same, whatever the verdict is by now; that somebody
    closed it, or that the fix is proven, is news."""
    if closing:
        return f"{_ENDED}{_hash(closing)}"
    last = before.text_sha256
    return last if last.startswith(_ENDED) else f"{_ENDED}{_hash(last)}"


def _content_sha256(text: str) -> str:
    """A hash of what the note says, without the line that says how fresh the data is."""
    return _hash("\n".join(line for line in text.splitlines() if not line.startswith(_FRESHNESS)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
