"""What the store adds to a finding for its packet: sources, ages, deep links, and the runs behind the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from correlator import __version__
from correlator.evidence.aligned import AlignedRun, AttemptFacts, aligned_runs, pair_ids
from correlator.evidence.origins import links_and_arrivals
from correlator.evidence.parts.runs import SHOWN
from correlator.evidence.provenance import Provenance, SourceState
from correlator.lives.recurrence import earlier_sentences
from correlator.model import FAILURES, Attempt, Finding
from correlator.store.findings import StoredFinding
from rules.model import RuleMatch
from web import reading
from web.place import Place
from web.timeline import run_key


def rule_match(stored: StoredFinding) -> RuleMatch | None:
    """What the rule that matched said when the finding was stored."""
    rule = stored.document.get("rule")
    return RuleMatch.from_dict(rule) if rule else None


def provenance_of(place: Place, stored: StoredFinding, page_url: str) -> Provenance:
    """Sources as they stand now; links and arrivals of the runs that the pairs name."""
    state = reading.freshness(place.engine)
    links, arrivals = links_and_arrivals(place.engine, place.settings, stored.finding, shown_ids(stored.finding))
    return Provenance(
        as_of=as_of(stored),
        sources=tuple(
            SourceState(one.name, one.reached, one.last_good_pull, one.coverage, one.error) for one in state.sources
        ),
        program_version=__version__,
        first_raised_at=stored.first_raised_at,
        changed_at=stored.changed_at,
        previous_verdict=previous_verdict(stored),
        page_url=page_url,
        links=links,
        arrivals=arrivals,
        earlier=earlier_sentences(place.engine, stored),
    )


def as_of(stored: StoredFinding) -> datetime:
    """The end of the window the verdict rests on."""
    return stored.finding.window_end or stored.updated_at


def previous_verdict(stored: StoredFinding) -> str:
    """The verdict before the last change, or ""."""
    return stored.previous.verdict if stored.previous else ""


def shown_ids(finding: Finding) -> list[str]:
    """The runs of which a packet shows ids and times one by one."""
    return pair_ids(finding, SHOWN)


def aligned_of(place: Place, finding: Finding, provenance: Provenance) -> Sequence[AlignedRun]:
    """The pairs beside the attempts they are about."""
    return aligned_runs(finding, provenance, facts_by_run(reading.attempts_named(place.engine, shown_ids(finding))))


def facts_by_run(attempts: Sequence[Attempt]) -> dict[str, AttemptFacts]:
    """For each logical run its first failed attempt (else its first), how many there were and how the last ended."""
    groups: dict[tuple[str, str, str], list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda item: (item.started_at, item.attempt or 0, item.run_id)):
        groups.setdefault(run_key(attempt), []).append(attempt)
    return {name: _facts(group) for group in groups.values() for name in (_name(group),)}


def _name(group: Sequence[Attempt]) -> str:
    return group[0].logical_run_id or group[0].run_id


def _facts(group: Sequence[Attempt]) -> AttemptFacts:
    place, shown = next(((n, one) for n, one in enumerate(group, 1) if one.status in FAILURES), (1, group[0]))
    return AttemptFacts(
        run_id=shown.run_id,
        attempt=shown.attempt or place,
        attempts=len(group),
        ended=str(group[-1].status),
        started_at=group[0].started_at,
        host=shown.host or "",
    )
