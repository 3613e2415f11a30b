"""Sources: what each one gave and when, what it cannot give, and how far it may still be asked."""

from __future__ import annotations

from typing import Any

from web import reading
from web.access import Role, needs
from web.api.facts import At
from web.api.kinds import Answer, DataAsOf
from web.api.models import data_as_of
from web.api.routes import get
from web.place import place


class SourceNotice(Answer, frozen=True, kw_only=True):
    """Something the source cannot give, or gives less of, and since when that is known."""

    text: str
    since: At


class SourceLimit(Answer, frozen=True, kw_only=True):
    """What the source lets us ask, as its last answer told it."""

    name: str
    limit: int | None
    remaining: int | None
    resets_at: At | None


class Source(Answer, frozen=True, kw_only=True):
    """`reached` is false where the last pull failed, `needs_person` true where it will go on failing until somebody
    does what `hint` says. `set_aside`: items that could not be used."""

    name: str
    reached: bool
    last_good_pull: At | None
    newest_event: At | None
    coverage: str
    stored: str
    set_aside: int
    error: str | None
    hint: str | None
    failing_since: At | None
    failures_in_a_row: int
    needs_person: bool
    notices: list[SourceNotice]
    limits: list[SourceLimit]
    clock_offset_seconds: float | None


class Sources(Answer, frozen=True, kw_only=True):
    data_as_of: DataAsOf
    sources: list[Source]


@get("/sources", tag="sources", answer=Sources)
@needs(Role.VIEWER, whole=True)
def sources() -> dict[str, Any]:
    """Every source that was asked or imported, by name."""
    found = reading.freshness(place().engine).sources
    return {"data_as_of": data_as_of(), "sources": [one.to_dict() for one in found]}
