"""Two stories about the same failures: the exposure brings them about, or a common condition strikes both jobs.

Under the first story unexposed runs fail at their ordinary rate, also next to the trouble and under the same load;
nearly all failures above the ordinary are exposed ones. Under the second, controls fail at a rate of their own that
is comparable with the exposed runs', and which failures happen to be exposed is as good as a coin of unknown bias.
Each piece of data is weighed by its beta-binomial marginal likelihood under both; the logs add up.

Reference: Kass and Raftery (1995), "Bayes factors"; the pieces are those of a case-crossover comparison (Maclure 1991).
"""

from __future__ import annotations

from typing import Final

from scipy.special import betaln

COMMON_CONTROLS: Final = (0.6, 3.0)
"""Failure rate of control runs if a common condition is behind both: often a quarter of them, with a wide spread."""
COMMON_SHARE: Final = (3.0, 3.0)
"""Share of the failures that happen to be exposed, if a common condition is behind both."""
GENUINE_SHARE: Final = (4.0, 1.0)
"""Share of the failures that are exposed, if the exposure brings them about and some noise remains."""
GENUINE_DOSE: Final = (2.0, 1.0)
"""Share of the exposed runs that fail, if missing inputs make them: often most of them."""
COMMON_DOSE: Final = (3.0, 4.0)
"""The same, if a common condition is behind both: the exposure marks times at which some runs fail."""
ALIKE_AT_MOST: Final = 1.5
"""Failures of one kind may have two causes (texts are few), so alikeness counts for little; difference for more."""


def log_beta_binomial(hits: float, trials: float, prior: tuple[float, float]) -> float:
    """log of the marginal probability of one sequence with `hits` in `trials` under a Beta prior of the rate."""
    a, b = prior
    return float(betaln(a + hits, b + trials - hits) - betaln(a, b))


def controls_factor(failed: int, runs: int, ordinary_failed: int, ordinary_runs: int) -> float:
    """log Bayes factor for the first story from one set of controls; `ordinary_*` counts the other unexposed runs."""
    ordinary = (ordinary_failed + 0.5, ordinary_runs - ordinary_failed + 30.0)
    return log_beta_binomial(failed, runs, ordinary) - log_beta_binomial(failed, runs, COMMON_CONTROLS)


def share_factor(exposed_failures: float, other_failures: float) -> float:
    """log Bayes factor for the first story from how many of the failures were exposed."""
    total = exposed_failures + other_failures
    genuine = log_beta_binomial(exposed_failures, total, GENUINE_SHARE)
    return genuine - log_beta_binomial(exposed_failures, total, COMMON_SHARE)


def dose_factor(hits: float, trials: float) -> float:
    """log Bayes factor for the first story from how many of the exposed runs failed."""
    return log_beta_binomial(hits, trials, GENUINE_DOSE) - log_beta_binomial(hits, trials, COMMON_DOSE)


def own_metrics_factor(moved: bool | None) -> float:
    """log Bayes factor for the first story from the job's own metrics at its exposed failures.

    A load that makes the job fail shows in its own metrics most of the time; missing inputs seldom do. Metrics that
    stayed still say little, for the right one may not be among them.
    """
    return 0.0 if moved is None else -2.0 if moved else 0.3


def kinds_factor(log_alike: float) -> float:
    """log Bayes factor for the first story from whether exposed and other failures are of the same kinds."""
    return -max(-6.0, min(log_alike, ALIKE_AT_MOST))
