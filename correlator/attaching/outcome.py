"""What became of the notes of one round."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from correlator.errors import SourceError


class Done(StrEnum):
    """What became of one incident, ticket or finding."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    NOTHING_SYSTEMIC = "nothing systemic"
    FAILED = "failed"
    WAITING = "waiting"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`target` is what the note stands on: an incident, a ticket, a finding. `said` is one sentence for people; `text`
    is what was written, where there is something; `missing` is what was to go with it and could not be done."""

    sink: str
    target: str
    done: Done
    said: str
    finding_id: str | None = None
    note_id: str | None = None
    text: str | None = None
    error: SourceError | None = None
    missing: str = ""


@dataclass(slots=True)
class AttachReport:
    """One sink after one round."""

    sink: str
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, done: Done) -> int:
        return sum(outcome.done is done for outcome in self.outcomes)

    @property
    def said(self) -> str:
        """One sentence: `2 notes written, 5 unchanged, 1 failed`."""
        parts = [f"{self.count(done)} {done}" for done in (Done.WRITTEN, Done.UNCHANGED, Done.FAILED)]
        if waiting := self.count(Done.WAITING):
            parts.append(f"{waiting} to be tried again later")
        missing = next((f"; {one.target}: {one.missing}" for one in self.outcomes if one.missing), "")
        without = f"{self.count(Done.NOTHING_SYSTEMIC)} incidents without a systemic finding"
        return f"notes: {', '.join(parts)}; {without}{missing}"
