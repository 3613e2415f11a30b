"""Which jobs there are, how often each runs, and what follows on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.registry import build_sources, writing_kinds
from correlator.actions.mode import Mode, mode_of
from correlator.pulling.retention import days_kept
from correlator.settings import Settings

PULL: Final = "pull:"
CORRELATE: Final = "correlate"
ATTACH: Final = "attach"
ACTIONS: Final = "actions"
REPLAY: Final = "replay"
SUMS: Final = "sums"
RETENTION: Final = "retention"
AFTERWARDS: Final = frozenset({ATTACH, ACTIONS, REPLAY, SUMS, RETENTION})
"""Jobs that have nothing to do before a look was made."""
_DAY_SECONDS: Final = 86400


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the scheduler. When it is done and something changed, `followers` run at once."""

    name: str
    every_seconds: int
    followers: tuple[str, ...] = ()


def plan_jobs(settings: Settings) -> tuple[Job, ...]:
    """One pull for each configured source, the look at what changed, the notes where a sink is configured, what rules
    may do where that is turned on, the sums by month, letting go of what is old where that is wanted, and replays of
    the rules, which are begun when they are asked for.

    Raises SettingsError when a source, `actions.mode` or `retention` is configured wrongly: better at the start than at
    every tick. A sink that is configured wrongly stops nothing: each round of notes says so, and writes to the others.
    """
    pulls = [_pull(source.name, settings) for source in build_sources(settings)]
    look_seconds = settings["schedule.correlate_seconds"]
    after = [ATTACH] if writing_kinds(settings) else []
    after += [ACTIONS] if mode_of(settings) is not Mode.NEVER else []
    after.append(SUMS)
    correlate = Job(CORRELATE, look_seconds, followers=tuple(after))
    daily = [RETENTION, REPLAY] if days_kept(settings) else [REPLAY]
    often = (Job(name, look_seconds) for name in after)
    return (*pulls, correlate, *often, *(Job(name, _DAY_SECONDS) for name in daily))


def _pull(source: str, settings: Settings) -> Job:
    return Job(PULL + source, settings["schedule.pull_seconds"])
