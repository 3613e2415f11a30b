"""What each possible cause could answer for, of the failures of one job: counts, chance, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.engine.controls import (
    HOUR,
    Control,
    looks_alike,
    near_trouble,
    occasions,
    own_metrics_moved,
    same_level,
    weigh_control,
)
from correlator.engine.direction import Onsets, onsets
from correlator.engine.episodes import SharedEpisode, hit_by
from correlator.engine.pipeline import Job, Pipeline
from correlator.engine.roots import Roots, longest_wait, passes_on
from correlator.history.series import Series
from correlator.statistics.change_point import RateChange, rate_increase
from correlator.statistics.rank_test import rank_test
from correlator.statistics.stratified import StratifiedResult, stratified_test
from correlator.statistics.two_stories import dose_factor, kinds_factor, own_metrics_factor, share_factor

SeriesOf = Callable[[str], list[Series]]
"""The metric series of a job of the tenant at hand."""
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


PRIOR_LOG_ODDS = 1.0
"""Declared edges along which trouble is seen to go on are genuine three times out of four, before looking closer."""


PLAUSIBLE_P = 0.05
LEVELS_AT_MOST = 1.5
"""What a metric may say for a cause: it was as high elsewhere, and nothing failed."""


@dataclass(frozen=True)
class Exposure:
    """For each run of the case's job: the root (job index, -1 where it was not exposed), the root's run, and the
    direct upstream's index and run. `unclear`: whether it was exposed cannot be told, so it says nothing for or against
    an upstream."""

    root: IntArray
    root_run: IntArray
    via: IntArray
    via_run: IntArray
    unclear: BoolArray


@dataclass(frozen=True)
class UpstreamCause:
    """One root upstream, tested on the case's runs, and set against controls. `alike`: log Bayes factor for exposed
    and unexposed failures being of the same kinds."""

    root: int
    runs: BoolArray
    exposed: int
    failed: int
    tests: tuple[tuple[str, StratifiedResult], ...]
    controls: tuple[Control, ...]
    alike: float
    shape_factor: float
    ordinary_rate: float
    overall_rate: float
    onsets: Onsets

    @property
    def weaker(self) -> tuple[str, StratifiedResult]:
        """The stratification with the larger p-value: the one that counts."""
        return max(self.tests, key=lambda item: item[1].p_value)

    @property
    def log_odds_genuine(self) -> float:
        """log odds that the exposure brings the failures about, against a common condition behind both jobs.

        The controls next to the trouble count, and of those at the same level of a metric the set that speaks most
        against it; several metrics of one load say the same thing, so more of them do not add up.
        """
        near, *levels = (control.log_factor for control in self.controls)
        controls = near + min(min(levels, default=0.0), LEVELS_AT_MOST)
        kinds = kinds_factor(self.alike)
        return PRIOR_LOG_ODDS + controls + self.shape_factor + kinds + self.onsets.log_factor

    @property
    def e_value(self) -> float:
        return min(result.e_value for _, result in self.tests)


@dataclass(frozen=True)
class Pressure:
    """A metric of the job itself that sets its failures apart. `p_value` is corrected for the metrics looked at;
    `runs` are those that started at the level of the failures, `bound` the value from which on that is so."""

    metric: str
    superiority: float
    p_value: float
    runs: BoolArray
    bound: float


@dataclass(frozen=True)
class Causes:
    """Everything that was weighed for one job: which failures lie in episodes, upstream roots, an own change.

    `rest` are the runs left for trouble of the job's own; `change` is judged on `change_runs`, those of them that do
    not follow a failure directly.
    """

    failed: BoolArray
    speaks: BoolArray
    shared: BoolArray
    exposure: Exposure
    upstream: tuple[UpstreamCause, ...]
    change: RateChange | None
    change_runs: IntArray
    rest: BoolArray
    pressure: Pressure | None
    platform_wide: bool


def exposures(pipeline: Pipeline, roots: Roots, case: int) -> Exposure:
    """Along edges that pass trouble on: the upstream run that kept each run waiting longest, traced to its root."""
    job = pipeline.jobs[case]
    root, root_run, via, via_run = (np.full(len(job.due), -1, np.int64) for _ in range(4))
    waited = np.full(len(job.due), np.iinfo(np.int64).min)
    since = np.full(len(job.due), np.iinfo(np.int64).max)
    unclear = np.zeros(len(job.due), bool)
    for edge in pipeline.into[case]:
        if not passes_on(edge, pipeline):
            continue
        unclear |= edge.unclear
        up = pipeline.jobs[edge.upstream]
        longer = longest_wait(edge.exposed, edge, up, waited, since)
        at = edge.matched[longer]
        root[longer], root_run[longer] = roots.behind(edge, longer)
        via[longer], via_run[longer] = edge.upstream, at
        waited[longer], since[longer] = up.ready[at], up.start[at]
    return Exposure(root, root_run, via, via_run, unclear & (root < 0))


def weigh(
    pipeline: Pipeline,
    roots: Roots,
    case: int,
    aside: tuple[BoolArray, ...],
    episodes: tuple[SharedEpisode, ...],
    kinds: IntArray,
    series: SeriesOf,
) -> Causes:
    """Weigh every cause for the failures of one job. Runs exposed to an upstream that may well be the cause are left
    out of the search for trouble of the job's own."""
    job = pipeline.jobs[case]
    exposure = exposures(pipeline, roots, case)
    failed = job.failed & job.counted
    shared = failed & (aside[case] | _root_inside(pipeline, exposure, episodes))
    speaks = job.counted & ~aside[case] & ~shared
    found = [
        _upstream_cause(pipeline, case, exposure, speaks, root, kinds, series)
        for root in np.unique(exposure.root[(exposure.root >= 0) & failed & speaks]).tolist()
    ]
    explained = np.zeros(len(failed), bool)
    for cause in found:
        if cause.weaker[1].p_value < PLAUSIBLE_P and cause.log_odds_genuine > 0:
            explained |= exposure.root == cause.root
    rest = np.flatnonzero(speaks & ~explained)
    fresh = rest[~_right_after_failure(failed[rest])]
    return Causes(
        failed=failed,
        speaks=speaks,
        shared=shared,
        exposure=exposure,
        upstream=tuple(found),
        change=rate_increase(failed[fresh]),
        change_runs=fresh,
        rest=speaks & ~explained,
        pressure=own_pressure(job, failed, speaks & ~explained, series(job.name)),
        platform_wide=_hit_by_platform(job, shared, episodes),
    )


