"""What the store adds to a finding for its packet: sources, ages, deep links, and the runs behind the pairs.

The pages, the bundle and the command line ask it here, and without the numerical libraries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Engine

from correlator import __version__
from correlator.evidence.aligned import AlignedRun, AttemptFacts, aligned_runs, pair_ids, run_key
from correlator.evidence.origins import links_and_arrivals
from correlator.evidence.parts.runs import SHOWN
from correlator.evidence.provenance import Provenance, PutAsk, SourceState
from correlator.lifecycle.recurrence import Earlier, earlier_words, history_of, known_here
from correlator.model import FAILURES, Attempt, Finding
from correlator.settings import Settings
from correlator.store.findings import StoredFinding
from correlator.store.names import attempts_named, imported_sources
from correlator.store.sources import list_sources
from correlator.text.quantities import moment
from rules.matching import signatures_of
from rules.model import RuleMatch


def rule_match(stored: StoredFinding) -> RuleMatch | None:
    """What the rule that matched said when the finding was stored."""
    rule = stored.document.get("rule")
    return RuleMatch.from_dict(rule) if rule else None


def shown_ids(finding: Finding) -> list[str]:
    """The runs of which a packet shows ids and times one by one."""
    return pair_ids(finding, SHOWN)


def as_of(stored: StoredFinding) -> datetime:
    """The end of the window the verdict rests on."""
    return stored.finding.window_end or stored.updated_at


def provenance_of(
    engine: Engine,
    settings: Settings,
    stored: StoredFinding,
    names: Sequence[str],
    page_url: str = "",
    past: tuple[Earlier, ...] | None = None,
) -> Provenance:
    """Sources as they stand now; links and arrivals of these runs, as far as they were known when it was said. `past`
    is the finding's history, where it was read already.

    Raises StoreError.
    """
    links, arrivals = links_and_arrivals(engine, settings, stored.finding, names)
    return Provenance(
        as_of=as_of(stored),
        sources=tuple(sorted(_sources(engine), key=lambda source: source.name)),
        program_version=__version__,
        first_raised_at=stored.first_raised_at,
        changed_at=stored.changed_at,
        previous_verdict=stored.previous.verdict if stored.previous else "",
        page_url=page_url or own_address(settings, stored.id),
        links=links,
        arrivals={name: at for name, at in arrivals.items() if at <= stored.updated_at},
        earlier=tuple(earlier_words(one) for one in (history_of(engine, stored) if past is None else past)),
        put_ask=_put_ask(rule_match(stored)),
        known_here=_known_here(engine, stored),
        monitors=stored.finding.monitors,
    )


def _known_here(engine: Engine, stored: StoredFinding) -> str:
    match = rule_match(stored)
    shown = signatures_of(match.known_error, stored.finding) if match and match.known_error else ()
    return known_here(engine, stored, shown) if shown else ""


def _put_ask(match: RuleMatch | None) -> PutAsk | None:
    if match is None or match.edited is None:
        return None
    return PutAsk(match.ask, match.edited.by, datetime.fromisoformat(match.edited.at))


def own_address(settings: Settings, finding_id: str) -> str:
    """The finding's page below `web.base_url`; "" where that is not set."""
    base = str(settings["web.base_url"]).rstrip("/")
    return f"{base}/findings/{finding_id}" if base else ""


def _sources(engine: Engine) -> Iterator[SourceState]:
    asked = list_sources(engine)
    for one in asked:
        newest = f"newest event {moment(one.newest_event_at)}" if one.newest_event_at else ""
        yield SourceState(one.source, not one.error, one.last_good_at, newest, one.error)
    for name in sorted(set(imported_sources(engine)) - {one.source for one in asked}):
        yield SourceState(name, reached=True, coverage="imported")


def aligned_of(engine: Engine, finding: Finding, provenance: Provenance) -> Sequence[AlignedRun]:
    """The pairs beside the attempts they are about."""
    return aligned_runs(finding, provenance, facts_by_run(attempts_named(engine, shown_ids(finding))))


def facts_by_run(attempts: Sequence[Attempt]) -> dict[str, AttemptFacts]:
    """For each logical run its first failed attempt (else its first), how many there were and how the last ended."""
    groups: dict[tuple[str, str, str], list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda item: (item.started_at, item.attempt or 0, item.run_id)):
        groups.setdefault(run_key(attempt), []).append(attempt)
    return {group[0].logical_run_id or group[0].run_id: _facts(group) for group in groups.values()}


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
