"""What is said about histories small enough to know the answer by looking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from correlator.model import Attempt, Cause, Change, Dependency, Finding, MetricPoint, Status, Verdict
from tests.engine.build import MONDAY, findings, only, tables_of, without_ids
from tests.engine.plays import Job, Own, edges, play, some

HOURS = 14 * 24
INGEST = Job("ingest")
EXPORT = Job("export", 20, ("ingest",))
PAIR = (INGEST, EXPORT)
BAD = dict.fromkeys(some(18, HOURS), "FS")


def said(found: Finding) -> tuple[Verdict, Cause, str | None]:
    return found.verdict, found.cause, found.root_job


def noise(count: int, seed: int) -> dict[int, str]:
    return dict.fromkeys(some(count, HOURS, seed), "FS")


# --- an upstream that breaks its downstream ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def broken() -> Finding:
    """Ingest fails in eighteen of its runs; each time, the export starts without it, fails, and passes on retry."""
    return only(tables_of(play(PAIR, own={"ingest": BAD}), edges(PAIR)), "export")


def test_an_upstream_is_named(broken: Finding) -> None:
    assert said(broken) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")
    assert broken.path == ("ingest", "export")
    assert broken.confidence is not None
    assert broken.confidence > 0.9
    assert broken.p_value is not None
    assert broken.p_value < 1e-6


def test_it_counts_runs_and_not_attempts(broken: Finding) -> None:
    assert (broken.runs, broken.failed_first, broken.recovered_by_retry, broken.observed) == (HOURS, 18, 18, 18)
    assert [(c.cause, c.root_job, c.failures) for c in broken.contributions] == [(Cause.UPSTREAM, "ingest", 18)]


def test_each_pair_names_the_run_the_failed_run_stood_on(broken: Finding) -> None:
    slots = {pair.logical_run_id.rsplit("/", 1)[1] for pair in broken.pairs}
    assert slots == set(map(str, BAD))
    for pair in broken.pairs:
        assert pair.upstream_logical_run_id == pair.logical_run_id.replace("export", "ingest")
        assert pair.lag_seconds == 20 * 60
        assert pair.upstream_error == "ingest broke after 10 min"


def test_passing_on_retry_is_told_as_recovery(broken: Finding) -> None:
    recovery, debt = broken.recovery, broken.retry_debt
    assert recovery is not None
    assert debt is not None
    assert (recovery.before_failed, recovery.before_total) == (18, 18)
    assert (recovery.after_passed, recovery.after_total) == (18, 18)
    assert (debt.needed_retry, debt.extra_attempts, debt.minutes_burnt) == (18, 18, 36.0)


def test_it_says_how_many_clean_first_attempts_would_prove_a_fix(broken: Finding) -> None:
    proof = broken.proof_of_fix
    assert proof is not None
    assert 0 < proof.old_rate < 1 <= proof.failures_in_a_row
    assert proof.clean_first_attempts > 1


def test_the_upstream_itself_is_not_blamed_on_its_downstream() -> None:
    found = findings(tables_of(play(PAIR, own={"ingest": BAD}), edges(PAIR)))["tenant-01", "ingest"]
    assert found.cause is not Cause.UPSTREAM


def test_an_upstream_that_is_only_late_is_named_too() -> None:
    late = dict.fromkeys(BAD, 35)
    found = findings(tables_of(play(PAIR, own={"ingest": late}), edges(PAIR)))
    assert ("tenant-01", "ingest") not in found, "it never failed, so nothing is said about it"
    assert said(found["tenant-01", "export"]) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")
    assert all(pair.upstream_failed_at is None for pair in found["tenant-01", "export"].pairs)


@pytest.mark.parametrize(
    "unknown",
    [
        ("logical_run_id",),
        ("logical_run_id", "attempt"),
        ("logical_run_id", "attempt", "scheduled_at"),
        ("error",),
    ],
    ids=" ".join,
)
def test_it_is_found_also_where_the_source_tells_less(unknown: tuple[str, ...]) -> None:
    found = only(tables_of(without_ids(play(PAIR, own={"ingest": BAD}), *unknown), edges(PAIR)), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")
    assert found.failed_first == 18


def test_last_attempts_alone_tell_of_failures_and_accuse_nothing_else() -> None:
    last = {attempt.logical_run_id: attempt for attempt in play(PAIR, own={"ingest": BAD})}
    found = only(tables_of(last.values(), edges(PAIR)), "export")
    assert found.failed_first == len(BAD), "a second attempt tells of a first one"
    assert found.verdict is Verdict.INCONCLUSIVE, "when they began is not known"
    assert found.needs is not None
    assert "first attempts of 18 of the 18 failed runs" in found.needs


ENDS = {"/5": Status.CANCELLED, "/6": Status.SKIPPED, "/7": Status.UPSTREAM_FAILED}


def test_runs_that_did_not_come_to_an_end_of_their_own_are_left_out() -> None:
    attempts = play(PAIR, own={"ingest": BAD})
    told = [replace(a, status=ENDS.get(str(a.logical_run_id)[-2:], a.status)) for a in attempts if a.job == "export"]
    rest = [a for a in attempts if a.job != "export"]
    found = only(tables_of([*told, *rest], edges(PAIR)), "export")
    assert found.notes[0].startswith("3 of 336 runs were cancelled")
    assert said(found)[1] is Cause.UPSTREAM


# --- which upstream ----------------------------------------------------------------------------------------------


def test_the_root_lies_as_deep_as_the_trouble_comes_from() -> None:
    jobs = (Job("a"), Job("b", 15, ("a",)), Job("c", 30, ("b",)), Job("d", 45, ("c",)))
    found = only(tables_of(play(jobs, own={"a": dict.fromkeys(BAD, "FFS")}), edges(jobs)), "d")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "a")
    assert found.path == ("a", "b", "c", "d")


def test_of_a_diamond_the_tip_is_the_root_and_no_side() -> None:
    jobs = (Job("tip"), Job("left", 15, ("tip",)), Job("right", 16, ("tip",)), Job("end", 30, ("left", "right")))
    found = findings(tables_of(play(jobs, own={"tip": dict.fromkeys(BAD, "FFS")}), edges(jobs)))
    assert said(found["tenant-01", "end"]) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "tip")
    assert found["tenant-01", "left"].root_job == found["tenant-01", "right"].root_job == "tip"
    assert len(found["tenant-01", "end"].path) == 3


def test_a_delay_shorter_than_the_job_itself_breaks_it_all_the_same() -> None:
    """The ingest passes 15 minutes late; the export that failed within minutes would have taken forty."""
    jobs = (INGEST, replace(EXPORT, took=40))
    found = only(tables_of(play(jobs, own={"ingest": BAD}), edges(jobs)), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")


def test_an_input_that_is_never_ready_in_time_hides_no_other() -> None:
    """Most runs start before the elder is ready, and pass: they read what it made an hour before."""
    jobs = (Job("parent"), Job("elder", 19), Job("younger", 20, ("parent",)))
    declared = (*edges(jobs), Dependency("elder", "younger"))
    found = only(tables_of(play(jobs, own={"parent": BAD, "elder": noise(9, 5)}), declared), "younger")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "parent")


def test_siblings_are_no_cause_of_one_another() -> None:
    """Both stand on the parent; the younger is said to read from the elder as well, and does not."""
    jobs = (Job("parent"), Job("elder", 15, ("parent",)), Job("younger", 20, ("parent",)))
    declared = (*edges(jobs), Dependency("elder", "younger"))
    found = only(tables_of(play(jobs, own={"parent": BAD}), declared), "younger")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "parent")


def test_two_roots_may_take_turns() -> None:
    jobs = (Job("events"), Job("profiles", 2), Job("export", 25, ("events", "profiles")))
    slots = some(24, HOURS, 3)
    own: Own = {"events": dict.fromkeys(slots[::2], "FS"), "profiles": dict.fromkeys(slots[1::2], "FS")}
    found = only(tables_of(play(jobs, own=own), edges(jobs)), "export")
    assert found.cause is Cause.UPSTREAM
    laid = {c.root_job: c.failures for c in found.contributions}
    assert laid == {"events": 12, "profiles": 12}


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_two_inputs_that_never_come_the_first_to_break_is_the_root_whatever_its_name(names: tuple[str, str]) -> None:
    first, second = names
    jobs = (Job(first), Job(second, 5), Job("export", 30, names))
    both: Own = {first: dict.fromkeys(BAD, "FFFFF"), second: dict.fromkeys(list(BAD)[:9], "FFFFF")}
    found = only(tables_of(play(jobs, own=both), edges(jobs)), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, first)


def test_the_runs_of_the_unnamed_tenant_feed_all_tenants() -> None:
    shared, own = (Job("lake"), Job("ingest", 3)), Job("export", 20, ("lake",))
    attempts = play((*shared, own), own={"lake": BAD}, tenant="tenant-01")
    told = [replace(a, tenant="") if a.job == "lake" else a for a in attempts]
    more = [a for a in play((*shared, own), own={"lake": BAD}, tenant="tenant-02") if a.job != "lake"]
    found = findings(tables_of([*told, *more], edges((own,))))
    for tenant in ("tenant-01", "tenant-02"):
        assert said(found[tenant, "export"]) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "lake")
    assert found["tenant-01", "export"].pairs[0].upstream_logical_run_id == f"tenant-01/lake/{min(BAD)}"


def test_an_edge_may_hold_for_one_tenant_alone() -> None:
    attempts = play(PAIR, own={"ingest": BAD}) + play(PAIR, own={"ingest": BAD}, tenant="tenant-02")
    found = findings(tables_of(attempts, [Dependency("ingest", "export", tenant="tenant-02")]))
    assert found["tenant-02", "export"].cause is Cause.UPSTREAM
    assert found["tenant-01", "export"].cause is not Cause.UPSTREAM


def test_a_daily_ingest_breaks_the_hourly_exports_that_stand_on_it() -> None:
    """On seven of 28 mornings it passes an hour and a half late; the exports of these hours fail first."""
    jobs = (Job("ingest", 240, period=1440, took=20), replace(EXPORT, minute=30))
    own: Own = {"ingest": {day: 100 + 10 * (day % 3) for day in some(9, 28, 2)}}
    found = only(tables_of(play(jobs, 28, own), edges(jobs)), "export")
    assert found.root_job == "ingest"
    assert len({pair.upstream_logical_run_id for pair in found.pairs}) < len(found.pairs)


def test_what_an_edge_allows_to_be_old_is_no_exposure() -> None:
    """The export reads what is at most ten minutes old: at twenty past, the ingest is none of its inputs."""
    tables = tables_of(play(PAIR, own={"ingest": BAD}), [replace(edges(PAIR)[0], max_lag_seconds=600.0)])
    assert only(tables, "export").cause is not Cause.UPSTREAM


# --- what is not an upstream cause -------------------------------------------------------------------------------


def test_an_edge_that_does_no_harm_is_not_accused() -> None:
    jobs = (INGEST, replace(EXPORT, careless=True))
    found = only(tables_of(play(jobs, own={"ingest": BAD, "export": noise(9, 9)}), edges(jobs)), "export")
    assert said(found) == (Verdict.TRANSIENT, Cause.NONE, None)


def test_an_upstream_that_breaks_one_run_in_six_is_named_too() -> None:
    """Most runs get along without it; but of those that had it in time, hardly any fails."""
    jobs = (INGEST, replace(EXPORT, careless=True))
    late = some(210, 3 * HOURS, 7)
    own: Own = {"ingest": dict.fromkeys(late, "FFS"), "export": dict.fromkeys([*late[::6], 5, 500], "FS")}
    found = only(tables_of(play(jobs, days=42, own=own), edges(jobs)), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")


def test_a_job_that_fails_more_often_than_it_passes_has_no_bad_luck() -> None:
    jobs = (INGEST, replace(EXPORT, careless=True))
    found = only(tables_of(play(jobs, own={"export": noise(220, 9)}), edges(jobs)), "export")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "reaches back" in str(found.needs)


def test_an_outage_behind_a_few_of_the_failures_is_told_beside_the_bad_luck() -> None:
    jobs = tuple(Job(name, 7 * n, ("a",) if name == "d" else (), careless=True) for n, name in enumerate("abcd"))
    out = dict.fromkeys((40, 41, 200, 201), "FFS")
    own: Own = {job.name: out for job in jobs} | {"d": out | noise(30, 4)}
    found = only(tables_of(play(jobs, own=own), edges(jobs)), "d")
    assert found.verdict is Verdict.TRANSIENT
    assert "Laid to outages: 4" in found.summary


def test_where_the_runs_of_the_upstream_are_missing_it_asks_for_these() -> None:
    silent = range(100, 124)
    own: Own = {"ingest": dict.fromkeys((20, 150, 260), "FS"), "export": dict.fromkeys(silent[::2], "FS")}
    unseen = {f"tenant-01/ingest/{slot}" for slot in silent}
    told = [attempt for attempt in play(PAIR, own=own) if attempt.logical_run_id not in unseen]
    assert "the upstream runs they stood on" in str(only(tables_of(told, edges(PAIR)), "export").needs)


def test_two_jobs_that_fail_at_night_are_two_jobs_that_fail_at_night() -> None:
    rng, jobs = np.random.default_rng(4), (INGEST, replace(EXPORT, careless=True))
    night = [slot for slot in range(HOURS) if slot % 24 < 5]
    own: Own = {job.name: {slot: "FS" for slot in night if rng.random() < 0.3} for job in jobs}
    found = only(tables_of(play(jobs, own=own), edges(jobs)), "export")
    assert found.cause not in (Cause.UPSTREAM, Cause.SHARED)


def test_bad_luck_is_transient_when_there_was_enough_to_see() -> None:
    own: Own = {"ingest": noise(6, 11), "export": noise(14, 12)}
    jobs = (INGEST, replace(EXPORT, careless=True))
    assert said(only(tables_of(play(jobs, own=own), edges(jobs)), "export")) == (Verdict.TRANSIENT, Cause.NONE, None)


def test_three_failures_are_too_few_and_it_says_how_many_more() -> None:
    jobs = (INGEST, replace(EXPORT, careless=True))
    found = only(tables_of(play(jobs, own={"export": noise(3, 13)}), edges(jobs)), "export")
    assert said(found) == (Verdict.INCONCLUSIVE, Cause.NONE, None)
    assert found.needs == "about 2 more failed runs"


def test_without_declared_dependencies_nobody_can_say_it_was_luck() -> None:
    found = only(tables_of(play((INGEST, replace(EXPORT, careless=True)), own={"export": noise(14, 12)})), "export")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "dependencies" in str(found.needs)


def test_five_retries_of_one_run_are_one_failure() -> None:
    jobs = (INGEST, replace(EXPORT, careless=True))
    found = only(tables_of(play(jobs, own={"export": {50: "FFFFS", 200: "FFFFS"}}), edges(jobs)), "export")
    assert found.failed_first == 2
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.retry_debt is not None
    assert found.retry_debt.extra_attempts == 8


# --- shared, and the job's own -----------------------------------------------------------------------------------


def test_an_outage_of_jobs_that_do_not_know_one_another_is_shared() -> None:
    jobs = tuple(Job(name, 7 * n) for n, name in enumerate(("a", "b", "c", "d")))
    hours = [begin + more for begin in (40, 130, 200, 290) for more in (0, 1)]
    found = findings(tables_of(play(jobs, own={job.name: dict.fromkeys(hours, "FFS") for job in jobs})))
    for job in jobs:
        mine = found["tenant-01", job.name]
        assert said(mine) == (Verdict.SYSTEMIC, Cause.SHARED, None)
        assert len(mine.episodes) == 4
        assert len(mine.pairs) == mine.observed == 8
        assert mine.episodes[0].jobs == ("a", "b", "c", "d")


def test_after_a_deploy_the_job_itself_is_named_with_the_onset() -> None:
    rng, onset = np.random.default_rng(6), 200
    jobs = (INGEST, replace(EXPORT, careless=True))
    own: Own = {"export": {slot: "FS" for slot in range(onset, HOURS) if rng.random() < 0.3}}
    moment = MONDAY + timedelta(hours=onset)
    deploy = Change("change-1", moment - timedelta(minutes=5), "Deploy export 4.0", job="export", tenant="tenant-01")
    other = replace(deploy, change_id="change-2", tenant="tenant-09", title="Deploy elsewhere")
    found = only(tables_of(play(jobs, own=own), edges(jobs), changes=[deploy, other]), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.SELF, "export")
    assert found.onset_earliest is not None
    assert found.onset_latest is not None
    assert found.onset_earliest <= moment + timedelta(hours=8)
    assert found.onset_latest >= moment
    assert [change.change_id for change in found.changes] == ["change-1"]


def test_a_deploy_alone_accuses_nobody() -> None:
    jobs = (INGEST, replace(EXPORT, careless=True))
    deploy = Change("change-1", MONDAY + timedelta(days=7), "Deploy export", job="export", tenant="tenant-01")
    found = only(tables_of(play(jobs, own={"export": noise(14, 12)}), edges(jobs), changes=[deploy]), "export")
    assert found.verdict is Verdict.TRANSIENT


def test_a_metric_of_the_job_that_tells_its_failures_apart_is_its_own_trouble() -> None:
    rng = np.random.default_rng(8)
    level = {slot: float(rng.lognormal(0, 0.5)) for slot in range(HOURS)}
    high = sorted(level, key=lambda slot: level[slot])[-16:]
    points = [
        MetricPoint("rows", MONDAY + timedelta(hours=slot, minutes=10), value, job="export", tenant="tenant-01")
        for slot, value in level.items()
    ]
    jobs = (INGEST, replace(EXPORT, careless=True))
    tables = tables_of(play(jobs, own={"export": dict.fromkeys(high, "FS")}), edges(jobs), metrics=points)
    found = only(tables, "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.SELF, "export")
    assert "rows" in found.summary


# --- mixtures ----------------------------------------------------------------------------------------------------


def test_failures_of_another_kind_are_laid_to_nobody() -> None:
    own: Own = {"ingest": BAD, "export": {slot: "FS" for slot in noise(6, 21) if slot not in BAD}}
    found = only(tables_of(play(PAIR, own=own), edges(PAIR)), "export")
    assert said(found) == (Verdict.SYSTEMIC, Cause.UPSTREAM, "ingest")
    assert {c.cause: c.failures for c in found.contributions} == {
        Cause.UPSTREAM: 18,
        Cause.NONE: found.failed_first - 18,
    }


def test_more_aligned_failures_never_lower_the_evidence() -> None:
    """Hour by hour, one more of the exports that start without their ingest fails instead of passing."""
    jobs = (INGEST, replace(EXPORT, careless=True))
    base = play(jobs, own={"ingest": BAD, "export": noise(4, 31)})
    levels = []
    for count in range(8, 19, 2):
        failing = {f"tenant-01/export/{slot}/1" for slot in list(BAD)[:count]}
        told = [replace(a, status=Status.FAILED, error="no input") if a.run_id in failing else a for a in base]
        again = [_again(a) for a in told if a.run_id in failing]
        edge = only(tables_of([*told, *again], edges(jobs)), "export").edges[0]
        levels.append((edge.p_value, edge.e_value))
    assert all(one[0] >= two[0] for one, two in pairwise(levels))
    assert all(one[1] <= two[1] for one, two in pairwise(levels))


def _again(attempt: Attempt) -> Attempt:
    """The retry that passes."""
    start = attempt.started_at + timedelta(minutes=20)
    return replace(
        attempt,
        run_id=f"{attempt.logical_run_id}/2",
        attempt=2,
        started_at=start,
        finished_at=start + timedelta(minutes=10),
        status=Status.SUCCESS,
        error=None,
    )