def _right_after_failure(failed: BoolArray) -> BoolArray:
    """Runs that follow a failed run: in a burst they say nothing new, so a change is judged without them."""
    return np.concatenate(([False], failed[:-1])) if len(failed) else failed


def own_pressure(job: Job, failed: BoolArray, use: BoolArray, series: list[Series]) -> Pressure | None:
    """The metric of the job that best tells its failed runs from the others, by ranks; None without any to look at."""
    best: Pressure | None = None
    for one in series:
        level = one.last_before(job.start, 3 * HOUR)
        result = rank_test(level[use & failed], level[use & ~failed])
        if result is None:
            continue
        p_value = min(1.0, result.p_value * len(series))
        if best is None or p_value < best.p_value:
            high = result.superiority > 0.5
            bound = float(np.nanquantile(level[use & failed], 0.25 if high else 0.75))
            with np.errstate(invalid="ignore"):
                runs = use & ((level >= bound) if high else (level <= bound))
            best = Pressure(one.metric, result.superiority, p_value, runs, bound)
    return best


def _hit_by_platform(job: Job, shared: BoolArray, episodes: tuple[SharedEpisode, ...]) -> bool:
    """Whether a failure attributed to an episode fell into one that hit the whole platform."""
    wide = tuple(episode for episode in episodes if episode.scope != "tenant")
    return bool((shared & hit_by(job, wide)).any())


def _root_inside(pipeline: Pipeline, exposure: Exposure, episodes: tuple[SharedEpisode, ...]) -> BoolArray:
    """Runs exposed to an upstream run that itself fell into an episode."""
    result = np.zeros(len(exposure.root), bool)
    for root in np.unique(exposure.root[exposure.root >= 0]).tolist():
        job, mine = pipeline.jobs[root], exposure.root == root
        run = exposure.root_run[mine]
        result[mine] = (hit_by(job, episodes) & job.failed)[run]
    return result


def _upstream_cause(
    pipeline: Pipeline,
    case: int,
    exposure: Exposure,
    speaks: BoolArray,
    root: int,
    kinds: IntArray,
    series: SeriesOf,
) -> UpstreamCause:
    """Test one root: its exposed runs against unexposed ones; runs exposed to other roots are left out."""
    job = pipeline.jobs[case]
    mine = exposure.root == root
    use = speaks & (mine | (exposure.root < 0)) & ~exposure.unclear
    others = use & ~mine
    hits, trials = int((job.failed & mine & use).sum()), int((mine & use).sum())
    sets = [("next to the trouble", others & near_trouble(pipeline.jobs[root], job))]
    for name in (job.name, pipeline.jobs[root].name):
        for one in series(name):
            control = same_level(one, job, job.failed & mine & use, others)
            if control is not None:
                sets.append((f"{one.metric} of {name} at the same level", control))
    seen = use & ~job.hidden
    moved = own_metrics_moved(series(job.name), job, job.failed & mine & use, others)
    return UpstreamCause(
        root=root,
        runs=mine & speaks,
        exposed=trials,
        failed=hits,
        tests=_tests(job, use, mine, _units(pipeline, case, exposure.via[mine & use])),
        controls=tuple(weigh_control(n, control, others, job.failed) for n, control in sets),
        alike=looks_alike(kinds[seen], mine[seen], job.failed[seen]),
        shape_factor=_shape_factor(job, mine & use, others) + own_metrics_factor(moved),
        overall_rate=float((job.failed & use).sum()) / max(int(use.sum()), 1),
        ordinary_rate=float((job.failed & others).sum()) / max(int(others.sum()), 1),
        onsets=onsets(job, pipeline.jobs[root], exposure.root_run, job.failed & mine & use, others),
    )


def _units(pipeline: Pipeline, case: int, via: IntArray) -> BoolArray:
    """The runs of the case that are observations of their own, along the edge by which most exposure came."""
    step = int(np.bincount(via).argmax())
    return next(edge.units for edge in pipeline.into[case] if edge.upstream == step)


def _tests(job: Job, use: BoolArray, exposed: BoolArray, units: BoolArray) -> tuple[tuple[str, StratifiedResult], ...]:
    within = use[units]
    found = (exposed & use)[units][within], job.failed[units][within]
    return tuple((name, stratified_test(strata[within], *found)) for name, strata in job.strata(units))


def _shape_factor(job: Job, exposed: BoolArray, others: BoolArray) -> float:
    """How many of the failures were exposed, and how many of the exposed runs failed, counted in occasions."""
    hits, trials = int((exposed & job.failed).sum()), int(exposed.sum())
    share = share_factor(occasions(job, exposed & job.failed), occasions(job, others & job.failed))
    separate = occasions(job, exposed)
    return share + dose_factor(separate * hits / max(trials, 1), separate)
