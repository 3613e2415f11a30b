"""How much evidence a verdict takes: more to be raised than to be kept, so that it does not come and go.

A verdict that stands exactly at a bound is over it at one look and under it at the next, and a reader loses trust in
both. So there are two sets of bounds, as in any switch that must not chatter (Schmitt 1938): a verdict is given when
it passes those of `RAISE`, and one that was given is taken back only when it fails those of `KEEP`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a cause must pass to be established, and what doubts leave a verdict open.

    `level`: chance of accusing any upstream wrongly in one look, over all edges with failures together (Bonferroni).
    `e_value`: holds however often the history is looked at; under the null it gets to x once in x edges.
    `log_odds`: of the upstream's story against a common condition behind both jobs.
    `change`: log Bayes factor of an own change of the failure rate.
    `p_value`: of bad hours, and of pressure shown by a metric of the job itself.
    `superiority`: how far from a coin's one half a metric must tell a failure from a pass.
    `fair`: probability that the established causes answer for a fair share of the failures.
    `doubt`: a cause that may answer for a fair share with more than this probability leaves the verdict open.
    `suspect_p_value`, `suspect_log_odds`: an upstream is suspected below the one and above the other.
    `change_in_sight`: log Bayes factor of a change from which on the verdict is left open.
    `confidence`: a verdict is given when it is right with this probability; `accusing`: one that names an upstream,
    for sending somebody else's engineers after a wrong trace costs more than a few more failures.
    """

    level: float
    e_value: float
    log_odds: float
    change: float
    p_value: float
    superiority: float
    fair: float
    doubt: float
    suspect_p_value: float
    suspect_log_odds: float
    change_in_sight: float
    confidence: float
    accusing: float


RAISE: Final = Bounds(
    level=0.05,
    e_value=200.0,
    log_odds=1.5,
    change=4.0,
    p_value=1e-4,
    superiority=0.3,
    fair=0.5,
    doubt=0.3,
    suspect_p_value=0.5,
    suspect_log_odds=-1.0,
    change_in_sight=2.0,
    confidence=0.7,
    accusing=0.85,
)
KEEP: Final = Bounds(
    level=0.5,
    e_value=20.0,
    log_odds=0.0,
    change=2.0,
    p_value=1e-3,
    superiority=0.2,
    fair=0.2,
    doubt=0.6,
    suspect_p_value=0.05,
    suspect_log_odds=0.0,
    change_in_sight=4.0,
    confidence=0.5,
    accusing=0.5,
)
