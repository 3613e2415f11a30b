"""The deep link of a run that may be quoted, kept with the run as the tag `url`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from correlator.links import logs_link, trace_link
from correlator.model import Attempt
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class RunLinks:
    """Links by the settings `datadog.site`, `datadog.links` and `datadog.tags`."""

    settings: Settings

    def linked(self, attempt: Attempt) -> Attempt:
        """The attempt with its link: to its trace where it has one, else to its logs."""
        return replace(attempt, tags={**attempt.tags, "url": self._url(attempt)})

    def _url(self, attempt: Attempt) -> str:
        trace_id, span_id = attempt.tags.get("trace_id"), attempt.tags.get("span_id")
        if trace_id and span_id:
            return trace_link(self.settings, trace_id, span_id, attempt.started_at)
        names = self.settings["datadog.tags"]
        values = ((names["job"], attempt.job), (names["tenant"], attempt.tenant))
        query = " ".join(f'@{name}:"{value}"' for name, value in values if value)
        return logs_link(self.settings, query, attempt.started_at, attempt.finished_at or attempt.started_at)
