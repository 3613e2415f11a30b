"""Which notes there are to write now: for every place a sink writes to, what stands there and what should."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.attaching.drafts import Draft, finding_draft, incident_draft
from correlator.attaching.knowledge import Knowledge, read_knowledge
from correlator.attaching.outcome import AttachReport, Done, Outcome
from correlator.attaching.sending import Sending
from correlator.errors import SourceError
from correlator.lifecycle.steps import CLOSED
from correlator.model import Incident
from correlator.ports import IncidentFinder, Place, Renderer, Sink, TicketFinder
from correlator.settings import Settings
from correlator.store.attachments import Attachment, get_attachment, list_attachments
from correlator.store.findings import StoredFinding, get_finding
from correlator.store.incidents import get_incident, list_incidents

_FAILURES_IN_A_ROW: Final = 3
NEWS: Final = timedelta(days=1)
"""A finding that turned systemic longer ago is no news to a sink that never heard of it: one that is switched on does
not begin with everything that was ever found."""
_REMEMBERED: Final = timedelta(days=7)


def attach_open(engine: Engine, settings: Settings, sink: Sink, now: datetime) -> AttachReport:
    """All notes of this sink, written or updated where something changed.

    A note that fails is entered as failed and tried again later; after three failures in a row the rest is left to the
    next time as well. Raises StoreError.
    """
    knowledge = read_knowledge(engine, settings, now)
    report = AttachReport(sink.name)
    writer = Writer(engine, knowledge, sink, now)
    for place in sink.ways:
        try:
            for draft in writer.drafts(place):
                report.outcomes.append(writer.attach(draft))
                if _gives_up(report):
                    return report
        except SourceError as error:
            said = f"{sink.name} could not be asked what is open there: {error.message}"
            report.outcomes.append(Outcome(sink.name, "", Done.FAILED, said, error=error))
    return report


def attach_incident(
    engine: Engine, knowledge: Knowledge, sink: Sink, incident: Incident, now: datetime, *, always: bool = False
) -> Outcome:
    """One pulled incident's note. With `always` the sink is asked even when the outbox has the same text as written."""
    writer = Writer(engine, knowledge, sink, now, always=always)
    return writer.attach(incident_draft(knowledge, incident, writer.before(incident.incident_id)))


def preview(engine: Engine, knowledge: Knowledge, sink_name: str, incident: Incident) -> Outcome:
    """What would be written on a pulled incident, without writing it."""
    draft = incident_draft(knowledge, incident, get_attachment(engine, sink_name, incident.incident_id))
    return _shown(draft, sink_name, draft.text)


def attach_finding(
    engine: Engine, knowledge: Knowledge, sink: Sink, stored: StoredFinding, now: datetime, *, dry: bool = False
) -> list[Outcome]:
    """All notes of this sink about one finding, however old it is; with `dry` they are only shown.

    Raises SourceError when the sink cannot be asked on what they would stand, StoreError.
    """
    writer = Writer(engine, knowledge, sink, now, always=True, only=stored)
    drafts = [draft for place in sink.ways for draft in writer.drafts(place)]
    return [writer.shown(draft) if dry else writer.attach(draft) for draft in drafts]


