"""How the sources stand, what was set aside, and what the scheduler did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select

from correlator.store.database import reading
from correlator.store.known_jobs import Reach, newest_by_source, reach_by_source
from correlator.store.ledger import JobRun, list_jobs
from correlator.store.lookups import last_judged
from correlator.store.names import imported_sources
from correlator.store.schema import findings
from correlator.store.sources import SourceStatus, count_set_aside, list_sources
from correlator.text.quantities import moment as utc_words
from correlator.text.quantities import plural
from web.freshness import Freshness, SourceView

LEDGER_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One run of one scheduled job; `tone` is ok, bad or busy."""

    job: str
    state: str
    tone: str
    started_at: datetime
    seconds: float | None
    message: str


def freshness(engine: Engine) -> Freshness:
    """All sources that were asked or imported, by name, and the last look at what they gave."""
    states = {state.source: state for state in list_sources(engine)}
    stored, asides = reach_by_source(engine), count_set_aside(engine)
    names = sorted(states.keys() | stored.keys())
    views = tuple(_view(name, states.get(name), stored.get(name), asides.get(name, 0)) for name in names)
    return Freshness(views, last_judged(engine))


def freshness_in_short(engine: Engine) -> Freshness:
    """What the top of a page says: without what is stored of each source and since when."""
    states = list_sources(engine)
    views = [_in_short(state) for state in states]
    imported = set(imported_sources(engine)) - {state.source for state in states}
    told = newest_by_source(engine, imported)
    views += [SourceView(name, True, known, newest) for name, (newest, known) in told.items()]
    return Freshness(tuple(sorted(views, key=lambda view: view.name)), last_judged(engine))


def _in_short(state: SourceStatus) -> SourceView:
    return SourceView(
        state.source,
        reached=not state.error,
        last_good_pull=state.last_good_at,
        newest_event=state.newest_event_at,
        error=state.error,
        hint=state.hint,
        failing_since=state.failing_since,
    )


def _view(name: str, state: SourceStatus | None, stored: Reach | None, aside: int) -> SourceView:
    view = _imported(name, state, stored, aside)
    if state is None:
        return view
    return replace(
        view,
        last_attempt=state.last_attempt_at,
        failing_since=state.failing_since,
        failures_in_a_row=state.failures_in_a_row,
        needs_person=bool(state.error) and state.permanent,
        requests=state.requests,
        notices=state.notices,
        limits=state.limits,
        clock_offset_seconds=state.clock_offset_seconds,
    )


def _imported(name: str, state: SourceStatus | None, stored: Reach | None, aside: int) -> SourceView:
    """What is known of any source, also of one that is no pull's."""
    newest = [at for at in (state and state.newest_event_at, stored and stored.newest) if at]
    return SourceView(
        name,
        reached=not (state and state.error),
        last_good_pull=state.last_good_at if state else stored.known if stored else None,
        newest_event=max(newest, default=None),
        coverage=f"runs since {stored.oldest:%Y-%m-%d %H:%M} UTC" if stored else "gives no runs",
        stored=_stored(stored, state),
        set_aside=aside,
        error=state.error if state else "",
        hint=state.hint if state else "",
    )


def _stored(stored: Reach | None, state: SourceStatus | None) -> str:
    if state is None:
        return f"runs from {utc_words(stored.oldest)} to {utc_words(stored.newest)}" if stored else ""
    new = ", ".join(plural(number, kind.removesuffix("s")) for kind, number in sorted(state.stored.items()) if number)
    return f"new or changed in the last pull: {new or 'nothing'}"


def ledger_rows(engine: Engine) -> tuple[LedgerRow, ...]:
    """The latest runs of the scheduler's jobs, newest first."""
    return tuple(_ledger_row(job) for job in list_jobs(engine, limit=LEDGER_SHOWN))


def _ledger_row(job: JobRun) -> LedgerRow:
    if job.finished_at is None:
        return LedgerRow(job.name, "running", "busy", job.started_at, None, job.detail)
    state, tone = ("done", "ok") if job.ok else ("failed", "bad")
    seconds = (job.finished_at - job.started_at).total_seconds()
    return LedgerRow(job.name, state, tone, job.started_at, seconds, job.detail)


def verdict_counts(engine: Engine) -> dict[str, int]:
    """How many findings hold now, by verdict."""
    held = select(findings.c.verdict, func.count()).where(findings.c.gone_at.is_(None)).group_by(findings.c.verdict)
    with reading(engine) as connection:
        return {verdict: number for verdict, number in connection.execute(held)}  # noqa: C416 rows are not pairs
