"""Incidents: the newest first, and one of them on its clock, with what explains it."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from correlator.model import Pair
from correlator.ports import IncidentRelation
from web import reading
from web.api.cursors import key_in, page_of
from web.api.facts import At, AttemptInShort, StoredIncident, attempt_in_short, stored_incident
from web.api.kinds import Answer, Asked, DataAsOf, Moment, Name, Next, Paged, Text
from web.api.life import EarlierChapter
from web.api.models import data_as_of
from web.api.routes import get
from web.errors import unprocessable
from web.incident_words import status_update
from web.place import place
from web.reading.incidents import Event, Stored
from web.reading.pages import IncidentKey, incidents_page
from web.views import incident as views


class IncidentsAsked(Paged, frozen=True, kw_only=True):
    """`tenant` (without a value: the unnamed tenant) narrows `job`, and stands with it alone."""

    job: Name | None = None
    tenant: Text | None = None


class Incidents(Answer, frozen=True, kw_only=True):
    """Incidents, the newest first."""

    data_as_of: DataAsOf
    incidents: list[StoredIncident]
    next: Next


class IncidentAsked(Asked, frozen=True, kw_only=True):
    """`source` tells apart incidents of two sources with one id. `lanes`: of which jobs attempts are given: those on
    the path that matters, or all up- and downstream of it. `from` and `to`: another stretch of up to seven days."""

    source: Text | None = None
    lanes: Literal["path", "all"] = "path"
    start: Moment | None = field(default=None, name="from")
    end: Moment | None = field(default=None, name="to")


class Explained(Answer, frozen=True, kw_only=True):
    """The finding that explains it, how the two belong together, and the failure nearest to its beginning."""

    finding_id: str
    how: str
    failed_at: At
    pair: Pair | None


class ClockEvent(Answer, frozen=True, kw_only=True):
    """Something on the incident's clock: opened, resolved, a log entry, an alert, a change, a monitor's change."""

    at: At
    kind: str
    text: str
    source: str
    job: str


class Beside(Answer, frozen=True, kw_only=True):
    """What the vendor lays beside it; `incident` where that is stored here."""

    relation: IncidentRelation
    incident: StoredIncident | None


class IncidentOnItsClock(Answer, frozen=True, kw_only=True):
    """One incident with everything on one clock: `[start, end)`."""

    data_as_of: DataAsOf
    incident: StoredIncident
    explained: Explained | None
    course: list[str]
    start: At | None
    end: At | None
    attempts: list[AttemptInShort]
    left_out: str
    events: list[ClockEvent]
    pairs: list[Pair]
    related: list[Beside]
    before: list[StoredIncident]
    fixes: list[EarlierChapter]
    status_update: str


@get("/incidents", tag="incidents", asked=IncidentsAsked, answer=Incidents)
def incidents(asked: IncidentsAsked) -> Incidents:
    """Incidents, the newest first; `job`, and with it `tenant`, narrow them."""
    if asked.tenant is not None and asked.job is None:
        raise unprocessable("tenant: it needs a job beside it", "for example ?job=export_ads&tenant=tenant-01")
    last = key_in(asked.after, IncidentKey)
    found = incidents_page(place().engine, last, asked.limit + 1, asked.job, asked.tenant)
    rows, following = page_of(found, asked.limit, _key)
    return Incidents(data_as_of=data_as_of(), incidents=[stored_incident(row) for row in rows], next=following)


def _key(row: Stored) -> IncidentKey:
    return row.incident.created_at, row.incident.incident_id, row.source


@get("/incidents/<path:incident_id>", tag="incidents", asked=IncidentAsked, answer=IncidentOnItsClock, errors=(404,))
def incident(incident_id: str, asked: IncidentAsked) -> IncidentOnItsClock:
    """One incident with what explains it, the attempts around it, its log, changes, and what was there before."""
    freshness = reading.freshness_in_short(place().engine)
    case = views.case_of(incident_id)
    page = views.page_of(case, freshness)
    window = page.scene.window if page.scene else None
    return IncidentOnItsClock(
        data_as_of=data_as_of(),
        incident=stored_incident(case.stored),
        explained=_explained(case),
        course=list(case.told.course),
        start=window.start if window else None,
        end=window.end if window else None,
        attempts=[attempt_in_short(one) for one in (page.scene.attempts if page.scene else ())],
        left_out=page.scene.left_out if page.scene else "",
        events=[
            ClockEvent(at=one.at, kind=one.kind, text=one.text, source=one.source, job=one.job) for one in page.events
        ],
        pairs=list(page.pairs),
        related=[_beside(one) for one in page.related],
        before=[stored_incident(one) for one in page.before],
        fixes=[EarlierChapter(**one.to_dict()) for one in page.fixes],
        status_update=status_update(case.told, freshness, views.page_url(case.stored)),
    )


def _explained(case: views.Case) -> Explained | None:
    explanation = case.told.explanation
    if explanation is None or case.finding is None:
        return None
    return Explained(
        finding_id=case.finding.id, how=explanation.how, failed_at=explanation.failed_at, pair=case.told.pair
    )


def _event(one: Event) -> ClockEvent:
    return ClockEvent(at=one.at, kind=one.kind, text=one.text, source=one.source, job=one.job)


def _beside(one: views.Related) -> Beside:
    return Beside(relation=one.relation, incident=stored_incident(one.stored) if one.stored else None)
