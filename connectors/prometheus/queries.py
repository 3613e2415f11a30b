"""PromQL from a template: the jobs and tenants of interest filled in, and the step.

`$job` and `$tenant` become regular expressions for `=~`, `$step` a duration such as `60s`. `$job` must be there: of
most jobs nobody wants to know more than that all is well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Template
from typing import Final

from correlator.errors import SettingsError

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_KNOWN: Final = frozenset({"job", "tenant", "step"})
EVERY: Final = ".*"


def filled(template: str, jobs: Iterable[str] | None, tenants: Iterable[str] | None, step_seconds: int) -> str:
    """The query; None stands for all jobs, or all tenants.

    >>> filled('max by (job) (lag{job=~"$job"})', ["load.ads", "load"], None, 60)
    'max by (job) (lag{job=~"load|load\\\\\\\\.ads"})'
    """
    values = {"job": alternatives(jobs), "tenant": alternatives(tenants), "step": f"{step_seconds}s"}
    return Template(template).substitute(values)


def alternatives(names: Iterable[str] | None) -> str:
    """A regular expression of Prometheus' for one of these names, as it stands between double quotes."""
    if names is None:
        return EVERY
    pattern = "|".join(_SPECIAL.sub(lambda found: "\\" + found.group(), name) for name in sorted(set(names)))
    return pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def check_template(name: str, template: object, where: str) -> str:
    """The template as a text. Raises SettingsError for one that cannot be filled in."""
    if not isinstance(template, str) or not template.strip():
        raise SettingsError(f"{where}: `prometheus.metrics`: {name} is no query: {template!r}", hint=_EXAMPLE)
    parsed = Template(template)
    if not parsed.is_valid():
        raise SettingsError(
            f"{where}: `prometheus.metrics`: {name}: a $ that starts no name: {template}", hint="write $$ for a $"
        )
    if unknown := sorted(set(parsed.get_identifiers()) - _KNOWN):
        raise SettingsError(
            f"{where}: `prometheus.metrics`: {name}: there is no ${unknown[0]}",
            hint="there are $job, $tenant and $step",
        )
    if "job" not in parsed.get_identifiers():
        raise SettingsError(
            f"{where}: `prometheus.metrics`: {name}: no $job in it, so all jobs would be read: {template}",
            hint=_EXAMPLE,
        )
    return template


_EXAMPLE: Final = 'for example job.memory_bytes: max by (job) (container_memory_bytes{job=~"$job"})'
