"""What tells a sure verdict from a shaky one: a few plain numbers of each decision, for `confidence` to weigh.

All are shares or logarithms within fixed bounds, so that no single number can carry a verdict beyond what was seen in
calibration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.causes import Causes
from correlator.engine.controls import occasions
from correlator.engine.pipeline import Job
from correlator.model import Cause

if TYPE_CHECKING:
    from correlator.engine.established import Laid

BoolArray = NDArray[np.bool_]

MOST_ODDS: Final = 6.0

MONOTONE: Final[dict[str, dict[str, int]]] = {
    "upstream": {"odds": 1, "evidence": 1, "share": 1, "occasions": 1, "rival": -1, "change": -1},
    "shared": {"share": 1, "occasions": 1, "failures": 1, "rival": -1, "change": -1},
    "self": {"evidence": 1, "share": 1, "occasions": 1, "rival": -1, "steady": 1},
    "transient": {
        "failures": 1,
        "spread": 1,
        "runs": 1,
        "upstream": 1,
        "rival": -1,
        "suspicion": -1,
        "change": -1,
        "shared": -1,
    },
}
"""The traits that count for each kind of verdict, and whether more of one makes it more or less sure."""


def systemic_traits(job: Job, causes: Causes, main: Laid, explained: float) -> dict[str, float]:
    """Traits of a systemic verdict whose main cause is `main`; `explained`: failures above chance of all causes."""
    total = max(int(causes.failed.sum()), 1)
    laid = main.runs & causes.failed
    return {
        "odds": _odds(causes, main.root) if main.cause is Cause.UPSTREAM else 0.0,
        "evidence": _log1(_evidence(main), 60.0),
        "share": min(main.excess / total, 1.0),
        "explained": min(explained / total, 1.0),
        "failures": _log1(float(laid.sum()), 100.0),
        "occasions": _log1(float(occasions(job, laid)), 30.0),
        "rival": _rival(causes, main),
        "change": _change(causes) if main.cause is not Cause.SELF else 0.0,
        "steady": 1.0 if main.onset_run is not None else 0.0,
    }


def transient_traits(job: Job, causes: Causes, has_upstream: bool) -> dict[str, float]:
    """Traits of the verdict that nothing is behind the failures but chance."""
    total = max(int(causes.failed.sum()), 1)
    return {
        "failures": _log1(float(total), 100.0),
        "spread": occasions(job, causes.failed) / total,
        "rival": max(
            (_excess(cause.failed, cause.exposed, cause.ordinary_rate) for cause in causes.upstream), default=0.0
        )
        / total,
        "suspicion": max((_suspicion(causes, cause.root) for cause in causes.upstream), default=0.0),
        "change": _change(causes),
        "shared": float(causes.shared.sum()) / total,
        "upstream": float(has_upstream),
        "runs": _log1(float(causes.speaks.sum()), 1000.0),
    }


def grown(traits: Mapping[str, float], factor: float) -> dict[str, float]:
    """The traits had everything been seen so many times more often, with the same shares.

    Counts are logarithms of themselves; log odds grow in proportion to what was seen.
    """
    counted = ("evidence", "failures", "occasions", "runs")
    more = {name: math.log1p(math.expm1(traits[name]) * factor) for name in counted if name in traits}
    if "odds" in traits:
        more["odds"] = min(traits["odds"] * factor, MOST_ODDS)
    return {**traits, **more}


def _log1(value: float, most: float) -> float:
    """log(1 + value), with the value held in `[0, most]`."""
    return math.log1p(min(max(value, 0.0), most))


def _evidence(main: Laid) -> float:
    """-ln p of a test, the log Bayes factor of a change; 0 for outages, which are counted."""
    if main.p_value is not None:
        return -math.log(max(main.p_value, 1e-300))
    return math.log(main.e_value) if main.e_value is not None and main.e_value > 1 else 0.0


def _odds(causes: Causes, root: int | None) -> float:
    found = [cause.log_odds_genuine for cause in causes.upstream if cause.root == root]
    return min(max(found[0], 0.0), MOST_ODDS) if found else 0.0


def _suspicion(causes: Causes, root: int) -> float:
    """How much speaks for an upstream that was not named: -ln p, as far as the odds are not against it."""
    cause = next(cause for cause in causes.upstream if cause.root == root)
    genuine = 1.0 / (1.0 + math.exp(-max(min(cause.log_odds_genuine, 30.0), -30.0)))
    return genuine * _log1(-math.log(max(cause.weaker[1].p_value, 1e-300)), 30.0)


def _excess(failed: int, exposed: int, ordinary_rate: float) -> float:
    return max(failed - exposed * ordinary_rate, 0.0)


def _rival(causes: Causes, main: Laid) -> float:
    """The share of the failures that another cause than the main one might answer for."""
    total = max(int(causes.failed.sum()), 1)
    others = [
        _excess(cause.failed, cause.exposed, cause.ordinary_rate)
        for cause in causes.upstream
        if main.cause is not Cause.UPSTREAM or cause.root != main.root
    ]
    if main.cause is not Cause.SHARED:
        others.append(float(causes.shared.sum()))
    return min(max(others, default=0.0) / total, 1.0)


def _change(causes: Causes) -> float:
    """The log Bayes factor of a lasting change of the failure rate, in `[0, 10]`."""
    return 0.0 if causes.change is None else min(max(causes.change.log_bayes_factor, 0.0), 10.0)
