"""All stories by name; docs, tests and calibration use them."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from correlator.errors import UsageError
from correlator.simulation import customer_data_platform as demo
from correlator.simulation import small_stories as small
from correlator.simulation.story import Story, Told, default_window, tell
from correlator.simulation.writing import write_told

_ALL: Final = (
    Story(
        "customer-data-platform",
        "Six tenants; a premium tenant's exports come out blank when its daily ingest is cut; noise all around.",
        demo.build,
        start=datetime(2026, 3, 2, 3, 38, tzinfo=UTC),
    ),
    Story("upstream-timeout", "The job before hangs under memory pressure; the export fails.", small.upstream_timeout),
    Story("deep-upstream", "An ingest three hops away does; what lies between only runs late.", small.deep_upstream),
    Story("late-upstream", "The job before never fails, it only runs late under pressure.", small.late_upstream),
    Story("mixed-causes", "An upstream cause, and a share of failures of the export's own.", small.mixed_causes),
    Story("alternating-roots", "Two ingests take turns in making the export fail.", small.alternating_roots),
    Story("weekday-calendar", "An upstream cause on a platform that rests at weekends.", small.weekday_calendar),
    Story("shared-outage", "Short outages of the platform fail whatever runs.", small.shared_outage),
    Story("own-change", "A deploy of the export itself makes it fail.", small.own_change),
    Story("slow-worsening", "The export fails a little more often every day.", small.slow_worsening),
    Story("transient", "The export fails at random.", small.transient),
    Story("retry-storm", "Few bad runs by chance, many failed attempts each.", small.retry_storm),
    Story("harmless-upstream", "The job before fails often; the export does not mind.", small.harmless_upstream),
    Story("night-decoy", "Both fail at night, each for its own reasons.", small.night_decoy),
    Story("bursts-decoy", "Both fail in bursts, each in its own.", small.bursts_decoy),
    Story("load-decoy", "Both suffer from high volume, neither from the other.", small.load_decoy),
)
STORIES: Final[dict[str, Story]] = {story.name: story for story in _ALL}


def find_story(name: str) -> Story:
    """Raises UsageError with the nearest known name."""
    if name in STORIES:
        return STORIES[name]
    near = difflib.get_close_matches(name, STORIES, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`correlator simulate --list` names them all"
    raise UsageError(f"there is no story `{name}`", hint=hint)


def tell_story(
    name: str,
    seed: int,
    *,
    start: datetime | None = None,
    until: datetime | None = None,
    days: int | None = None,
) -> Told:
    """Play a story by name. Raises UsageError for an unknown one, or an end before the start."""
    story = find_story(name)
    return tell(story, seed, *default_window(story, start, until, days))


def write_story(
    name: str,
    seed: int,
    folder: Path,
    until: datetime | None = None,
    *,
    start: datetime | None = None,
    days: int | None = None,
) -> Told:
    """Play a story into a folder: the tables, and `truth.json` beside them.

    Same name, seed, start and end: same bytes. With only `until`, the story starts its own length before it. Raises
    UsageError, or InputError when the folder cannot be written.
    """
    told = tell_story(name, seed, start=start, until=until, days=days)
    write_told(told, folder)
    return told
