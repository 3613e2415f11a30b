"""Where evidence goes: a note on an incident, a ticket or about a finding alone, and what sinks can do beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from correlator.model import Finding, Incident


class Place(StrEnum):
    """What a note stands on, and who knows of it: an incident that was pulled, an incident or a ticket that the sink
    itself finds, or the finding alone (a message, a delivery, an event)."""

    INCIDENT = "incident"
    INCIDENT_FOUND = "incident found"
    TICKET = "ticket"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class Way:
    """How notes of a sink are written. `in_place`: an update replaces what stood there; otherwise each one is one more,
    so that only another verdict is news. `again`: what may have been written can be looked up, or known by its id, so
    that it may be tried again."""

    in_place: bool = True
    again: bool = True


class Event(StrEnum):
    """What there is to tell of a finding: systemic for the first time, systemic otherwise than before, no more."""

    RAISED = "raised"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class About:
    """What a note tells, for sinks that say more than its text. `at`: since when it is so; `incidents`: the open ones
    the finding explains."""

    finding_id: str
    event: Event
    finding: Finding
    at: datetime
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What is to stand on `target`. `marker` is how a line of the text begins by which the note is found again; `link`
    leads to the finding's page, "" where there is none.

    `revision` stays the same for as long as it is no news (see `Way`); `note_id` is where the note stood before, ""
    when that is not known; `since` is when a note for this target was first to be written. `only_if_there`: it takes
    back what may never have been written, so that nothing is to be said where nothing stands.
    """

    target: str
    marker: str
    text: str
    link: str = ""
    place: Place = Place.INCIDENT
    about: About | None = None
    revision: str = ""
    note_id: str = ""
    since: datetime | None = None
    only_if_there: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """Where the note stands now; `written` is False when it already said exactly this.

    `failures` are sentences on what was to go with the note and could not be done; it is tried again. `unsure`: no
    answer came, and nobody can look whether it stands there.
    """

    note_id: str
    written: bool
    failures: tuple[str, ...] = ()
    unsure: bool = False


class Sink(Protocol):
    """Where evidence goes. `ways` says on what its notes stand, and how they are written."""

    name: str
    ways: Mapping[Place, Way]

    def attach(self, note: Note) -> Attached:
        """Write the note, or update the one that carries its marker. Safe to call again after a lost answer where the
        place's way says `again`. Raises SourceError."""


@runtime_checkable
class Renderer(Protocol):
    """A sink that writes something else than the text of a note."""

    def rendered(self, note: Note) -> str:
        """What would be written, for people to look at."""


@runtime_checkable
class IncidentFinder(Protocol):
    """A sink for `Place.INCIDENT_FOUND`."""

    def open_incidents(self) -> Sequence[Incident]:
        """The incidents that are open there now. Raises SourceError."""


@runtime_checkable
class TicketFinder(Protocol):
    """A sink for `Place.TICKET`."""

    def tickets(self, subjects: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """`subjects`: ids of findings, each with the ids of the incidents it explains. Gives the tickets that are not
        solved and name one of them, each with its one finding. Raises SourceError."""


@runtime_checkable
class Announcer(Protocol):
    """A sink that also tells those who follow an incident, in one message. What is told cannot be taken back."""

    def announce(self, incident_id: str, text: str) -> bool:
        """Tell it once; False when no answer came, so that it may have been told.

        Raises SourceError when it was not.
        """