class Writer:
    """One sink in one round. `only`: of one finding alone; `always`: whatever the outbox says."""

    def __init__(
        self,
        engine: Engine,
        knowledge: Knowledge,
        sink: Sink,
        now: datetime,
        *,
        always: bool = False,
        only: StoredFinding | None = None,
    ) -> None:
        self._engine, self._knowledge, self._sink, self._now = engine, knowledge, sink, now
        self._always, self._only = always, only
        self._rows = {row.target: row for row in list_attachments(engine, sink=sink.name)}

    def before(self, target: str) -> Attachment | None:
        """What the outbox has of a target."""
        return self._rows.get(target)

    def drafts(self, place: Place) -> Iterator[Draft]:
        """What should stand at the targets of one place. Raises SourceError when the sink cannot be asked for them."""
        by_place: Mapping[Place, Callable[[], Iterator[Draft]]] = {
            Place.INCIDENT: self._on_pulled_incidents,
            Place.INCIDENT_FOUND: self._on_found_incidents,
            Place.TICKET: self._on_tickets,
            Place.FINDING: self._on_findings,
        }
        return (draft for draft in by_place[place]() if self._wanted(draft))

    def attach(self, draft: Draft) -> Outcome:
        """Send a draft, unless it stands there, is to be tried later, or is none."""
        row, way = self.before(draft.target), self._sink.ways[draft.place]
        if draft.text is None:
            return Outcome(self._sink.name, draft.target, Done.NOTHING_SYSTEMIC, draft.said)
        finding_id = draft.finding_id or (row.finding_id if row else "")
        if row is not None and not self._always and (row.stands(draft.digest(way)) or row.waits(self._now)):
            stands = row.stands(draft.digest(way))
            done, said = (Done.UNCHANGED, "the note says this already") if stands else (Done.WAITING, row.last_error)
            sent = Outcome(self._sink.name, draft.target, done, said, finding_id, row.note_id, draft.text)
        else:
            sending = Sending(self._engine, self._sink, self._knowledge, self._now)
            sent = sending.send(draft, finding_id, draft.text)
        return replace(sent, said=f"{draft.said.rstrip('.')}; {sent.said}")

    def shown(self, draft: Draft) -> Outcome:
        """What would be written, as the sink would write it."""
        text = draft.text
        if text is not None and isinstance(self._sink, Renderer):
            sending = Sending(self._engine, self._sink, self._knowledge, self._now)
            text = self._sink.rendered(sending.note(draft, draft.finding_id or "", text, self.before(draft.target)))
        return _shown(draft, self._sink.name, text)

    def _wanted(self, draft: Draft) -> bool:
        if self._only is None:
            return True
        row = self.before(draft.target)
        return self._only.id in (draft.finding_id, row.finding_id if row else None)

    def _on_pulled_incidents(self) -> Iterator[Draft]:
        for incident in list_incidents(self._engine, open_only=True, source=self._sink.name):
            yield incident_draft(self._knowledge, incident, self.before(incident.incident_id))
        for row in self._rows.values():
            resolved = get_incident(self._engine, row.target, self._sink.name) if self._hears_the_end(row) else None
            if resolved is not None and resolved.resolved_at is not None:
                yield incident_draft(self._knowledge, resolved, row)

    def _hears_the_end(self, row: Attachment) -> bool:
        """A note on a finding that was dismissed or fixed since: a fix is shown to hold long after the incident."""
        life = self._knowledge.life(row.finding_id)
        closed_at = life.stood_since if life.state in CLOSED else None
        return closed_at is not None and (row.updated_at < closed_at or row.state != "written")

    def _on_found_incidents(self) -> Iterator[Draft]:
        if not isinstance(self._sink, IncidentFinder) or not self._has_news():
            return
        for incident in self._sink.open_incidents():
            yield incident_draft(self._knowledge, incident, self.before(incident.incident_id), Place.INCIDENT_FOUND)

    def _on_tickets(self) -> Iterator[Draft]:
        if not isinstance(self._sink, TicketFinder):
            return
        standing = {stored.id: stored for stored in self._knowledge.told}
        told = self._told(standing)
        subjects = {id_: [one.incident_id for one in self._knowledge.incidents_of(id_)] for id_ in (*standing, *told)}
        found = self._sink.tickets(subjects) if subjects else {}
        for ticket, finding_id in found.items():
            stored = standing.get(finding_id) or told[finding_id]
            yield finding_draft(self._knowledge, stored, self.before(ticket), Place.TICKET, ticket)

    def _on_findings(self) -> Iterator[Draft]:
        standing = {stored.id: stored for stored in self._knowledge.told}
        for stored in (*standing.values(), *self._told(standing).values()):
            row = self.before(stored.id)
            if row is not None or self._always or self._now - self._knowledge.standing(stored).since < NEWS:
                yield finding_draft(self._knowledge, stored, row)

    def _told(self, standing: Mapping[str, StoredFinding]) -> dict[str, StoredFinding]:
        """The findings that were told of lately and are not systemic any more, gone ones too."""
        lately = {row.finding_id for row in self._rows.values() if self._now - row.updated_at < _REMEMBERED}
        found = (get_finding(self._engine, id_) for id_ in sorted(lately - set(standing)))
        return {stored.id: stored for stored in found if stored is not None}

    def _has_news(self) -> bool:
        """Whether it is worth a request to look for incidents: something is systemic, or was told of lately."""
        return bool(self._knowledge.told) or bool(self._told({}))


def _gives_up(report: AttachReport) -> bool:
    last = report.outcomes[-_FAILURES_IN_A_ROW:]
    return len(last) == _FAILURES_IN_A_ROW and all(outcome.done is Done.FAILED for outcome in last)


def _shown(draft: Draft, sink: str, text: str | None) -> Outcome:
    done = Done.NOTHING_SYSTEMIC if draft.text is None else Done.DRAFT
    return Outcome(sink, draft.target, done, draft.said, draft.finding_id, text=text)
