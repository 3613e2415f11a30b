"""Laws that hold whatever the history: what must change nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correlator.engine import analyze
from correlator.model import Cause, Finding, Verdict
from correlator.simulation.history import History
from tests.engine.build import cut, findings, tables_of_history
from tests.engine.worlds import JOBS, TENANTS, Recipe, make, recipes

FEW = settings(max_examples=12, deadline=None, derandomize=True)
WEEK = timedelta(days=7)
ASK = Recipe(7, 60, 7, 2, ((0, 1), (1, 3)), 0.15, 1.0, 2, "logical ids", False)
"""One recipe that surely has upstream causes and outages in it."""


def documents(history: History, as_of: datetime | None = None) -> list[dict[str, Any]]:
    return [finding.to_dict() for finding in analyze(tables_of_history(history), as_of).findings]


def each(history: History, change: Callable[[Any], Any]) -> History:
    """The history with every attempt, point, change and incident replaced."""
    return History(
        attempts=tuple(map(change, history.attempts)),
        metrics=tuple(map(change, history.metrics)),
        changes=tuple(map(change, history.changes)),
        incidents=tuple(map(change, history.incidents)),
        dependencies=history.dependencies,
    )


def shifted(history: History, by: timedelta) -> History:
    def moved(item: Any) -> Any:
        times = {name: getattr(item, name) for name in item.__dataclass_fields__}
        return replace(item, **{name: value + by for name, value in times.items() if isinstance(value, datetime)})

    return each(history, moved)


def moved_back(value: Any, by: timedelta) -> Any:
    """A document with every time in it set back."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value) - by
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: moved_back(item, by) for key, item in value.items()}
    return [moved_back(item, by) for item in value] if isinstance(value, list) else value


