"""Sources: what each one gave and when, what it cannot give, and how far it may still be asked."""

from __future__ import annotations

from typing import Any, TypeVar

from correlator.store.paging import Place
from correlator.store.sinks import SinkStatus, list_sinks
from correlator.text.times import micros
from web import reading
from web.access import Role, needs
from web.api.cursors import key_in, page_of
from web.api.facts import At
from web.api.kinds import Answer, DataAsOf, Next, Paged, Text
from web.api.models import data_as_of
from web.api.routes import get
from web.context import context
from web.errors import not_found

Kind = TypeVar("Kind", bound=Answer)


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


class JobWithoutNumbers(Answer, frozen=True, kw_only=True):
    """So many of the job's latest runs do not say which attempt they are."""

    job: str
    runs: int


class AttemptNumbers(Answer, frozen=True, kw_only=True):
    """Of the latest runs of a source's jobs: how many say which attempt they are, and the jobs that leave out most."""

    runs: int
    numbered: int
    without: list[JobWithoutNumbers]


class Source(Answer, frozen=True, kw_only=True):
    """`reached` is false where the last pull failed, `needs_person` true where it will go on failing until somebody
    does what `hint` says. `set_aside`: items that could not be used; `attempt_numbers`: null without runs."""

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
    attempt_numbers: AttemptNumbers | None


class JobOfTheScheduler(Answer, frozen=True, kw_only=True):
    """One run of a job of the scheduler. `state`: running, done or failed."""

    job: str
    state: str
    started_at: At
    seconds: float | None
    message: str


class Sources(Answer, frozen=True, kw_only=True):
    """Every source and sink, by name, and the latest runs of the scheduler's jobs, the newest first."""

    data_as_of: DataAsOf
    sources: list[Source]
    sinks: tuple[SinkStatus, ...]
    scheduler: list[JobOfTheScheduler]


class SetAside(Answer, frozen=True, kw_only=True):
    """An item that could not be used, why, and what the source sent."""

    item: str
    reason: str
    payload: str
    first_at: At
    last_at: At


class AsideReason(Answer, frozen=True, kw_only=True):
    """How many items were set aside for one reason, and one of them."""

    reason: str
    number: int
    first_at: At
    last_at: At
    example: str


class AsideAsked(Paged, frozen=True, kw_only=True):
    """Items of one reason."""

    reason: Text | None = None


class Aside(Answer, frozen=True, kw_only=True):
    """What was set aside of one source: all reasons, and the latest items, of one reason where it is given."""

    reasons: list[AsideReason]
    items: list[SetAside]
    next: Next


@get("/sources", tag="sources", answer=Sources)
@needs(Role.VIEWER, whole=True)
def sources() -> dict[str, Any]:
    """Every source that was asked or imported, every sink that is written to, and what the scheduler did."""
    engine = context().engine
    numbers = reading.attempt_numbers(engine)
    return {
        "data_as_of": data_as_of(),
        "sources": [
            {**one.to_dict(), "attempt_numbers": _numbers(numbers.get(one.name))}
            for one in reading.freshness(engine).sources
        ],
        "sinks": list_sinks(engine),
        "scheduler": [_as(JobOfTheScheduler, row) for row in reading.ledger_rows(engine)],
    }


def _numbers(found: reading.AttemptNumbers | None) -> AttemptNumbers | None:
    if found is None:
        return None
    without = [JobWithoutNumbers(job=job, runs=runs) for job, runs in found.without]
    return AttemptNumbers(runs=found.runs, numbered=found.numbered, without=without)


@get("/sources/<name>/set-aside", tag="sources", asked=AsideAsked, answer=Aside, errors=(404,))
@needs(Role.VIEWER, whole=True)
def set_aside(name: str, asked: AsideAsked) -> Aside:
    """What of a source could not be used: the reasons, and the latest items with what the source sent."""
    engine = context().engine
    if name not in {one.name for one in reading.freshness_in_short(engine).sources}:
        raise not_found(f"there is no source {name}")
    last = key_in(asked.after, Place)
    rows, following = page_of(reading.aside_items(engine, name, asked.reason, asked.limit + 1, last), asked.limit, _key)
    return Aside(
        reasons=[_as(AsideReason, one) for one in reading.aside_reasons(engine, name)],
        items=[_as(SetAside, one) for one in rows],
        next=following,
    )


def _key(item: reading.AsideItem) -> Place:
    return micros(item.last_at), item.item


def _as(kind: type[Kind], value: object) -> Kind:
    """The members of this type, out of a value that has them."""
    return kind(**{name: getattr(value, name) for name in kind.__struct_fields__})
