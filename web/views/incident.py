"""Incidents: those stored, and one of them on one clock with the jobs, attempts and events around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from correlator.evidence.charts.incident import Line
from correlator.evidence.known import rule_match
from correlator.incident_matching import explain
from correlator.lifecycle.recurrence import Earlier, history_of
from correlator.model import Dependency, Finding, Incident, Pair
from correlator.ports import IncidentRelation
from correlator.store.findings import StoredFinding, finding_id, get_finding
from correlator.store.incidents import relations_of
from web import reading
from web.context import context
from web.errors import not_found, unprocessable
from web.freshness import Freshness
from web.http.addresses import handed_on
from web.http.arguments import asked_choice, asked_moment, stamp
from web.incidents.clock_lines import Measured, lines_of
from web.incidents.looking_back import Stage, look
from web.incidents.scene import (
    WIDEST,
    Scene,
    Stand,
    Window,
    all_lanes,
    around_of,
    lanes_that_matter,
    nearby_attempts,
    reaches_into,
    scene_of,
    window_of,
)
from web.incidents.two_clocks import CLOCKS, LookBack, Then, pairs_so_far
from web.incidents.words import Told, course_of, pair_of, status_update
from web.reading.incidents import (
    INCIDENTS_SHOWN,
    Cursor,
    Event,
    Stored,
    earlier_of_job,
    incidents_before,
    incidents_named,
    jobs_of_service,
    open_incidents,
    systemic_findings,
)
from web.reading.paths import around, edges_of
from web.views.jobs import standing

pages: Final = Blueprint("incident", __name__)
LANES: Final = ("path", "all")
RELATIONS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class List:
    """`more`: the address's words for the next page, None on the last."""

    open: tuple[Stored, ...]
    rows: tuple[Stored, ...]
    more: dict[str, str] | None
    first: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one incident before anything is drawn."""

    stored: Stored
    told: Told
    finding: StoredFinding | None
    tenant: str
    edges: tuple[Dependency, ...]
    matter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """What the vendor lays beside it, and the incident itself where it is stored."""

    relation: IncidentRelation
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Page:
    case: Case
    lanes: str
    scene: Scene | None
    back: LookBack
    events: tuple[Event, ...]
    elsewhere: int
    pairs: tuple[Pair, ...]
    related: tuple[Related, ...]
    before: tuple[Stored, ...]
    fixes: tuple[Earlier, ...]
    widest: dict[str, str] | None

    @property
    def incident(self) -> Incident:
        return self.case.stored.incident


@pages.get("/incidents")
def index() -> str:
    engine, before = context().engine, asked_moment("before")
    cursor = Cursor(before, request.args.get("id", "")) if before else None
    found = incidents_before(engine, cursor)
    rows, more = tuple(found[:INCIDENTS_SHOWN]), None
    if len(found) > INCIDENTS_SHOWN:
        last = rows[-1].incident
        more = {"before": stamp(last.created_at), "id": last.incident_id}
    page = List(() if cursor else tuple(open_incidents(engine)), rows, more, cursor is None)
    return render_template("incidents.html", page=page, freshness=reading.freshness_in_short(engine))


@pages.get("/incidents/<path:incident_id>")
def show(incident_id: str) -> str:
    state = reading.freshness_in_short(context().engine)
    return render_template("incident.html", page=page_of(case_of(incident_id), state), freshness=state)


@pages.get("/incidents/<path:incident_id>/status.txt")
def status(incident_id: str) -> Response:
    """The incident as a status update, for a chat or a status page."""
    state, case = reading.freshness_in_short(context().engine), case_of(incident_id)
    return Response(status_update(case.told, state, page_url(case.stored)), content_type="text/plain; charset=utf-8")


@pages.get("/incidents/<path:incident_id>/chart.json")
def chart(incident_id: str) -> Response:
    """The picture's definition, with the same words in the address as the page."""
    page = page_of(case_of(incident_id), reading.freshness_in_short(context().engine))
    if page.scene is None:
        raise not_found("nothing is stored that could be drawn", "the page says what is missing")
    return jsonify(page.scene.timeline.picture.definition())


def page_url(stored: Stored) -> str:
    """The address others can use."""
    incident_id, source = stored.incident.incident_id, request.args.get("source")
    return handed_on(url_for("incident.show", incident_id=incident_id, source=source))


def case_of(incident_id: str) -> Case:
    """Raises RefusedError (404) for an incident that is not stored."""
    engine = context().engine
    found = incidents_named(engine, [incident_id], request.args.get("source"))
    if not found:
        raise not_found(f"there is no incident {incident_id}", "it may not have been pulled yet; see the sources")
    incident = found[0].incident
    edges = edges_of(engine, incident.tenant)
    of_service = frozenset[str]() if incident.job else jobs_of_service(engine, incident)
    explanation = explain(incident, _candidates(incident, edges, of_service), {incident.service or "": of_service})
    pair = pair_of(explanation) if explanation else None
    finding = _finding(incident, explanation.finding if explanation else None)
    tenant = finding.finding.tenant if finding else incident.tenant
    matter = lanes_that_matter(incident, explanation.finding if explanation else None, edges, of_service)
    attempts = nearby_attempts(engine, tenant, matter, window_of(incident, pair, (), None))
    told = Told(
        incident,
        explanation,
        pair,
        standing(finding) if explanation is None else None,
        rule_match(finding) if finding and explanation else None,
        tuple(course_of(incident, explanation, pair, attempts)),
    )
    return Case(found[0], told, finding, tenant, edges, matter)


