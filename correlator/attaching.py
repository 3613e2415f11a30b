"""What note goes on which incident, and its way there through the outbox.

An open incident gets a note when a systemic finding explains it (see `correlator.explaining`). What is to be written
is entered in the store first, then written, then entered as written: after a kill in between, the sink finds the note
by its marker. Text that differs only in how fresh the data is counts as the same, or every look would write anew.
One process at a time is at one incident (`correlator.one_writer`), so two of them leave one note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine

from correlator import __version__
from correlator.announcing import announce_end, announce_verdict
from correlator.errors import SourceError
from correlator.evidence.note import CHARACTERS
from correlator.evidence.packet import Provenance, SourceState, build_packet, marker, to_note, verdict_line
from correlator.evidence.shortening import fitted
from correlator.explaining import Explanation, explain, finding_of
from correlator.model import Finding, Incident, Verdict
from correlator.one_writer import one_writer
from correlator.ports import Announcer, Attached, Note, Sink
from correlator.quantities import one_line
from correlator.settings import Settings
from correlator.store.attachments import (
    attachment_failed,
    attachment_written,
    get_attachment,
    plan_attachment,
)
from correlator.store.findings import StoredFinding, list_findings
from correlator.store.incidents import list_incidents
from correlator.store.lookups import jobs_of_services
from correlator.store.sources import list_sources
from rules.model import RuleMatch

MARKER: Final = "[incident-correlator"
"""How the last line of each of our notes begins. An incident has one note, whatever finding it tells of."""
_FRESHNESS: Final = "Data as of "
_FAILURES_IN_A_ROW: Final = 3


class Done(StrEnum):
    """What became of one incident."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    NOTHING_SYSTEMIC = "nothing systemic"
    FAILED = "failed"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said` is one sentence for people; `text` is the note as it stands, where there is one; `missing` is what was to
    go with it and could not be done."""

    incident_id: str
    done: Done
    said: str
    finding_id: str | None = None
    note_id: str | None = None
    text: str | None = None
    error: SourceError | None = None
    missing: str = ""


@dataclass(slots=True)
class AttachReport:
    """All open incidents after one round."""

    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, done: Done) -> int:
        return sum(outcome.done is done for outcome in self.outcomes)

    @property
    def said(self) -> str:
        """One sentence: `2 notes written, 5 unchanged, 1 failed`."""
        parts = [f"{self.count(done)} {done}" for done in (Done.WRITTEN, Done.UNCHANGED, Done.FAILED)]
        missing = next((f"; {one.incident_id}: {one.missing}" for one in self.outcomes if one.missing), "")
        without = f"{self.count(Done.NOTHING_SYSTEMIC)} incidents without a systemic finding"
        return f"notes: {', '.join(parts)}; {without}{missing}"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known when notes are written: read once for all incidents."""

    findings: Sequence[StoredFinding]
    jobs_of_service: Mapping[str, frozenset[str]]
    sources: Sequence[SourceState]
    base_url: str

    def explanation(self, incident: Incident) -> Explanation | None:
        return explain(incident, (stored.finding for stored in self.findings), self.jobs_of_service)

    def own_finding(self, incident: Incident) -> Finding | None:
        return finding_of(incident, (stored.finding for stored in self.findings))

    def stored(self, finding: Finding) -> StoredFinding:
        return next(stored for stored in self.findings if stored.finding is finding)

    def page_url(self, finding_id: str) -> str:
        """The page of a finding; "" where nobody said how others reach the pages."""
        return f"{self.base_url}/findings/{finding_id}" if self.base_url else ""


def read_knowledge(engine: Engine, settings: Settings) -> Knowledge:
    """Findings, services and sources as the store has them. Raises StoreError."""
    states = tuple(
        SourceState(status.source, reached=not status.error, last_good_pull=status.last_good_at, error=status.error)
        for status in list_sources(engine)
    )
    return Knowledge(list_findings(engine), jobs_of_services(engine), states, settings["web.base_url"].rstrip("/"))


def attach_open(engine: Engine, settings: Settings, sink: Sink, now: datetime) -> AttachReport:
    """Notes for all open incidents of this sink's system, written or updated where something changed.

    A note that fails is entered as failed and tried again the next time; after three failures in a row the rest is
    left to the next time as well. Raises StoreError.
    """
    knowledge = read_knowledge(engine, settings)
    report = AttachReport()
    for incident in list_incidents(engine, open_only=True, source=sink.name):
        report.outcomes.append(attach_incident(engine, knowledge, sink, incident, now))
        last = report.outcomes[-_FAILURES_IN_A_ROW:]
        if len(last) == _FAILURES_IN_A_ROW and all(outcome.done is Done.FAILED for outcome in last):
            break
    return report


def attach_incident(
    engine: Engine, knowledge: Knowledge, sink: Sink, incident: Incident, now: datetime, *, always: bool = False
) -> Outcome:
    """One incident's note. With `always` the sink is asked even when the outbox has the same text as written."""
    draft = preview(engine, knowledge, incident)
    if draft.text is None or draft.finding_id is None:
        return draft
    if not always and _stands(engine, draft.incident_id, draft.text):
        sent = replace(draft, done=Done.UNCHANGED, said="the note says this already")
    else:
        sent = _Sending(engine, sink, knowledge, incident, now).send(draft.finding_id, draft.text)
    return replace(sent, said=f"{draft.said.rstrip('.')}; {sent.said}")


def preview(engine: Engine, knowledge: Knowledge, incident: Incident) -> Outcome:
    """What would be written, without writing it."""
    explanation = knowledge.explanation(incident)
    if explanation is not None:
        stored = knowledge.stored(explanation.finding)
        said = f"{stored.id} explains it: {explanation.how}"
        return Outcome(incident.incident_id, Done.DRAFT, said, stored.id, text=note_text(stored, knowledge))
    said = _nothing_systemic(incident, knowledge)
    before = get_attachment(engine, incident.incident_id)
    if before is None or not before.note_id:
        return Outcome(incident.incident_id, Done.NOTHING_SYSTEMIC, said)
    lines = fitted([one_line(f"What stood here no longer holds. {said}"), marker(before.finding_id)], CHARACTERS)
    text = "\n".join(lines)
    return Outcome(incident.incident_id, Done.NOTHING_SYSTEMIC, said, before.finding_id, before.note_id, text)


def note_text(stored: StoredFinding, knowledge: Knowledge) -> str:
    """The note about a finding, at most ten lines."""
    rule = stored.document.get("rule")
    provenance = Provenance(
        as_of=stored.finding.window_end or stored.updated_at,
        sources=tuple(knowledge.sources),
        program_version=__version__,
        first_raised_at=stored.first_raised_at,
        changed_at=stored.changed_at,
        page_url=knowledge.page_url(stored.id),
    )
    match = RuleMatch.from_dict(rule) if rule else None
    return to_note(build_packet(stored.finding, match, provenance, finding_id=stored.id))


def _nothing_systemic(incident: Incident, knowledge: Knowledge) -> str:
    own = knowledge.own_finding(incident)
    if own is not None and own.verdict is Verdict.SYSTEMIC:
        return f"No failure near this incident is among those laid to the cause. {own.job}: {verdict_line(own)}"
    if own is not None:
        return f"Nothing systemic was found around this incident. {own.job}: {verdict_line(own)}"
    subject = (
        f"job {incident.job}" if incident.job else f"an incident that names no job ({incident.title or 'no title'})"
    )
    return f"Nothing systemic was found for {subject}."


def _stands(engine: Engine, incident_id: str, text: str) -> bool:
    """Whether the outbox has this text as written, with all that goes with it: then nobody has to be asked."""
    before = get_attachment(engine, incident_id)
    return before is not None and before.state == "written" and before.text_sha256 == _content_sha256(text)


@dataclass(frozen=True, slots=True)
class _Sending:
    """One note on its way through the outbox: entered as planned, sent, entered as written or failed."""

    engine: Engine
    sink: Sink
    knowledge: Knowledge
    incident: Incident
    now: datetime

    def send(self, finding_id: str, text: str) -> Outcome:
        key = self.incident.incident_id
        try:
            with one_writer(self.engine, key):
                plan_attachment(self.engine, key, finding_id, marker(finding_id), _content_sha256(text), self.now)
                attached = self.sink.attach(Note(key, MARKER, text, self.knowledge.page_url(finding_id)))
                missing = "; ".join((*attached.failures, *self._announced(text)))
                attachment_written(self.engine, key, attached.note_id, self.now, missing=missing)
        except SourceError as error:
            attachment_failed(self.engine, key, error.message, self.now)
            return Outcome(key, Done.FAILED, error.message, finding_id, error=error)
        return self._outcome(attached, finding_id, text, missing)

    def _announced(self, text: str) -> tuple[str, ...]:
        """What goes to those who follow the incident, where the sink does that; why it could not, or nothing."""
        if not isinstance(self.sink, Announcer):
            return ()
        key, head = self.incident.incident_id, text.partition("\n")[0]
        explanation = self.knowledge.explanation(self.incident)
        if explanation is None:
            failed = announce_end(self.engine, self.sink, key, head, self.now)
        else:
            link = self.knowledge.page_url(self.knowledge.stored(explanation.finding).id)
            told = f"{head}\n{link}".strip()
            failed = announce_verdict(self.engine, self.sink, key, explanation.finding, told, self.now)
        return (failed,) if failed else ()

    def _outcome(self, attached: Attached, finding_id: str, text: str, missing: str) -> Outcome:
        done, said = (
            (Done.WRITTEN, "the note was written") if attached.written else (Done.UNCHANGED, "the note stood there")
        )
        said = f"{said}, but {missing}" if missing else said
        return Outcome(self.incident.incident_id, done, said, finding_id, attached.note_id, text, missing=missing)


def _content_sha256(text: str) -> str:
    """A hash of what the note says, without the line that says how fresh the data is."""
    lines = [line for line in text.splitlines() if not line.startswith(_FRESHNESS)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
