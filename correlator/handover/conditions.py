"""How things stand: open incidents with what explains them, and the findings somebody has to know of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from correlator.evidence.words import headline, verdict_line
from correlator.handover.facts import Item, counted
from correlator.handover.gathering import Hit, gathered
from correlator.handover.known import Case, Known
from correlator.incident_matching import Explanation
from correlator.model import Incident
from correlator.store.findings import finding_id
from correlator.text.quantities import duration, moment, one_line, tenant_name

SHOWN: Final = 25
_LENGTH: Final = 500


def conditions(known: Known) -> Iterator[Item]:
    incidents = [_incident(known, incident, explanation) for incident, explanation in known.incidents]
    yield from counted(incidents, SHOWN, "open incidents", known.hidden_incidents)
    cases = [_outage(one) if isinstance(one, Hit) else _case(one) for one in gathered(known.cases)]
    yield from counted(cases, SHOWN, "findings", known.hidden)


def _incident(known: Known, incident: Incident, explanation: Explanation | None) -> Item:
    since = duration((known.now - incident.created_at).total_seconds())
    title = one_line(incident.title or "without a title", 160)
    why = _explained(explanation, known.hidden)
    text = f"Incident {incident.incident_id} ({title}), opened {moment(incident.created_at)}, open for {since}: {why}"
    link = f"/incidents/{incident.incident_id}"
    return Item(f"incident:{incident.incident_id}", one_line(text, _LENGTH), why, incident.tenant, link)


def _explained(explanation: Explanation | None, hidden: int) -> str:
    if explanation is None:
        return "none of the findings below explains it" if hidden else "no systemic finding explains it"
    finding = explanation.finding
    name = f"{finding.job} of {tenant_name(finding.tenant)} ({finding_id(finding.tenant, finding.job)})"
    return f"explained by {name}, as {explanation.how}"


def _case(case: Case) -> Item:
    state = case.life.state
    stands = f"; {state}" if state else ""
    since = f" since {moment(case.life.stood_since)}" if case.life.stood_since else ""
    gone = "" if case.holds else "; the last look no longer finds it"
    text = one_line(f"{case.name}: {verdict_line(case.finding)}{stands}{since}{gone}", _LENGTH)
    return Item(f"finding:{case.id}", text, f"{headline(case.finding)}{stands}{gone}", case.finding.tenant, case.link)


def _outage(hit: Hit) -> Item:
    text = one_line(f"{hit.name}; {hit.when}; {hit.state}", _LENGTH)
    jobs = ", ".join(case.finding.job for case in hit.cases)
    return Item(f"outage:{hit.key}", text, f"{jobs}; {hit.state}", hit.tenant, hit.link)
