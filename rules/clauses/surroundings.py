"""Clauses about what stood around the failures: metrics, monitors, changes, places, outages, layers, hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from correlator.model import Episode, Finding, MetricEvidence, MonitorSeen
from correlator.text.quantities import number, one_line, percent, plural
from rules import measures
from rules.clauses.compiled import NO_DATA, Compiled, as_list, either
from rules.clauses.plain import in_range, range_words
from rules.patterns import any_of


def metric(name: str, wanted: Any) -> Compiled:
    patterns, direction = as_list(wanted["name"]), wanted["moved"]
    fits, least = any_of(patterns), wanted.get("score_at_least", 0.0)

    def named(finding: Finding) -> list[MetricEvidence]:
        return [metric for metric in finding.metrics if fits(metric.metric)]

    def holds(finding: Finding) -> bool:
        return any(_goes(metric, direction) and abs(metric.score) >= least for metric in named(finding))

    def seen(finding: Finding) -> str:
        return "; ".join(f"{metric.metric} {_direction(metric)}" for metric in named(finding)) or NO_DATA

    words = f"{either(patterns)} moved {direction}" if direction != "no" else f"{either(patterns)} did not move"
    return Compiled(name, words + (f" by a score of {number(least)}" if least else ""), holds, seen)


def _goes(metric: MetricEvidence, direction: str) -> bool:
    return _direction(metric) == direction or (direction == "any" and metric.moved)


def _direction(metric: MetricEvidence) -> str:
    if not metric.moved:
        return "no"
    return "up" if metric.score > 0 else "down"


def monitor(name: str, wanted: Any) -> Compiled:
    patterns, states = as_list(wanted.get("name", "*")), as_list(wanted.get("state", ()))
    fits, share, before = any_of(patterns), wanted.get("share_at_least", 0.0), wanted.get("minutes_before", {})

    def concerned(finding: Finding) -> list[MonitorSeen]:
        return [one for one in finding.monitors if fits(one.title) or fits(one.monitor_id)]

    def good(one: MonitorSeen) -> bool:
        in_state = not states or one.state in states
        return in_state and one.failures >= share * one.of and in_range(one.minutes_before, before)

    return Compiled(
        name,
        _monitor_words(patterns, states, wanted),
        lambda finding: any(good(one) for one in concerned(finding)),
        lambda finding: "; ".join(_monitor_seen(one) for one in concerned(finding)) or NO_DATA,
    )


def _monitor_words(patterns: list[str], states: list[str], wanted: Mapping[str, Any]) -> str:
    words = f"a monitor called {either(patterns)} that went to {either(states) or 'any state of trouble'}"
    if "share_at_least" in wanted:
        words += f" near at least {percent(wanted['share_at_least'])} of the failed runs"
    return words + (f", {range_words(wanted['minutes_before'])} min before" if "minutes_before" in wanted else "")


def _monitor_seen(one: MonitorSeen) -> str:
    beside = f"{number(abs(one.minutes_before))} min {'before' if one.minutes_before >= 0 else 'after'}"
    name = one_line(one.title or one.monitor_id, 80)
    return f"{name} went to {one.state} near {one.failures} of {plural(one.of, 'failed run')}, {beside}"


def change(name: str, wanted: Any) -> Compiled:
    limit, patterns = wanted["within_minutes"], as_list(wanted.get("title", "*"))
    fits = any_of(patterns)

    def holds(finding: Finding) -> bool:
        return any(0 <= change.minutes_before_onset <= limit and fits(change.title) for change in finding.changes)

    def seen(finding: Finding) -> str:
        rows = (f"{c.change_id} {number(c.minutes_before_onset)} min before" for c in finding.changes)
        return one_line("; ".join(rows)) or "no change nearby"

    words = f"a change at most {number(limit)} min before the onset, titled {either(patterns)}"
    return Compiled(name, words, holds, seen)


def scope(name: str, wanted: Any) -> Compiled:
    kind = wanted["kind"]
    low, high = wanted.get("affected_at_least", 0), wanted.get("affected_at_most", float("inf"))

    def counted(finding: Finding) -> tuple[int, int]:
        rows = [row for row in finding.scope if row.kind == kind]
        return sum(row.affected > 0 for row in rows), len(rows)

    def holds(finding: Finding) -> bool:
        affected, rows = counted(finding)
        return rows > 0 and low <= affected <= high

    def seen(finding: Finding) -> str:
        affected, rows = counted(finding)
        return f"{affected} of {plural(rows, kind)} affected" if rows else NO_DATA

    words = " and ".join(f"{key.replace('_', ' ')} {value}" for key, value in wanted.items() if key != "kind")
    return Compiled(name, f"{kind}s {words}", holds, seen)


def episode(name: str, wanted: Any) -> Compiled:
    patterns, least = as_list(wanted.get("scope", "*")), wanted.get("jobs_at_least", 0)
    fits = any_of(patterns)

    def good(episode: Episode) -> bool:
        return fits(episode.scope) and len(episode.jobs) >= least

    def seen(finding: Finding) -> str:
        rows = (f"{episode.scope} ({plural(len(episode.jobs), 'job')})" for episode in finding.episodes)
        return one_line(", ".join(dict.fromkeys(rows))) or NO_DATA

    words = f"an episode of {either(patterns)}" + (f" that hit at least {plural(least, 'job')}" if least else "")
    return Compiled(name, words, lambda finding: any(good(episode) for episode in finding.episodes), seen)


def layer(name: str, wanted: Any) -> Compiled:
    patterns, results = as_list(wanted["name"]), as_list(wanted["result"])
    fits = any_of(patterns)

    def holds(finding: Finding) -> bool:
        return any(layer.result in results and fits(layer.layer) for layer in finding.layers)

    def seen(finding: Finding) -> str:
        return "; ".join(f"{row.layer} {row.result}" for row in finding.layers if fits(row.layer)) or NO_DATA

    return Compiled(name, f"{either(patterns)} {either(results)}", holds, seen)


def hours(name: str, wanted: Any) -> Compiled:
    length, share = int(wanted["within"]), wanted["share_at_least"]

    def holds(finding: Finding) -> bool:
        busiest = measures.busiest_hours(finding, length)
        return busiest is not None and busiest.share >= share

    def seen(finding: Finding) -> str:
        busiest = measures.busiest_hours(finding, length)
        return NO_DATA if busiest is None else f"{percent(busiest.share)} at {busiest.span}, over {busiest.days} days"

    words = f"at least {percent(share)} of the failed runs in the same {plural(length, 'hour')} of the day"
    return Compiled(name, words, holds, seen, cost=2)