def _candidates(incident: Incident, edges: Sequence[Dependency], of_service: frozenset[str]) -> list[Finding]:
    """Systemic findings about the incident's job, about what is downstream of it, or about its service's jobs."""
    jobs = sorted(of_service)
    if incident.job:
        jobs = [incident.job, *(step.job for step in around(edges, (incident.job,)).downstream)]
    return systemic_findings(context().engine, jobs, incident.tenant) if jobs else []


def _finding(incident: Incident, explaining: Finding | None) -> StoredFinding | None:
    """What explains it; else what stands about its own job."""
    if explaining is not None:
        return get_finding(context().engine, finding_id(explaining.tenant, explaining.job))
    return get_finding(context().engine, finding_id(incident.tenant, incident.job)) if incident.job else None


def page_of(case: Case, state: Freshness) -> Page:
    engine, lanes, then = context().engine, asked_choice("lanes", LANES), asked_then()
    shown = all_lanes(case.matter, case.edges) if lanes == "all" else case.matter
    window = _window(case, shown, state.newest_event)
    longer = around_of(window)
    attempts = nearby_attempts(engine, case.tenant, shown, longer)
    stage = Stage(case.stored, case.tenant, tuple(shown), window, longer, case.finding.id if case.finding else None)
    sight = look(engine, stage, attempts, asked_choice("clock", CLOCKS), then)
    ours = tuple(one for one in sight.events if lanes == "all" or not one.job or one.job in shown)
    explanation = case.told.explanation
    now = [one for one in (explanation.finding.pairs if explanation else ()) if _within(one, window)]
    pairs = tuple(one for one in pairs_so_far(now, sight.back.said, then) if _within(one, window))
    stand = Stand(pairs, ours, _lines(case, longer, then), _root(case), then.at if then else None, longer)
    seen = any(reaches_into(one, window) for one in attempts)
    return Page(
        case=case,
        lanes=lanes,
        scene=scene_of(shown, sight.attempts, window, stand) if seen or stand.lines else None,
        back=sight.back,
        events=ours,
        elsewhere=len(sight.events) - len(ours),
        pairs=pairs,
        related=_related(case.stored),
        before=tuple(earlier_of_job(engine, case.stored.incident)),
        fixes=history_of(engine, case.finding) if case.finding else (),
        widest=_wider(window),
    )


def _root(case: Case) -> str | None:
    return case.finding.finding.root_job if case.finding else None


def _lines(case: Case, longer: Window, then: Then | None) -> tuple[Line, ...]:
    """The metrics of the root and of the job that failed."""
    failed = case.told.incident.job or (case.finding.finding.job if case.finding else None)
    jobs = tuple(dict.fromkeys(job for job in (_root(case), failed) if job))
    finding = case.told.explanation.finding if case.told.explanation else None
    return lines_of(context().engine, Measured(case.tenant, jobs, finding), longer, then)


def asked_then() -> Then | None:
    """The moment in `?at=` by the clock in `?clock=`; None for now. Raises RefusedError (422)."""
    at, clock = asked_moment("at"), asked_choice("clock", CLOCKS)
    return Then(at, clock) if at else None


def _window(case: Case, lanes: Sequence[str], known: datetime | None) -> Window:
    """The stretch the address asks for, else the one that shows how it came about."""
    engine, told = context().engine, case.told
    start, end = asked_moment("from"), asked_moment("to")
    if start and end:
        if not timedelta(0) < end - start <= WIDEST:
            raise unprocessable("from and to: the stretch must be one of up to seven days, from before to")
        return Window(start, end)
    attempts = nearby_attempts(engine, case.tenant, lanes, window_of(told.incident, told.pair, (), known))
    return window_of(told.incident, told.pair, attempts, known)


def _within(pair: Pair, window: Window) -> bool:
    return pair.failed_at is not None and window.start <= pair.failed_at <= window.end


def _wider(window: Window) -> dict[str, str] | None:
    """The address's words for a stretch three times as long; None where that is too long."""
    span = window.end - window.start
    if 3 * span > WIDEST:
        return None
    return {"from": stamp(window.start - span), "to": stamp(window.end + span)}


def _related(stored: Stored) -> tuple[Related, ...]:
    relations = relations_of(context().engine, stored.incident.incident_id)[:RELATIONS_SHOWN]
    names = sorted({one.other_id for one in relations})
    found = incidents_named(context().engine, names, stored.source) if names else []
    known = {one.incident.incident_id: one for one in found}
    return tuple(Related(one, known.get(one.other_id)) for one in relations)
