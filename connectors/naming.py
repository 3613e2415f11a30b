"""What an orchestrator calls a job, as tenant and job: regular expressions from the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from correlator.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Naming:
    """Patterns with the groups `job` and `tenant`; the first that is found in a name counts.

    >>> Naming((re.compile(r"^(?P<tenant>tenant-\\d+)[.](?P<job>.+)$"),)).of("tenant-07.export", "tenant-07.export")
    ('tenant-07', 'export')
    """

    patterns: tuple[re.Pattern[str], ...] = ()

    def of(self, name: str, job: str) -> tuple[str, str]:
        """(tenant, job); `job` is what it is called where no pattern says so, and the tenant is then ""."""
        for pattern in self.patterns:
            if found := pattern.search(name):
                parts = found.groupdict()
                return parts.get("tenant") or "", parts.get("job") or job
        return "", job


def compiled(patterns: Iterable[str], setting: str) -> tuple[re.Pattern[str], ...]:
    """The regular expressions of a setting. Raises SettingsError for one that is none, or has neither group."""
    return tuple(_compiled(text, setting) for text in patterns)


def _compiled(text: str, setting: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise SettingsError(f"{setting}: {text!r} is no regular expression: {error}") from error
    if not {"job", "tenant"} & set(pattern.groupindex):
        raise SettingsError(
            f"{setting}: {text!r} names no part", hint="use the groups (?P<job>...) and (?P<tenant>...)"
        )
    return pattern
