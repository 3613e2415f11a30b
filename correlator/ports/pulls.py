"""Where facts come from: a source gives pages, and each page says where the next pull goes on from.

The puller stores a page and its position in one transaction, so a kill between two pages loses and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from correlator.ports.facts import Fact


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


class Asker(Protocol):
    """A connection over which an item that is quoted can be asked for once more."""

    def refetch(self, request: str, body: Any) -> Any:
        """The item as the source gives it now, None when it has it no more; `request` and `body` are as quoted.

        Raises InputError for a request that this source never makes, SourceError when it cannot be asked."""
