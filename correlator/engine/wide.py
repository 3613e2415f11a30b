"""Episodes that concern several tenants: outages of the whole platform, then those of one place."""

from __future__ import annotations

from collections.abc import Sequence

from correlator.engine.episodes import SharedEpisode
from correlator.engine.pipeline import Pipeline
from correlator.engine.places import place_episodes
from correlator.engine.platform import platform_episodes


def wide_episodes(pipelines: Sequence[Pipeline]) -> tuple[SharedEpisode, ...]:
    """All of them; `pipelines` of all tenants with failures."""
    platform = platform_episodes(pipelines)
    return platform + place_episodes(pipelines, platform)
