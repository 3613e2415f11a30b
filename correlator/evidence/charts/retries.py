"""Retry debt over time: what failed first and passed later, what never passed, and the time it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import altair as alt

from correlator.evidence.attempts import AttemptRow
from correlator.evidence.charts.theme import WIDTH, Palette, chart, finished, palette, time_axis
from correlator.model import FAILURES, Finding, Status
from correlator.quantities import one_line
from correlator.tables.frames import to_micros

_DAY: Final = 86_400_000_000
BARS: Final = 70


@dataclass(slots=True)
class Debt:
    """One stretch of time. `minutes` are those of failed attempts and of the waiting until the run passed."""

    retried: int = 0
    lost: int = 0
    minutes: float = 0.0


def retry_chart(finding: Finding, rows: Sequence[AttemptRow], *, dark: bool = False) -> dict[str, Any] | None:
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
        ("minutes", f"Minutes burnt by failed attempts and waiting, by {each}", colours.waiting),
    )
    return finished(alt.vconcat(*(_panel(debts, step, *panel, colours) for panel in panels)), colours)


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
    low, high = _bounds(finding, rows)
    days = max((high - low) // _DAY + 1, 1)
    return _DAY * -(-days // BARS)


def _bounds(finding: Finding, rows: Sequence[AttemptRow]) -> tuple[int, int]:
    if finding.window_start is not None and finding.window_end is not None:
        return to_micros(finding.window_start), to_micros(finding.window_end)
    starts = [row.started_at for row in rows] or [0]
    return min(starts), max(starts)


def _panel(debts: dict[int, Debt], step: int, name: str, title: str, paint: str, colours: Palette) -> alt.Chart:
    ordered = sorted(debts.items())
    values = [
        {"from": at // 1000, "to": (at + step) // 1000, "zero": 0, "value": getattr(debt, name)} for at, debt in ordered
    ]
    bars = chart(values).mark_bar(color=paint, stroke=colours.ink, strokeWidth=0.6)
    scale = alt.Scale(type="utc", domain=[values[0]["from"], values[-1]["to"]])
    drawn: alt.Chart = bars.encode(
        x=alt.X("from:T", scale=scale, axis=time_axis("%b %d")),
        x2="to:T",
        y=alt.Y("value:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)),
        y2="zero:Q",
    ).properties(width=WIDTH, height=70, title=alt.TitleParams(one_line(title, 120)))
    return drawn
