"""Incidents: the newest first, and one of them on its clock, with what explains it."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from correlator.model import Pair
from correlator.ports import IncidentRelation
from web import reading
from web.api.clock import LookedBack, MetricOnItsClock, looked_back, metric_told
from web.api.cursors import key_in, page_of
from web.api.facts import At, AttemptInShort, StoredIncident, attempt_in_short, stored_incident
from web.api.kinds import Answer, Asked, DataAsOf, Moment, Name, Next, Paged, Text
from web.api.life import EarlierChapter
from web.api.models import data_as_of
from web.api.routes import Link, get
from web.context import context
from web.errors import unprocessable
from web.incidents.words import status_update
from web.reading.incidents import Event, Stored, open_incidents
from web.reading.pages import IncidentKey, incidents_page
from web.views import incident as views


class IncidentsAsked(Paged, frozen=True, kw_only=True):
    """`tenant` (without a value: the unnamed tenant) narrows `job`, and stands with it alone. `state`: `open` gives
    those of the last 30 days that are not resolved, all at once."""

    state: Literal["all", "open"] = "all"
    job: Name | None = None
    tenant: Text | None = None


class Incidents(Answer, frozen=True, kw_only=True):
    """Incidents, the newest first."""

    data_as_of: DataAsOf
    incidents: list[StoredIncident]
    next: Next


class IncidentAsked(Asked, frozen=True, kw_only=True):
    """`source` tells apart incidents of two sources with one id. `lanes`: of which jobs attempts are given: those on
    the path that matters, or all up- and downstream of it. `from` and `to`: another stretch of up to seven days. `at`:
    looked back at from this moment, by the `clock` of what had `happened` by then, or of what could be `known` then."""

    source: Text | None = None
    lanes: Literal["path", "all"] = "path"
    start: Moment | None = field(default=None, name="from")
    end: Moment | None = field(default=None, name="to")
    at: Moment | None = None
    clock: Literal["happened", "known"] = "happened"


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
    """One incident with everything on one clock: `[start, end)`. `left_out`: attempts that are not given, in words;
    `silent`: jobs without an attempt in that time; `elsewhere`: so many events of other jobs."""

    data_as_of: DataAsOf
    incident: StoredIncident
    explained: Explained | None
    course: list[str]
    start: At | None
    end: At | None
    look_back: LookedBack
    attempts: list[AttemptInShort]
    left_out: str
    silent: list[str]
    metrics: list[MetricOnItsClock]
    events: list[ClockEvent]
    elsewhere: int
    pairs: list[Pair]
    related: list[Beside]
    before: list[StoredIncident]
    fixes: list[EarlierChapter]
    status_update: str


@get(
    "/incidents",
    tag="incidents",
    asked=IncidentsAsked,
    answer=Incidents,
    links=(Link("incident", {"incident_id": "incidents/0/incident_id"}),),
)
def incidents(asked: IncidentsAsked) -> Incidents:
    """Incidents, the newest first; `job`, and with it `tenant`, narrow them."""
    if asked.tenant is not None and asked.job is None:
        raise unprocessable("tenant: it needs a job beside it", "for example ?job=export_ads&tenant=tenant-01")
    if asked.state == "open":
        return _open(asked)
    last = key_in(asked.after, IncidentKey)
    found = incidents_page(context().engine, last, asked.limit + 1, asked.job, asked.tenant)
    rows, following = page_of(found, asked.limit, _key)
    return Incidents(data_as_of=data_as_of(), incidents=[stored_incident(row) for row in rows], next=following)


def _open(asked: IncidentsAsked) -> Incidents:
    """There are few, and all are given: where to go on there is none."""
    if asked.job is not None or asked.after is not None:
        raise unprocessable("state=open: it stands alone, without job and after")
    found = open_incidents(context().engine)[: asked.limit]
    return Incidents(data_as_of=data_as_of(), incidents=[stored_incident(row) for row in found], next=None)


def _key(row: Stored) -> IncidentKey:
    return row.incident.created_at, row.incident.incident_id, row.source


@get("/incidents/<path:incident_id>", tag="incidents", asked=IncidentAsked, answer=IncidentOnItsClock, errors=(404,))
def incident(incident_id: str, asked: IncidentAsked) -> IncidentOnItsClock:
    """One incident with what explains it, the attempts around it, its log, changes, and what was there before."""
    freshness = reading.freshness_in_short(context().engine)
    case = views.case_of(incident_id)
    page = views.page_of(case, freshness)
    window = page.scene.window if page.scene else None
    return IncidentOnItsClock(
        data_as_of=data_as_of(),
        incident=stored_incident(case.stored),
        explained=_explained(case),
        course=list(case.told.course),
        look_back=looked_back(page.back),
        start=window.start if window else None,
        end=window.end if window else None,
        attempts=[attempt_in_short(one) for one in (page.scene.attempts if page.scene else ())],
        left_out=page.scene.left_out if page.scene else "",
        silent=list(page.scene.silent) if page.scene else [],
        metrics=[metric_told(one) for one in (page.scene.lines if page.scene else ())],
        events=[_event(one) for one in page.events],
        elsewhere=page.elsewhere,
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
