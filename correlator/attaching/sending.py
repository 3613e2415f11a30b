"""One note on its way through the outbox: entered as planned, sent, entered as written or failed.

After a kill in between, the sink finds the note by its marker, or sends it under the same id. What can be neither
looked up nor known again is sent at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from correlator.attaching.announcing import announce_end, announce_verdict
from correlator.attaching.drafts import Draft
from correlator.attaching.knowledge import Knowledge
from correlator.attaching.outcome import Done, Outcome
from correlator.errors import SourceError
from correlator.evidence.note import marker
from correlator.incident_lock import one_writer
from correlator.ports import Announcer, Attached, Event, Note, Sink, Way
from correlator.store.attachments import (
    PENDING,
    Attachment,
    Plan,
    attachment_failed,
    attachment_written,
    plan_attachment,
)

MARKER: Final = "[incident-correlator"
"""How the last line of each of our notes begins. An incident has one note, whatever finding it tells of."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What one draft is sent with. `before` is its row of the outbox."""

    engine: Engine
    sink: Sink
    knowledge: Knowledge
    now: datetime

    def send(self, draft: Draft, finding_id: str, text: str) -> Outcome:
        """Raises StoreError; what the sink refuses is in the outcome."""
        plan = Plan(self.sink.name, draft.target, finding_id, marker(finding_id), draft.digest(self._way(draft)))
        try:
            with one_writer(self.engine, f"{plan.sink}:{plan.target}"):
                attached, missing = self._written(plan, draft, text)
        except SourceError as error:
            return Outcome(self.sink.name, draft.target, Done.FAILED, error.message, finding_id, text=text, error=error)
        return self._outcome(draft, attached, finding_id, text, missing)

    def _way(self, draft: Draft) -> Way:
        return self.sink.ways[draft.place]

    def _written(self, plan: Plan, draft: Draft, text: str) -> tuple[Attached, str]:
        """What the sink says, entered in the outbox, and so are its failures: while nobody else is at this note."""
        before = plan_attachment(self.engine, plan, self.now)
        try:
            attached = self._attached(plan, draft, text, before)
        except SourceError as error:
            attachment_failed(self.engine, plan, error.message, self.now, wait_seconds=error.wait_seconds)
            raise
        missing = "; ".join((*attached.failures, *self._announced(draft, text)))
        attachment_written(self.engine, plan, attached.note_id, self.now, missing=missing, unsure=attached.unsure)
        return attached, missing

    def _attached(self, plan: Plan, draft: Draft, text: str, before: Attachment | None) -> Attached:
        if _may_have_been_sent(before, plan, self._way(draft)):
            return Attached("", written=False, unsure=True)
        return self.sink.attach(self.note(draft, plan.finding_id, text, before))

    def note(self, draft: Draft, finding_id: str, text: str, before: Attachment | None = None) -> Note:
        """The note as the sink gets it."""
        return Note(
            draft.target,
            MARKER,
            text,
            self.knowledge.page_url(finding_id),
            draft.place,
            draft.about,
            draft.revision,
            note_id=before.note_id if before else "",
            since=before.planned_at if before else self.now,
            only_if_there=draft.ends and not (before and before.note_id),
        )

    def _announced(self, draft: Draft, text: str) -> tuple[str, ...]:
        """What goes to those who follow the incident, where the sink does that; why it could not, or nothing."""
        if not isinstance(self.sink, Announcer):
            return ()
        head, about = text.partition("\n")[0], draft.about
        if about is None or about.event is Event.ENDED:
            failed = announce_end(self.engine, self.sink, draft.target, head, self.now)
        else:
            told = f"{head}\n{self.knowledge.page_url(about.finding_id)}".strip()
            failed = announce_verdict(self.engine, self.sink, draft.target, about.finding, told, self.now)
        return (failed,) if failed else ()

    def _outcome(self, draft: Draft, attached: Attached, finding_id: str, text: str, missing: str) -> Outcome:
        done, said = (
            (Done.WRITTEN, "the note was written") if attached.written else (Done.UNCHANGED, "the note stood there")
        )
        if attached.unsure:
            said = "the note may have been written: no answer came, and it is not sent twice"
        said = f"{said}, but {missing}" if missing else said
        return Outcome(self.sink.name, draft.target, done, said, finding_id, attached.note_id, text, missing=missing)


def _may_have_been_sent(before: Attachment | None, plan: Plan, way: Way) -> bool:
    """Whether exactly this was on its way when the program was killed, to where nobody can look it up."""
    same = before is not None and before.state == PENDING and before.text_sha256 == plan.text_sha256
    return same and not way.again
