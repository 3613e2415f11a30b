"""The pictures of docs/methods, from simulated data: one small SVG a method.

    python -m benchmarks.method_pictures --out docs/methods/images

The same versions give the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import vl_convert

from benchmarks.nulls import NULLS, effect
from correlator.evidence.charts.theme import LIGHT, config
from correlator.evidence.rendering import VEGA_LITE
from correlator.history.alignment import hour_strata, window_strata
from correlator.statistics.change_point import rate_increase
from correlator.statistics.coincidence import Unit, find_windows
from correlator.statistics.shift import level_shift
from correlator.statistics.stratified import hypergeometric, stratified_test
from correlator.statistics.time_of_day import bad_hours
from correlator.statistics.two_stories import controls_factor

HOUR, DAY, WIDTH, HEIGHT = 60, 1440, 620, 200
Specification = dict[str, Any]


def _data(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _sized(chart: alt.Chart | alt.LayerChart, title: str) -> Specification:
    specification: Specification = chart.properties(width=WIDTH, height=HEIGHT, title=title).to_dict()
    return specification | {"background": LIGHT.paper, "config": config(LIGHT)}


def exact_test() -> Specification:
    """The distribution of exposed failures given the margins, and what was seen."""
    distribution, low = np.ones(1), 0
    for runs, exposed, failed in ((6, 2, 1), (6, 1, 2), (6, 3, 2), (6, 2, 2), (6, 1, 1), (6, 2, 1), (6, 3, 3)):
        least, pmf = hypergeometric(runs, exposed, failed)
        distribution, low = np.convolve(distribution, pmf), low + least
    seen = 9
    rows = [{"k": low + k, "p": float(p), "tail": low + k >= seen} for k, p in enumerate(distribution)]
    colour = alt.Color(
        "tail:N", scale=alt.Scale(domain=[False, True], range=[LIGHT.waiting, LIGHT.failed]), legend=None
    )
    bars = (
        _data(rows)
        .mark_bar()
        .encode(
            x=alt.X("k:O", title="failures among the exposed runs", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("p:Q", title="probability"),
            color=colour,
        )
    )
    tail = sum(row["p"] for row in rows if row["tail"])
    return _sized(bars, f"Seven windows of six runs, 12 failures. Seen: {seen} or more with p = {tail:.2g} (red)")


def e_process() -> Specification:
    """p-value and e-value looked at every day: under chance, and with an effect."""
    rows = []
    for name, breaks in (("chance", 0.0), ("every third exposed run breaks", 1 / 3)):
        rng = np.random.default_rng(5)
        pair = effect(rng, NULLS["plain"](rng, 60 * 24), breaks)
        due = np.arange(60 * 24) * 3_600_000_000
        for day in range(4, 61):
            use = slice(0, day * 24)
            strata = (window_strata(due[use]), hour_strata(due[use]))
            found = [stratified_test(s, pair.exposed[use], pair.failed[use]) for s in strata]
            rows.append({"day": day, "log": float(np.log10(min(r.e_value for r in found))), "history": name})
    lines = (
        _data(rows)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title="days of history"),
            y=alt.Y("log:Q", title="log10 of the e-value"),
            color=alt.Color(
                "history:N", scale=alt.Scale(range=[LIGHT.accent, LIGHT.waiting]), legend=alt.Legend(orient="top-left")
            ),
            strokeDash=alt.StrokeDash("history:N", legend=None),
        )
    )
    bar = _data([{"log": float(np.log10(200))}]).mark_rule(color=LIGHT.failed, strokeDash=[4, 3]).encode(y="log:Q")
    return _sized(lines + bar, "The e-value of one edge, looked at every day; red: 200")


def change_point() -> Specification:
    """Where a failure rate rose."""
    rng, at = np.random.default_rng(2), 260
    failed = rng.random(500) < np.where(np.arange(500) < at, 0.03, 0.18)
    found = rate_increase(failed)
    assert found is not None
    rows = [{"run": int(n), "kind": "failed"} for n in np.flatnonzero(failed)]
    band = _data([{"from": found.earliest, "to": found.latest}]).mark_rect(color=LIGHT.band, opacity=0.8)
    steps = [{"run": n, "rate": found.before_rate if n < found.index else found.after_rate} for n in range(0, 500, 5)]
    line = _data(steps).mark_line(interpolate="step-after", color=LIGHT.accent, strokeWidth=2)
    ticks = _data(rows).mark_tick(color=LIGHT.failed, thickness=1.5, height=18, yOffset=-10)
    layers = alt.layer(
        band.encode(x=alt.X("from:Q", title="run"), x2="to:Q"),
        line.encode(x="run:Q", y=alt.Y("rate:Q", title="failure rate", scale=alt.Scale(domain=[0, 0.3]))),
        ticks.encode(x="run:Q", y=alt.datum(0.0)),
    )
    return _sized(layers, f"Red: failed runs. Planted change at run {at}; found at {found.index}, interval shaded")


def episodes() -> Specification:
    """Failures of five jobs with two planted outages."""
    rng = np.random.default_rng(8)
    units, rows = [], []
    for number in range(5):
        start = np.arange(7 * 24) * HOUR + int(rng.integers(0, HOUR))
        failed = rng.random(len(start)) < 0.03
        for begin in (2 * DAY + 600, 5 * DAY + 90):
            failed |= (start >= begin) & (start < begin + 150)
        units.append(Unit(start, failed))
        rows += [{"day": float(t) / DAY, "job": f"job {number + 1}"} for t in start[failed]]
    found = find_windows(units, 3 * HOUR, DAY)
    bands = [{"from": (w.start - 20) / DAY, "to": (w.end + 20) / DAY} for w in found]
    x = alt.X("day:Q", title="day", scale=alt.Scale(domain=[0, 7]))
    band = _data(bands).mark_rect(color=LIGHT.band).encode(x=alt.X("from:Q", title="day"), x2="to:Q")
    marks = _data(rows).mark_tick(color=LIGHT.failed, thickness=2).encode(x=x, y=alt.Y("job:N", title=None))
    return _sized(band + marks, "First failures of five jobs that do not know one another; shaded: found outages")


def controls() -> Specification:
    """What controls say, by how many of them fail."""
    rows = [
        {"share": k / n, "factor": controls_factor(k, n, 6, 300), "controls": f"{n} controls"}
        for n in (5, 20, 60)
        for k in range(n + 1)
        if k / n <= 0.5
    ]
    lines = (
        _data(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("share:Q", title="share of the controls that fail", axis=alt.Axis(format="%")),
            y=alt.Y("factor:Q", title="log Bayes factor for the upstream"),
            color=alt.Color("controls:N", scale=alt.Scale(range=[LIGHT.accent, LIGHT.waiting, LIGHT.timed_out])),
        )
    )
    zero = _data([{"y": 0}]).mark_rule(color=LIGHT.soft).encode(y="y:Q")
    return _sized(lines + zero, "Unexposed runs at the same level of load; two in a hundred fail ordinarily")


def metric_shift() -> Specification:
    """A metric before events, against the same hours of quiet days."""
    rng = np.random.default_rng(4)
    at = np.arange(0, 14 * DAY, 20)
    value = 10 + 3 * np.sin(2 * np.pi * (at / DAY - 0.25)) + rng.normal(0, 0.4, len(at))
    events = np.array([4, 8, 11]) * DAY + 15 * HOUR
    for event in events:
        value[(at > event - 100) & (at <= event)] += 5
    found = level_shift(at, value, events, events, HOUR, DAY)
    assert found is not None
    rows = [{"day": float(t) / DAY, "value": float(v)} for t, v in zip(at, value, strict=True)]
    x = alt.X("day:Q", title="day")
    line = _data(rows).mark_line(color=LIGHT.soft, strokeWidth=1).encode(x=x, y=alt.Y("value:Q", title="memory, GiB"))
    marks = _data([{"day": float(e) / DAY} for e in events]).mark_rule(color=LIGHT.failed).encode(x=x)
    return _sized(line + marks, f"Red: trouble of the root. Score {found.score:.1f} robust standard deviations")


def time_of_day() -> Specification:
    """Failures on the clock face."""
    rng = np.random.default_rng(9)
    hour = np.arange(28 * 24) % 24
    failed = rng.random(len(hour)) < np.where((hour >= 22) | (hour < 3), 0.2, 0.02)
    found = bad_hours(hour, failed)
    assert found is not None
    inside = [(h - found.start) % 24 < found.hours for h in range(24)]
    rows = [{"hour": h, "failures": int(failed[hour == h].sum()), "in": inside[h]} for h in range(24)]
    colour = alt.Color("in:N", scale=alt.Scale(domain=[False, True], range=[LIGHT.waiting, LIGHT.failed]), legend=None)
    bars = (
        _data(rows)
        .mark_bar()
        .encode(
            x=alt.X("hour:O", title="hour of the day (UTC)", axis=alt.Axis(labelAngle=0)), y="failures:Q", color=colour
        )
    )
    return _sized(bars, f"From {found.start:02d}:00 for {found.hours} hours; corrected p = {found.p_value:.1g}")


PICTURES: dict[str, Callable[[], Specification]] = {
    "exact-test": exact_test,
    "e-value": e_process,
    "change-point": change_point,
    "episodes": episodes,
    "two-stories": controls,
    "metric-shift": metric_shift,
    "time-of-day": time_of_day,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PICTURES.items():
        text = vl_convert.vegalite_to_svg(make(), vl_version=VEGA_LITE, allowed_base_urls=[])
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
