"""Could something else be behind both? Runs that were not exposed, but under the same conditions, answer that.

Two jobs that suffer from the same load fail together although neither needs the other. Then the downstream job also
fails where the load is high and its upstream happened to be in time. So the exposed runs are set against unexposed
*controls*: runs next to the root's trouble, and runs during which a metric of either job stood as high (or as low)
as during the exposed failures. The cause stands only if it stands against every set of controls.

Reference: Maclure (1991), "The case-crossover design"; Rosenbaum (2002), "Observational Studies", on matched sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.pipeline import Job
from correlator.history.series import Series
from correlator.statistics.signatures import log_bayes_factor_alike
from correlator.statistics.two_stories import controls_factor
from correlator.tables.frames import MICROSECONDS

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

HOUR: Final = 3600 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Control:
    """One set of controls: what it is, its runs and failures, and what it says for the exposure and against a common
    condition (log Bayes factor)."""

    kind: str
    runs: int
    failed: int
    log_factor: float


def weigh_control(name: str, control: BoolArray, others: BoolArray, failed: BoolArray) -> Control:
    """Set the unexposed runs in `control` against the other unexposed runs."""
    runs, bad = int(control.sum()), int((control & failed).sum())
    rest = others & ~control
    factor = controls_factor(bad, runs, int((rest & failed).sum()), int(rest.sum()))
    return Control(name, runs, bad, factor)


def near_trouble(root: Job, job: Job) -> BoolArray:
    """Runs of `job` that started within one of its periods (at least half an hour) of a troubled run of `root`."""
    reach = max(job.period, HOUR // 2)
    troubled = root.troubled & root.counted
    if not troubled.any():
        return np.zeros(len(job.start), bool)
    over = np.where(root.ready < 2**62, np.maximum(root.ready, root.end), root.end)[troubled]
    order = np.argsort(root.start[troubled], kind="stable")
    begin = root.start[troubled][order] - reach
    end = np.maximum.accumulate(over[order] + reach)
    last = np.searchsorted(begin, job.start, side="right") - 1
    near: BoolArray = (last >= 0) & (end[np.maximum(last, 0)] >= job.start)
    return near


def same_level(series: Series, job: Job, exposed_failed: BoolArray, others: BoolArray) -> BoolArray | None:
    """Among `others`, the runs that started while the metric stood where it stood at the exposed failures.

    None when the metric does not set the exposed failures apart (their median within the middle 80 % of the other
    runs' values), or has too few points to say.
    """
    level = series.last_before(job.start, 3 * HOUR)
    mine, rest = level[exposed_failed], level[others]
    mine, known = mine[np.isfinite(mine)], rest[np.isfinite(rest)]
    if len(mine) < 3 or len(known) < 20:
        return None
    low, high = np.quantile(known, [0.1, 0.9])
    middle = float(np.median(mine))
    with np.errstate(invalid="ignore"):
        if middle > high:
            alike = level >= np.quantile(mine, 0.25)
        elif middle < low:
            alike = level <= np.quantile(mine, 0.75)
        else:
            return None
    matched: BoolArray = others & alike
    return matched


def occasions(job: Job, runs: BoolArray) -> int:
    """How many separate occasions a set of runs makes: runs within two periods of one another are one.

    Runs next to one another share the weather; as evidence against a common condition they count once.
    """
    starts = job.start[runs]
    return 0 if not len(starts) else 1 + int((np.diff(starts) > 2 * job.period).sum())


def own_metrics_moved(series: list[Series], job: Job, exposed_failed: BoolArray, others: BoolArray) -> bool | None:
    """Whether a metric of the job itself stood out at its exposed failures; None when it has no usable metric."""
    found = [same_level(one, job, exposed_failed, others) is not None for one in series if len(one.at) > 20]
    return any(found) if found else None


def looks_alike(kinds: IntArray, exposed: BoolArray, failed: BoolArray) -> float:
    """log Bayes factor for exposed and unexposed failures being of the same kinds (see `statistics.signatures`)."""
    size = int(kinds.max(initial=0)) + 1
    first = np.bincount(kinds[failed & exposed], minlength=size)
    second = np.bincount(kinds[failed & ~exposed], minlength=size)
    return log_bayes_factor_alike(first, second)


def _ranks(texts: NDArray[np.object_], failed: BoolArray) -> IntArray:
    """The place of each text among all in alphabetical order; only failed runs have texts, the others are first."""
    found = np.zeros(len(texts), np.int64)
    mine = texts[failed].tolist()
    place = {text: number for number, text in enumerate(sorted({"", *mine}))}
    found[failed] = [place[text] for text in mine]
    return found


def kinds_of_failure(job: Job, texts: NDArray[np.object_], statuses: NDArray[np.int8]) -> IntArray:
    """A code per run for how its first attempt ended: signature, status, and whether it was over quickly.

    Quick: in less than a third of the job's usual duration; long: in more than one and a half times of it.
    """
    took = (job.end - job.start).astype(float)
    passed = took[job.counted & ~job.failed]
    usual = float(np.median(passed)) if len(passed) else 1.0
    pace = np.digitize(took / max(usual, 1.0), [1 / 3, 1.5])
    text = _ranks(texts, job.failed)
    combined = (text * 16 + statuses.astype(np.int64)) * 3 + pace
    codes: IntArray = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    return codes
