"""The measures of sources, read when they are asked for: times as timestamps, so that nobody needs to ask often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from web import reading
from web.context import context
from web.freshness import SourceView

Value = float | None

GAUGES: Final[tuple[tuple[str, str, Callable[[SourceView], Value]], ...]] = (
    ("reached", "1 where the last pull of the source worked.", lambda view: view.reached),
    ("needs_person", "1 where it fails until somebody does something.", lambda view: view.needs_person),
    ("failures_in_a_row", "Pulls that failed since the last good one.", lambda view: view.failures_in_a_row),
    (
        "last_good_pull_timestamp_seconds",
        "When the last pull ended that was read to its end.",
        lambda view: view.last_good_pull.timestamp() if view.last_good_pull else None,
    ),
    (
        "newest_event_timestamp_seconds",
        "Time of the newest event the source gave.",
        lambda view: view.newest_event.timestamp() if view.newest_event else None,
    ),
    ("set_aside_items", "Items that could not be used and are kept with their reason.", lambda view: view.set_aside),
    ("notices", "Things the source cannot give, or gives less of.", lambda view: len(view.notices)),
    ("last_pull_requests", "Requests of the last pull, repeats included.", lambda view: view.requests),
    ("clock_offset_seconds", "The source's clock minus ours.", lambda view: view.clock_offset_seconds),
)


class SourceMeasures(Collector):
    """Gauges of every source there is now; one that is gone leaves no old value behind."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the store is asked when the measures are."""
        return []

    def collect(self) -> Iterator[Metric]:
        engine = context().engine
        state = reading.freshness(engine)
        for name, text, value_of in GAUGES:
            yield _by_source(name, text, [(view.name, value_of(view)) for view in state.sources])
        numbers = reading.attempt_numbers(engine)
        shares: list[tuple[str, Value]] = [(name, one.share) for name, one in sorted(numbers.items())]
        yield _by_source("attempt_number_ratio", "Share of the jobs' latest runs that say their attempt.", shares)
        yield from _limits(state.sources)
        if state.newest_event:
            newest = GaugeMetricFamily("correlator_newest_event_timestamp_seconds", "Time of the newest event stored.")
            newest.add_metric([], state.newest_event.timestamp())
            yield newest


def _by_source(name: str, text: str, values: list[tuple[str, Value]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"correlator_source_{name}", text, labels=["source"])
    for source, value in values:
        if value is not None:
            family.add_metric([source], float(value))
    return family


def _limits(views: tuple[SourceView, ...]) -> Iterator[Metric]:
    """The vendors' rate limits, as far as their last answers told them."""
    labels = ["source", "limit"]
    left = GaugeMetricFamily("correlator_source_rate_limit_remaining_requests", "Requests left.", labels=labels)
    whole = GaugeMetricFamily("correlator_source_rate_limit_requests", "Requests a period.", labels=labels)
    reset = GaugeMetricFamily(
        "correlator_source_rate_limit_reset_timestamp_seconds", "When the limit begins anew.", labels=labels
    )
    for view in views:
        for limit in view.limits:
            at = limit.resets_at.timestamp() if limit.resets_at else None
            for family, value in ((left, limit.remaining), (whole, limit.limit), (reset, at)):
                if value is not None:
                    family.add_metric([view.name, limit.name], float(value))
    yield from (left, whole, reset)