def alike(one: Any, other: Any) -> bool:
    """Equal up to the last digits, which depend on the order in which strata are added up."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == pytest.approx(other, rel=1e-9) if isinstance(one, float) else one == other)


@FEW
@example(ASK, 3)
@given(recipes(), st.integers(-200, 200))
def test_whole_weeks_later_the_same_is_said_whole_weeks_later(recipe: Recipe, weeks: int) -> None:
    history = make(recipe)
    later = [moved_back(document, weeks * WEEK) for document in documents(shifted(history, weeks * WEEK))]
    assert later == [moved_back(document, 0 * WEEK) for document in documents(history)]


@FEW
@example(ASK, 5)
@given(recipes(periods=(20, 60)), st.integers(1, 27))
def test_jobs_of_an_hour_or_less_may_also_be_moved_by_six_hours(recipe: Recipe, times: int) -> None:
    """Narrow windows are six hours then; hours of the day get other names, and nothing else. (Which of two equally
    bad stretches of hours is named may change with the names, so the notes are left out.)"""
    history, by = make(recipe), times * timedelta(hours=6)
    later = [moved_back(document, by) for document in documents(shifted(history, by))]
    now = [moved_back(document, 0 * by) for document in documents(history)]
    for document in (*now, *later):
        del document["notes"]
    assert alike(later, now)


@FEW
@example(ASK, 1)
@given(recipes(), st.integers(0, 10**6))
def test_the_order_of_rows_and_repeated_rows_change_nothing(recipe: Recipe, seed: int) -> None:
    history, rng = make(recipe), np.random.default_rng(seed)
    twice = [*history.attempts, *(history.attempts[n] for n in rng.integers(0, len(history.attempts), 50))]
    edges = list(history.dependencies)
    mixed = History(
        attempts=tuple(twice[n] for n in rng.permutation(len(twice))),
        metrics=tuple(history.metrics[n] for n in rng.permutation(len(history.metrics))),
        changes=history.changes[::-1],
        incidents=history.incidents[::-1],
        dependencies=tuple(edges[n] for n in rng.permutation(len(edges))),
    )
    assert documents(mixed) == documents(history)


@FEW
@example(ASK, 1)
@given(recipes(), st.integers(0, 10**6))
def test_frames_in_another_order_give_the_same_answer(recipe: Recipe, seed: int) -> None:
    """Also where nobody sorted the tables."""
    tables, rng = tables_of_history(make(recipe)), np.random.default_rng(seed)
    runs = tables.runs.iloc[rng.permutation(len(tables.runs))].reset_index(drop=True)
    assert analyze(replace(tables, runs=runs)).findings == analyze(tables).findings


def renamed(history: History, jobs: dict[str, str], tenants: dict[str, str]) -> History:
    def called(item: Any) -> Any:
        return replace(item, job=jobs.get(item.job, item.job), tenant=tenants.get(item.tenant, item.tenant))

    edges = tuple(
        replace(edge, upstream=jobs[edge.upstream], downstream=jobs[edge.downstream]) for edge in history.dependencies
    )
    return replace(each(history, called), dependencies=edges)


def said_of(found: Finding, jobs: dict[str, str], tenants: dict[str, str]) -> Any:
    """What a finding says, with names as given, lists that are sorted by name as sets, and no sentences."""
    name: Callable[[str | None], str | None] = lambda job: jobs.get(job or "", job)  # noqa: E731
    return {
        "who": (tenants[found.tenant], name(found.job)),
        "verdict": (found.verdict, found.cause, name(found.root_job), found.confidence, found.needs),
        "path": [name(job) for job in found.path],
        "numbers": (found.runs, found.failed_first, found.observed, found.expected_by_chance, found.p_value),
        "pairs": {
            (p.logical_run_id, name(p.upstream_job), p.upstream_logical_run_id, p.lag_seconds) for p in found.pairs
        },
        "contributions": {(c.cause, name(c.root_job), c.failures) for c in found.contributions},
        "edges": {(name(e.upstream), e.exposed, e.observed, e.p_value, round(e.e_value, 6)) for e in found.edges},
        "episodes": {(e.start, e.end, frozenset(map(name, e.jobs)), e.failures) for e in found.episodes},
    }


@FEW
@example(ASK, (3, 1, 0, 2), (1, 0, 2, 3))
@given(recipes(), st.permutations(range(4)), st.permutations(range(4)))
def test_names_are_only_names(recipe: Recipe, jobs: tuple[int, ...], tenants: tuple[int, ...]) -> None:
    history = make(recipe)
    new_jobs = {old: f"{'zmab'[jobs[n]]}-{old}" for n, old in enumerate(JOBS)}
    new_tenants = {old: f"customer-{9 - tenants[n]}" for n, old in enumerate(TENANTS)}
    old_jobs = {new: old for old, new in new_jobs.items()}
    old_tenants = {new: old for old, new in new_tenants.items()}
    before = findings(tables_of_history(history)).values()
    after = findings(tables_of_history(renamed(history, new_jobs, new_tenants))).values()
    same = {job: job for job in JOBS}
    key: Callable[[Any], Any] = lambda said: said["who"]  # noqa: E731
    assert sorted((said_of(f, old_jobs, old_tenants) for f in after), key=key) == sorted(
        (said_of(f, same, {t: t for t in TENANTS}) for f in before), key=key
    )


@FEW
@example(ASK)
@given(recipes())
def test_a_healthy_tenant_more_changes_no_verdict(recipe: Recipe) -> None:
    """It stands in the scope of the others' jobs, and that is all: no failure, no test, no correction."""
    history = make(recipe)
    healthy = [
        replace(item, tenant="tenant-99", run_id=f"{item.run_id}+", logical_run_id=f"{item.logical_run_id}+")
        for item in history.attempts
        if item.tenant == TENANTS[0] and item.status == "success"
    ]
    end = max(item.finished_at for item in history.attempts if item.finished_at)
    more = replace(history, attempts=(*history.attempts, *(replace(item, attempt=1) for item in healthy)))
    without, with_it = documents(history, end), documents(more, end)
    for document in (*without, *with_it):
        del document["scope"]
    assert with_it == without


@FEW
@example(ASK)
@given(recipes())
def test_a_troubled_tenant_more_can_only_make_the_others_more_careful(recipe: Recipe) -> None:
    """More edges are tested, so each must say more; and an outage of several tenants is an outage of the platform.
    With two tenants neither accusation may appear that was not there before."""
    two = replace(recipe, tenants=2, outages=0)
    history = make(two)
    alone = replace(history, attempts=tuple(a for a in history.attempts if a.tenant == TENANTS[0]))
    before = findings(tables_of_history(alone))
    for key, found in findings(tables_of_history(history)).items():
        if key[0] == TENANTS[0] and found.cause is Cause.UPSTREAM:
            assert before[key].cause is Cause.UPSTREAM


@settings(max_examples=15, deadline=None, derandomize=True)
@example(ASK, 0.7)
@given(recipes(), st.floats(0.02, 1.0))
def test_the_past_looks_as_it_looked_then(recipe: Recipe, share: float) -> None:
    """A folder cut off at a moment, and the whole folder asked about that moment."""
    history = make(recipe)
    first, last = min(a.started_at for a in history.attempts), max(a.started_at for a in history.attempts)
    moment = first + timedelta(seconds=round((last - first).total_seconds() * share))
    assert documents(history, moment) == documents(cut(history, moment), moment)


