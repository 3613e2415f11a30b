"""What a handover is drafted from, out of the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.actions.states import State as ActionState
from correlator.handover.cases import read_cases, systemic_about
from correlator.handover.facts import Draft
from correlator.handover.known import Acted, Case, Known, Told
from correlator.incident_matching import Explanation, explain
from correlator.lifecycle.steps import PERSONS
from correlator.model import Finding, Incident
from correlator.store.actions import StepTaken, list_actions, steps_since
from correlator.store.customer_messages import StoredMessage, open_messages, sent_since
from correlator.store.finding_events import events_since
from correlator.store.handovers import StoredHandover, last_acknowledged
from correlator.store.incidents import list_incidents
from correlator.store.lookups import last_judged, newest_event
from correlator.store.service_jobs import jobs_by_service
from correlator.store.sources import list_sources

OPEN_WITHIN: Final = timedelta(days=30)
"""An incident that has been open for longer is nobody's of this shift."""
FIRST_LOOKS_BACK: Final = timedelta(hours=24)
"""How far back the first handover tells what was done."""
UPDATES_WITHIN: Final = timedelta(days=7)
MOST: Final = 50
MOST_STEPS: Final = 200


def read_known(
    engine: Engine, now: datetime, tenants: Collection[str] | None = None, before: int | None = None
) -> Known:
    """As the store has it, seen by those who see these tenants. `before`: the handover that is being written.

    Raises StoreError.
    """
    last = last_acknowledged(engine, tenants, before)
    since = (last.acknowledged_at if last else None) or now - FIRST_LOOKS_BACK
    cases, hidden = read_cases(engine)
    open_ = list_incidents(engine, now - OPEN_WITHIN, open_only=True)[::-1]
    return Known(
        now=now,
        data_as_of=newest_event(engine),
        looked_at=last_judged(engine),
        since=since,
        after=last.id if last else None,
        before=_draft(last),
        incidents=_incidents(engine, open_[:MOST], cases),
        hidden_incidents=len(open_[MOST:]),
        cases=cases,
        hidden=hidden,
        told=_told(engine, since),
        acted=_acted(engine, since),
        proposed=_proposed(engine),
        sent=_sent(engine, min(since, now - UPDATES_WITHIN), since),
        unsent=open_messages(engine),
        sources=list_sources(engine),
    )


def _draft(last: StoredHandover | None) -> Draft | None:
    return Draft.from_dict(last.last.facts) if last else None


def _incidents(
    engine: Engine, found: Sequence[Incident], cases: Sequence[Case]
) -> list[tuple[Incident, Explanation | None]]:
    """Each with what explains it."""
    missing = {one.job for one in found if one.job} - {case.finding.job for case in cases}
    held = [case.finding for case in [*cases, *systemic_about(engine, missing)] if case.holds]
    nameless = any(one.service and not one.job for one in found)
    of_service = jobs_by_service(engine, ((one.tenant, one.job) for one in held)) if nameless else {}
    return [(one, explain(one, _about(one, held, of_service), of_service)) for one in found]


def _about(incident: Incident, held: Sequence[Finding], of_service: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Those that may explain it, by the names of jobs alone."""
    names = {incident.job} if incident.job else of_service.get(incident.service or "", frozenset())
    return (one for one in held if one.job in names or (incident.job and one.root_job == incident.job))


def _told(engine: Engine, since: datetime) -> list[Told]:
    return [Told(event, job, tenant) for event, tenant, job in events_since(engine, PERSONS, since, MOST_STEPS)]


def _acted(engine: Engine, since: datetime) -> list[Acted]:
    return [Acted(action, step, tenant) for action, step, tenant in steps_since(engine, since, MOST_STEPS)]


def _proposed(engine: Engine) -> list[Acted]:
    """Actions that wait for a yes or no; of each the step that proposed it."""
    waiting = list_actions(engine, [ActionState.PROPOSED])[:MOST]
    return [Acted(one, StepTaken(one.id, 0, one.proposed_at, one.state, "", one.rule_id), "") for one in waiting]


def _sent(engine: Engine, earliest: datetime, since: datetime) -> list[StoredMessage]:
    """Messages sent since the last handover, and before it those that are the last about their finding."""
    found, newest = [], set()
    for message in sent_since(engine, earliest):
        last = message.finding_id not in newest
        newest.add(message.finding_id)
        if last or (message.sent_at and message.sent_at >= since):
            found.append(message)
    return found
