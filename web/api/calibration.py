"""Calibration: of the verdicts that were told so sure, how many were right; measured, and shipped with this version."""

from __future__ import annotations

from correlator.engine.confidence import SURE_ENOUGH, Bin, table
from web.api.kinds import Answer
from web.api.routes import get
from web.views.calibration import wilson


class CalibrationBin(Answer, frozen=True, kw_only=True):
    """Verdicts whose confidence lay in `[low, high)`. `right_at_least` and `right_at_most`: the 95 % interval of
    `share_right`; null where there were none."""

    low: float
    high: float
    verdicts: int
    mean_confidence: float
    share_right: float
    right_at_least: float | None
    right_at_most: float | None


class CalibrationTable(Answer, frozen=True, kw_only=True):
    """Measured on `histories` of simulated platforms whose truth is known. `brier`: the mean squared distance between
    confidence and being right, 0 is perfect; `brier_of_average`: of always telling the average. Below `given_from` no
    verdict is given: the finding is inconclusive. `kinds`: by kind of verdict."""

    name: str
    histories: int
    verdicts: int
    share_right: float
    brier: float
    brier_of_average: float
    given_from: float
    reliability: list[CalibrationBin]
    kinds: dict[str, list[CalibrationBin]]


@get("/calibration", tag="rules", answer=CalibrationTable)
def calibration() -> CalibrationTable:
    """How sure is sure: what came of verdicts by the confidence they were told with."""
    shipped = table()
    names = ("name", "histories", "verdicts", "share_right", "brier", "brier_of_average")
    return CalibrationTable(
        **{name: getattr(shipped, name) for name in names},
        given_from=SURE_ENOUGH,
        reliability=[_bin(row) for row in shipped.reliability],
        kinds={kind: [_bin(row) for row in rows] for kind, rows in shipped.kinds.items()},
    )


def _bin(row: Bin) -> CalibrationBin:
    least, most = wilson(row.share_right, row.verdicts) if row.verdicts else (None, None)
    names = ("low", "high", "verdicts", "mean_confidence", "share_right")
    return CalibrationBin(**{name: getattr(row, name) for name in names}, right_at_least=least, right_at_most=most)
