"""What a message may be made of: the customer's own runs and times, and what stands about them. No text of a source is
among it: no error, host, job or id comes from here into a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from correlator.model import Cause, HourSpan, Verdict
from correlator.model.documents import from_document
from correlator.model.json_ready import plain


@dataclass(frozen=True, slots=True)
class Hit:
    """One run that failed at its first try. `key`: by which it is known again, never shown; `done_at`: when it
    finished, `later`: when another run finished first, where it is not known which tries belong together."""

    key: str
    due_at: datetime
    failed_at: datetime
    done_at: datetime | None = None
    later: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """`runs`: how many runs there were from `since` to `until`; `hits`: those that failed first, oldest first.
    `state`: where the finding stands in its life, "" where nobody took it up; `changed_at`: since when it is claimed to
    be fixed; `clean`: how many runs passed at once since then."""

    finding_id: str
    tenant: str
    verdict: Verdict
    cause: Cause
    since: datetime | None
    until: datetime | None
    data_as_of: datetime | None
    runs: int = 0
    hits: tuple[Hit, ...] = ()
    onset: datetime | None = None
    hours: HourSpan | None = None
    outages: tuple[datetime, ...] = ()
    state: str = ""
    changed_at: datetime | None = None
    clean: int = 0

    @property
    def undone(self) -> tuple[Hit, ...]:
        """Runs hit that have not finished."""
        return tuple(hit for hit in self.hits if hit.done_at is None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        document: dict[str, Any] = plain(self)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Facts:
        """The inverse of `to_dict`."""
        return from_document(cls, document, "facts")
