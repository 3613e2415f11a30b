"""Which jobs there are, how often each runs, and what follows on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.registry import build_sinks, build_sources
from correlator.settings import Settings

PULL: Final = "pull:"
CORRELATE: Final = "correlate"
ATTACH: Final = "attach"


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the scheduler. When it is done and something changed, `followers` run at once."""

    name: str
    every_seconds: int
    followers: tuple[str, ...] = ()


def plan_jobs(settings: Settings) -> tuple[Job, ...]:
    """One pull for each configured source, the look at what changed, and the notes where a sink is configured.

    Raises SettingsError when a source or sink is configured wrongly: better at the start than at every tick.
    """
    pulls = [_pull(source.name, settings) for source in build_sources(settings)]
    look_seconds = settings["schedule.correlate_seconds"]
    attach = (Job(ATTACH, look_seconds),) if build_sinks(settings) else ()
    correlate = Job(CORRELATE, look_seconds, followers=tuple(job.name for job in attach))
    return (*pulls, correlate, *attach)


def _pull(source: str, settings: Settings) -> Job:
    return Job(PULL + source, settings["schedule.pull_seconds"])
