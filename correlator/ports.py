"""The seams between the program and the outside, as small protocols.

A source gives pages: facts, the raw answers they came from, what could not be mapped, and where to go on from. The
puller stores a page and its position in one transaction, so a kill between two pages loses and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from correlator.model import Attempt, Change, Dependency, Finding, Incident, MetricPoint, MonitorTransition


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """A line of an incident's own log, or one of its alerts; kind is `log_entry` or `alert`."""

    entry_id: str
    incident_id: str
    kind: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the paging tool knows it; `depends_on` are ids of services it needs.

    kind: `technical`, `business`.
    """

    service_id: str
    name: str
    depends_on: tuple[str, ...] = ()
    url: str | None = None
    kind: str = "technical"


@dataclass(frozen=True, slots=True)
class IncidentRelation:
    """What the vendor lays beside an incident: `related` is going on elsewhere, `past` looked alike on this service.

    `reason` says in words why; `score` is the vendor's own measure of likeness, where it gives one.
    """

    incident_id: str
    kind: str
    other_id: str
    at: datetime | None = None
    title: str | None = None
    reason: str = ""
    score: float | None = None


Fact = (
    Attempt
    | MetricPoint
    | Change
    | MonitorTransition
    | Incident
    | IncidentEntry
    | IncidentRelation
    | Service
    | Dependency
)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One item of a vendor's answer, as it came: what a finding may quote.

    `fact_id` is the id of the fact made from it (run_id, incident_id, change_id); `request` says how to ask again.
    """

    fact_id: str
    request: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item that could not be mapped, with its payload and the reason."""

    item_id: str
    reason: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a vendor's last answer said of one of its limits; None where it said nothing."""

    name: str
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One stored step of a pull. `position` is where the stream's watermark stands once this page is stored:
    an opaque JSON object the source gave and gets back; `done` marks the last page of this pull.

    `notices` are sentences on what is missing or done with less ("related incidents need another plan"), to be said
    in every pull they hold for; `limits` is what the last answer said; `clock_offset_seconds` is the vendor's clock
    minus ours. A source about to raise may first give an empty page, with the position it was given, that says them.
    `lists_all_edges` says that the edges among the facts are all this source has: others of it end.
    """

    stream: str
    facts: tuple[Fact, ...]
    position: dict[str, Any]
    raw: tuple[RawAnswer, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    requests: int = 1
    done: bool = False
    notices: tuple[str, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    clock_offset_seconds: float | None = None
    lists_all_edges: bool = False


@dataclass(frozen=True, slots=True)
class Interest:
    """What the rest of the program wants measured: metrics of this job around this time."""

    tenant: str
    job: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class PullWindow:
    """`[since, until)`; `since` None means: from the stream's own position, or the source's first-pull default.

    `interests` tells streams of metrics what to read: nothing where it is empty, all they can where it is None, as
    nobody worked it out. `incidents` are ids that a webhook told of: to be read wherever they lie in time.
    """

    until: datetime
    since: datetime | None = None
    interests: tuple[Interest, ...] | None = None
    incidents: tuple[str, ...] = ()


class Source(Protocol):
    """Where facts come from. `streams` are pulled one after the other, each with a watermark of its own."""

    name: str
    streams: tuple[str, ...]

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays stored."""


class Asker(Protocol):
    """A connection over which an item that is quoted can be asked for once more."""

    def again(self, request: str, body: Any) -> Any:
        """The item as the source gives it now, None when it has it no more; `request` and `body` are as quoted.

        Raises InputError for a request that this source never makes, SourceError when it cannot be asked."""


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


class Found(StrEnum):
    """What a probe came back with; `unknown` when nobody could be asked."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether one thing that a kind of source or sink stands on is there.

    `permission` is the vendor's name of what the key must be allowed; `said` is what was found, `without` what does
    not work while it is missing; `needed` is False for what can be done without.
    """

    name: str
    found: Found
    permission: str = ""
    said: str = ""
    without: str = ""
    hint: str = ""
    needed: bool = True

    @property
    def fails(self) -> bool:
        """Whether somebody has to do something before the source works."""
        return self.needed and self.found is not Found.OK


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


@dataclass(slots=True)
class PullReport:
    """What one pull of one source did. `permanent`: the error stays until a person does something about it."""

    source: str
    requests: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    set_aside: int = 0
    error: str | None = None
    hint: str | None = None
    permanent: bool = False
    notices: tuple[str, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    clock_offset_seconds: float | None = None
