"""A story: a platform set up at a start, played from there to any end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from correlator.errors import UsageError
from correlator.model import Attempt, Dependency, iso
from correlator.simulation.clock import to_datetime, to_millis
from correlator.simulation.history import History
from correlator.simulation.platform import Case, Platform
from correlator.simulation.randomness import stream
from correlator.simulation.runs import Blame, simulate_tenant
from correlator.simulation.surroundings import deploys, incidents, metric_points

START: Final = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Story:
    """`build(seed, start)` sets the platform up; `start` is in ms and nothing may depend on the end."""

    name: str
    summary: str
    build: Callable[[int, int], Platform]
    days: int = 28
    start: datetime = START


@dataclass(frozen=True)
class Told:
    """A story played in `[start, end)`: the history as known at `end`, and the truth about it."""

    history: History
    truth: dict[str, Any]


def tell(story: Story, seed: int, start: datetime, end: datetime, beyond: datetime | None = None) -> Told:
    """Play a story. The same story, seed and start give the same history up to any end.

    With `beyond`, the history goes on until then, and nothing is cut at `end`: for showing it in real time. Raises
    UsageError when the end is not after the start.
    """
    if end <= start:
        raise UsageError(f"a story must end after it starts: {iso(start)} to {iso(end)}")
    named_seed = int(stream(seed, story.name).integers(2**62))
    platform = story.build(named_seed, to_millis(start))
    last = to_millis(beyond or end)
    attempts: list[Attempt] = []
    blames: dict[tuple[str, str], dict[str, Blame]] = {}
    for tenant in platform.tenants:
        made = simulate_tenant(tenant, named_seed, to_millis(start), last)
        attempts += made.attempts
        blames |= {(tenant.name, job): blame for job, blame in made.blames.items()}
    whole = _history(platform, named_seed, attempts, to_millis(start), last)
    known = whole.until(end)
    return Told(whole if beyond else known, _truth(story, seed, platform, known, blames, start, end))


def _history(platform: Platform, seed: int, attempts: list[Attempt], start: int, end: int) -> History:
    tenants = platform.tenants
    changes = [item for item in platform.changes if start <= to_millis(item.at) < end]
    changes += [item for tenant in tenants for item in deploys(tenant, seed, start, end)]
    metrics = [point for tenant in tenants for point in metric_points(tenant, seed, start, end)]
    edges = {(up, job.name) for tenant in tenants for job in tenant.jobs for up in job.upstreams}
    history = History(
        attempts=tuple(sorted(attempts, key=lambda item: (item.started_at, item.run_id))),
        metrics=tuple(sorted(metrics, key=lambda p: (p.at, p.tenant, p.job or "", p.metric))),
        changes=tuple(sorted(changes, key=lambda item: (item.at, item.change_id))),
        incidents=tuple(
            sorted(incidents(attempts, platform.paged, seed), key=lambda item: (item.created_at, item.incident_id))
        ),
        dependencies=tuple(Dependency(up, down) for up, down in sorted(edges)),
    )
    return history.until(to_datetime(end))


def _truth(
    story: Story,
    seed: int,
    platform: Platform,
    known: History,
    blames: dict[tuple[str, str], dict[str, Blame]],
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    failed = {item.logical_run_id for item in known.attempts if item.attempt == 1 and item.error is not None}
    cases = [_case(case, blames[case.tenant, case.job], failed, start, end) for case in platform.cases]
    return {"story": story.name, "summary": story.summary, "seed": seed, "cases": cases}


def _case(
    case: Case, blames: dict[str, Blame], failed: set[str | None], start: datetime, end: datetime
) -> dict[str, Any]:
    """One case as `truth.json` has it; `failures` gives (what went wrong, in which job it began) by failed run."""
    seen = {run: blame for run, blame in blames.items() if run in failed}
    of_cause = [run for run, blame in seen.items() if case.is_of_cause(*blame)]
    return {
        "tenant": case.tenant,
        "job": case.job,
        "mechanism": case.mechanism,
        "verdicts": list(case.verdicts),
        "causes": list(case.causes),
        "root_job": _main_root(case, [seen[run] for run in of_cause]),
        "root_jobs": _roots(case),
        "onset": iso(to_datetime(case.onset)) if case.onset is not None else None,
        "start": iso(start),
        "end": iso(end),
        "note": case.note,
        "failures": {run: list(blame) for run, blame in seen.items()},
        "of_cause": of_cause,
    }


def _roots(case: Case) -> list[str]:
    """Every job that may be named as the root."""
    return list(case.began_in) if case.root_job in case.began_in else [case.root_job] if case.root_job else []


def _main_root(case: Case, blames: list[Blame]) -> str | None:
    """Of several roots that take turns, the one with the most failures."""
    began = Counter(job for _, job in blames if job in _roots(case))
    return began.most_common(1)[0][0] if began else case.root_job


def default_window(
    story: Story, start: datetime | None, until: datetime | None, days: int | None
) -> tuple[datetime, datetime]:
    """Start and end from what was given of the two and a length in days; the story's own where nothing was."""
    length = timedelta(days=days if days is not None else story.days)
    if start is None:
        start = until - length if until is not None else story.start
    return start, until if until is not None else start + length
