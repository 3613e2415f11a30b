"""How often each built-in rule was said where there was nothing to say, as `python -m benchmarks.rules` measured it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from rules.model import Rule

_FILE: Final = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True)
class Measurement:
    """`false_firings` in `job_years` of jobs that fail by chance alone, in `rates` of their runs; `at_most`: the upper
    end of the 95 % interval of the rate. `current`: the rule has not changed since."""

    false_firings: int
    job_years: float
    at_most: float
    rates: tuple[float, ...]
    current: bool

    @property
    def per_job_year(self) -> float:
        return self.false_firings / self.job_years


def measurement_of(rule: Rule) -> Measurement | None:
    """None for a rule that was not measured: one of somebody's own."""
    file = _measured()
    found = file["rules"].get(rule.id)
    if found is None:
        return None
    current = found["version"] == rule.version
    return Measurement(found["false_firings"], file["job_years"], found["at_most"], tuple(file["rates"]), current)


@cache
def _measured() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document
