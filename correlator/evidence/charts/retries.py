"""Retry debt over time: what failed first and passed later, what never passed, and the time it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from correlator.evidence.charts.axes import round_domain
from correlator.evidence.charts.theme import (
    Palette,
    Spec,
    finished,
    layer,
    palette,
    panel,
    time,
    time_axis,
    told,
    value,
    value_axis,
)
from correlator.evidence.charts.timeline import bounds
from correlator.evidence.rows import AttemptRow
from correlator.model import FAILURES, Finding, Status
from correlator.text.quantities import number, one_line

_DAY: Final = 86_400_000_000
BARS: Final = 70


@dataclass(slots=True)
class Debt:
    """One stretch of time. `minutes` are those of failed attempts and of the waiting until the run passed."""

    retried: int = 0
    lost: int = 0
    minutes: float = 0.0


def retry_chart(finding: Finding, rows: Sequence[AttemptRow], *, dark: bool = False) -> Spec | None:
    """A Vega-Lite specification of three panels, each with its own title; None when nothing failed first."""
    debts = retry_debts(finding, rows)
    if not any(debt.retried or debt.lost for debt in debts.values()):
        return None
    colours = palette(dark)
    step = _step(finding, rows)
    each = "day" if step == _DAY else f"{step // _DAY} days"
    panels = (
        ("retried", f"Runs of {finding.job} that passed only on a retry, by {each}", colours.band),
        ("lost", f"Runs that failed and never passed, by {each}", colours.failed),
        ("minutes", f"Minutes lost to failed attempts and waiting, by {each}", colours.waiting),
    )
    drawn = [_panel(debts, step, *one, colours) for one in panels]
    return finished(drawn, colours, f"Retry debt of {finding.job}, by {each}")


def retry_debts(finding: Finding, rows: Sequence[AttemptRow]) -> dict[int, Debt]:
    """By the start of each stretch (µs): the runs of the job whose first attempt failed."""
    mine = sorted((row for row in rows if row.job == finding.job), key=lambda row: (row.logical_run_id, row.started_at))
    step = _step(finding, rows)
    debts: dict[int, Debt] = {}
    for _, group in groupby(mine, key=lambda row: row.logical_run_id):
        run = list(group)
        debt = debts.setdefault(run[0].started_at // step * step, Debt())
        if run[0].status in FAILURES:
            _add(debt, run)
    return debts


def _add(debt: Debt, run: list[AttemptRow]) -> None:
    passed = next((row for row in run if row.status == Status.SUCCESS), None)
    debt.retried += passed is not None
    debt.lost += passed is None
    end = passed.started_at if passed else (run[-1].finished_at or run[-1].started_at)
    debt.minutes = round(debt.minutes + (end - run[0].started_at) / 60_000_000, 3)


def _step(finding: Finding, rows: Sequence[AttemptRow]) -> int:
    """A day, or as many days as leave no more than `BARS` bars."""
    low, high = bounds(finding, rows)
    days = max((high - low) // _DAY + 1, 1)
    return _DAY * -(-days // BARS)


def _panel(debts: dict[int, Debt], step: int, name: str, title: str, paint: str, colours: Palette) -> Spec:
    values = [
        {"from": at // 1000, "to": (at + step) // 1000, "zero": 0, "value": getattr(debt, name)}
        for at, debt in sorted(debts.items())
    ]
    told_values = [each | {"words": number(each["value"])} for each in values]
    most = round_domain(0, max(max(each["value"] for each in values), 1))[1]
    encoding = {
        "x": time("from", [values[0]["from"], values[-1]["to"]], time_axis()),
        "x2": {"field": "to"},
        "y": value("value", (0, most), value_axis(tickMinStep=1)),
        "y2": {"field": "zero"},
        **told(),
    }
    bars = layer(told_values, "bar", encoding, fill=paint, stroke=colours.ink, strokeWidth=0.6)
    return panel([bars], 70, one_line(title, 120))