@FEW
@example(ASK, 333)
@given(recipes(), st.integers(0, 10**6))
def test_the_past_looks_as_it_looked_then_at_the_very_moment_of_an_event(recipe: Recipe, pick: int) -> None:
    history = make(recipe)
    times = sorted({t for a in history.attempts for t in (a.started_at, a.finished_at) if t})
    moment = times[pick % len(times)]
    assert documents(history, moment) == documents(cut(history, moment), moment)
    assert documents(cut(history, moment)) == documents(history, moment)


@FEW
@example(ASK)
@given(recipes())
def test_the_numbers_of_a_finding_add_up(recipe: Recipe) -> None:
    history = make(recipe)
    known = {name: a.started_at for a in history.attempts[::-1] for name in (a.logical_run_id or "", a.run_id)}
    failed = {(a.tenant, a.job) for a in history.attempts if a.status in ("failed", "timed_out")}
    found = findings(tables_of_history(history))
    assert set(found) == failed
    for finding in found.values():
        check_sums(finding)
        check_pairs(finding, known)


def check_sums(found: Finding) -> None:
    assert sum(item.failures for item in found.contributions) == found.failed_first
    assert 0 <= found.recovered_by_retry <= found.failed_first <= found.runs
    assert (found.cause is Cause.NONE) == (found.verdict is not Verdict.SYSTEMIC)
    assert (found.confidence is None) == (found.verdict is Verdict.INCONCLUSIVE)
    assert (found.needs is None) == (found.verdict is not Verdict.INCONCLUSIVE)
    assert found.confidence is None or 0.5 <= found.confidence < 1
    assert found.p_value is None or 0 < found.p_value <= 1
    assert found.path[-1] == found.job
    if found.cause is Cause.UPSTREAM:
        assert found.path[0] == found.root_job != found.job
        assert found.observed is not None
        assert len(found.pairs) >= found.observed, "those of an upstream that takes turns are listed too"
    if found.cause is Cause.SELF:
        assert found.path == (found.job,)
        assert found.root_job == found.job
    if found.cause is Cause.SHARED:
        assert found.episodes
        assert found.root_job is None


def check_pairs(found: Finding, known: dict[str, datetime]) -> None:
    """`known`: when each run began, by its id."""
    assert bool(found.pairs) == (found.verdict is Verdict.SYSTEMIC)
    assert len({pair.logical_run_id for pair in found.pairs}) == len(found.pairs)
    for pair in found.pairs:
        assert pair.logical_run_id in known
        if found.cause is Cause.UPSTREAM:
            assert pair.upstream_logical_run_id in known
            assert pair.upstream_job in {part.root_job for part in found.contributions}
            if pair.upstream_job == found.root_job and len(found.path) == 2 and pair.upstream_ready_at:
                assert pair.upstream_ready_at > known[pair.logical_run_id], "it started before its input was ready"
        else:
            assert (pair.upstream_job, pair.upstream_logical_run_id, pair.lag_seconds) == (None, None, None)


@FEW
@given(recipes(told=("logical ids", "scheduled times", "starts alone")))
def test_a_finding_reads_back_as_it_was_written(recipe: Recipe) -> None:
    for found in findings(tables_of_history(make(recipe))).values():
        assert Finding.from_dict(found.to_dict()) == found


@pytest.mark.parametrize("told", ["logical ids", "scheduled times"])
def test_ids_and_scheduled_times_group_alike(told: str) -> None:
    """Where every attempt knows when its run was scheduled, ids add only names."""
    by_id = findings(tables_of_history(make(ASK)))
    other = findings(tables_of_history(make(replace(ASK, told=told))))
    for key, found in by_id.items():
        assert (found.runs, found.failed_first, found.p_value) == (
            other[key].runs,
            other[key].failed_first,
            other[key].p_value,
        )


@pytest.mark.parametrize("seed", range(4))
def test_the_retry_pattern_finds_nearly_every_run(seed: int) -> None:
    """Without ids, times or numbers, at most one in fifty runs is cut in two or melted with another."""
    recipe = replace(ASK, seed=seed, tenants=1, told="logical ids", noise=0.02, outages=0)
    history = make(recipe)
    alone = make(replace(recipe, told="starts alone"))
    grouped = sum(f.runs for f in findings(tables_of_history(alone)).values())
    named = sum(f.runs for f in findings(tables_of_history(history)).values())
    assert abs(grouped - named) <= named / 50
