"""The pipelines stories are played on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from correlator.simulation.clock import Calendar
from correlator.simulation.platform import Job, Measured
from correlator.simulation.troubles import Noise, Trouble

HOURLY: Final = 60
EVERY_DAY: Final = 24 * 60


def hourly_pipeline(weekdays: frozenset[int] = frozenset(range(7)), attempts: int = 3) -> tuple[Job, ...]:
    """Two ingests feed one materialisation, it feeds the segments, they feed two exports; a report stands apart."""

    def at(minute: int) -> Calendar:
        return Calendar(HOURLY, minute, weekdays)

    return (
        Job("ingest_events", at(0), 9, 36, ready_after_minutes=14, attempts=attempts, backoff_minutes=6),
        Job("ingest_profiles", at(2), 8, 36, ready_after_minutes=14, attempts=attempts, backoff_minutes=6),
        Job("materialise_profiles", at(18), 4, 90, ("ingest_events", "ingest_profiles"), "waits", 7, attempts),
        Job("build_segments", at(27), 4, 90, ("materialise_profiles",), "waits", 8, attempts),
        Job("export_ads", at(38), 3, 15, ("build_segments",), "fails", 5, attempts, 12),
        Job("export_email", at(41), 4, 15, ("build_segments",), "fails", 6, attempts, 12),
        Job("report_usage", at(50), 2, 15, (), "fails", 4, attempts),
    )


def platform_pipeline(phase: int) -> tuple[Job, ...]:
    """The demo's: a daily line whose segments feed hourly exports, and an hourly line beside it.

    `phase` is the minute of the day (UTC) at which the daily ingest is due; everything else is due relative to it.
    """

    def daily(minute: int) -> Calendar:
        return Calendar(EVERY_DAY, (phase + minute) % EVERY_DAY)

    def hourly(minute: int) -> Calendar:
        return Calendar(HOURLY, (phase + minute) % HOURLY)

    return (
        Job("ingest_orders", daily(0), 8, 100, ready_after_minutes=13, backoff_minutes=2),
        Job("materialise_profiles", daily(14), 4, 240, ("ingest_orders",), "waits", 7),
        Job("build_segments", daily(22), 3, 240, ("materialise_profiles",), "waits", 6),
        Job("export_email", hourly(45), 3, 20, ("build_segments",), "fails", 5, 3, 40, 2.0),
        Job("export_ads", hourly(50), 4, 20, ("build_segments",), "fails", 6, 3, 40, 2.0),
        Job("ingest_events", hourly(4), 8, 30, ready_after_minutes=13, backoff_minutes=6),
        Job("materialise_events", hourly(19), 4, 60, ("ingest_events",), "waits", 7),
        Job("export_onsite", hourly(33), 3, 15, ("materialise_events",), "fails", 5, 3, 12),
        Job("report_usage", daily(600), 12, 60, (), "fails", 15),
    )


def ordinary(
    jobs: tuple[Job, ...], chance: float = 0.003, upstream_chance: float | None = None
) -> dict[str, tuple[Trouble, ...]]:
    """Every job fails now and then for no reason of interest; jobs that others read may do so more seldom."""
    read = {name for job in jobs for name in job.upstreams}
    seldom = chance if upstream_chance is None else upstream_chance
    return {job.name: (Noise(seldom if job.name in read else chance),) for job in jobs}


def beset(
    troubles: Mapping[str, tuple[Trouble, ...]], more: Mapping[str, tuple[Trouble, ...]]
) -> dict[str, tuple[Trouble, ...]]:
    """The troubles with some jobs' own added."""
    return {name: (*troubles.get(name, ()), *more.get(name, ())) for name in (*troubles, *more)}


def watched(*jobs: str, loaded: tuple[str, ...] = ()) -> tuple[Measured, ...]:
    """Memory and CPU of these jobs; the memory of the loaded ones follows the tenant's volume."""
    measured = []
    for job in jobs:
        measured.append(Measured("memory_gib", job, 7.5, 2.6, 0.2, 1.0, 16.0, job in loaded))
        measured.append(Measured("cpu_percent", job, 42.0, 2.0, 6.0, 0.0, 100.0, False))
    return tuple(measured)
