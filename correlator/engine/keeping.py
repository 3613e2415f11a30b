"""A verdict that was given is kept until something speaks against it, not until nothing speaks for it loudly enough.

What was said before is not taken from a record: it is decided again from the first failures alone, so that one look
gives the same answer as two hundred, and anybody can repeat it. Only where the answer now is inconclusive, and some
verdict is still tenable, are the earlier moments looked at; and never further back than to a third of today's
failures, so that a verdict that was not reached again while the evidence trebled is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.verdicts import Decision, Question, decide, still_tenable
from correlator.model import Verdict

Earlier = Callable[[int], Question]
"""The question as it stood when only the first so many runs of the job were known."""

LOOK_BACK: Final = (1.0, 0.88, 0.75, 0.6, 0.47, 0.34)
"""Shares of today's failures after which the verdict of then is looked up."""


def settled(question: Question, earlier: Earlier) -> Decision:
    """The decision of now; where that is inconclusive, the last verdict given before if it is still tenable."""
    now = decide(question)
    if now.verdict is not Verdict.INCONCLUSIVE:
        return now
    tenable = [held for held in still_tenable(question) if held.verdict is not Verdict.INCONCLUSIVE]
    for runs in _moments(question.causes.failed) if tenable else ():
        before = decide(earlier(runs))
        if before.verdict is not Verdict.INCONCLUSIVE:
            return next((held for held in tenable if held.same_answer(before)), now)
    return now


def _moments(failed: NDArray[np.bool_]) -> Iterator[int]:
    """How many runs were known right after the last failure, and right before later failures, the latest first."""
    places = np.flatnonzero(failed)
    counts = sorted({int(np.ceil(share * len(places))) for share in LOOK_BACK} - {0}, reverse=True)
    for count in counts:
        yield int(places[count]) if count < len(places) else int(places[-1]) + 1
