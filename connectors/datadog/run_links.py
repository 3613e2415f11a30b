"""The deep link of a run that may be quoted, kept with the run as the tag `url`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from correlator.model import Attempt
from correlator.settings import Settings
from correlator.text.links import run_link


@dataclass(frozen=True, slots=True)
class RunLinks:
    """Links by the settings `datadog.site`, `datadog.links` and `datadog.tags`."""

    settings: Settings

    def linked(self, attempt: Attempt) -> Attempt:
        """The attempt with its link: to its trace where it has one, else to its logs."""
        times = (attempt.started_at, attempt.finished_at)
        url = run_link(self.settings, attempt.job, attempt.tenant, attempt.tags, *times)
        return replace(attempt, tags={**attempt.tags, "url": url})
