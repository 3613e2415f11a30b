"""What a mapping says: which facet is which field of a job run, which value which status, which number which time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from connectors.datadog.items import Lookup
from connectors.payloads import UnmappableError, moment, shifted
from correlator.model import Status

KINDS: Final = ("spans", "logs", "ci_pipelines", "events")
"""Which search the items come from."""
LINES: Final = frozenset({"logs", "events"})
"""Kinds whose items tell of a moment of a run, its start or its end; the others tell of whole runs."""
FIELDS: Final = (
    *("job", "tenant", "run_id", "logical_run_id", "attempt", "status", "error", "service", "host"),
    *("scheduled_at", "started_at", "finished_at", "duration"),
)
UNITS: Final[Mapping[str, float]] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Microseconds in one of each."""
STATUSES: Final[Mapping[str, Status]] = {
    **{status.value: status for status in Status},
    **dict.fromkeys(("ok", "succeeded", "passed", "completed", "complete", "finished", "done"), Status.SUCCESS),
    **dict.fromkeys(("error", "failure", "fail", "errored"), Status.FAILED),
    **dict.fromkeys(("timeout", "timedout", "deadline_exceeded"), Status.TIMED_OUT),
    **dict.fromkeys(("canceled", "aborted", "killed", "stopped", "terminated"), Status.CANCELLED),
    **dict.fromkeys(("omitted", "not_run"), Status.SKIPPED),
    **dict.fromkeys(("in_progress", "started"), Status.RUNNING),
}
_PART: Final = re.compile(r"\{([^{}]+)\}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunMapping:
    """One search that gives job runs. `fields`: for each field the places to look, the first that is there counts;
    a place is a facet (`dag_id`), or facets in a pattern (`{dag_id}.{task_id}`), which must all be there."""

    name: str
    kind: str
    query: str = "*"
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=lambda: STATUSES)
    units: Mapping[str, str] = field(default_factory=dict)
    first_attempt: int = 1
    overlap: timedelta | None = None

    @property
    def in_lines(self) -> bool:
        """Whether several items make one run."""
        return self.kind in LINES

    def text(self, find: Lookup, name: str) -> str | None:
        """The field's value as it stands in the item."""
        for place in self.fields.get(name, ()):
            found = find(place) if "{" not in place else _filled(place, find)
            if found is not None:
                return found
        return None

    def called(self, name: str) -> str:
        """How a field that is missing is called in a reason: `` `dag_id` (the job) ``."""
        return f"{self.place(name)} (the {name})" if self.fields.get(name) else f"the {name}"

    def place(self, name: str) -> str:
        """Where a field stands, for a reason: `` `dag_id or job` ``."""
        return _quoted(self.fields.get(name, (name,)))

    def time(self, find: Lookup, name: str) -> datetime | None:
        """A time, in the mapping's unit where it is a number and one is given. Raises UnmappableError."""
        value = self.text(find, name)
        return None if value is None else self.moment(value, name)

    def moment(self, value: object, name: str) -> datetime:
        """A value as the time of this field. Raises UnmappableError."""
        unit = self.units.get(name)
        number = _number(str(value)) if unit else None
        if unit is None or number is None:
            return moment(value, self.place(name))
        return shifted(_EPOCH, _span(number, unit, self.place(name)), self.place(name))

    def duration(self, find: Lookup) -> timedelta | None:
        """How long the run took. Raises UnmappableError for what is no length of time."""
        value = self.text(find, "duration")
        if value is None:
            return None
        number = _number(value)
        if number is None or number < 0:
            raise UnmappableError(f"{self.place('duration')} is no length of time: {value!r}")
        return _span(number, self.units.get("duration", "ns"), self.place("duration"))

    def status(self, find: Lookup) -> Status | None:
        """The status, None where the item does not say. Raises UnmappableError for an unknown word."""
        word = self.text(find, "status")
        if word is None:
            return None
        status = self.statuses.get(status_word(word))
        if status is None:
            raise UnmappableError(f"unknown status {word!r} in {self.place('status')}")
        return status

    def attempt(self, find: Lookup) -> int | None:
        """The attempt's number, counted from 1. Raises UnmappableError for what is none."""
        text = self.text(find, "attempt")
        if text is None:
            return None
        number = _number(text)
        if number is None:
            raise UnmappableError(f"{self.place('attempt')} is not a number: {text!r}")
        counted = number + 1 - self.first_attempt
        if not counted.is_integer() or not 1 <= counted < 2**31:
            raise UnmappableError(f"{self.place('attempt')} must count {self.first_attempt}, …, found {text!r}")
        return int(counted)


def status_word(word: str) -> str:
    """A status as the tables spell it: `Timed-Out` as `timed_out`."""
    return word.lower().replace("-", "_").replace(" ", "_")


@lru_cache(maxsize=1024)
def _quoted(places: tuple[str, ...]) -> str:
    """Asked for with every value, for the reason it would be refused with."""
    return f"`{' or '.join(places)}`"


def _filled(pattern: str, find: Lookup) -> str | None:
    parts = {name: find(name) for name in _PART.findall(pattern)}
    if any(value is None for value in parts.values()):
        return None
    return _PART.sub(lambda match: str(parts[match[1]]), pattern)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _span(number: float, unit: str, called: str) -> timedelta:
    try:
        return timedelta(microseconds=int(number * UNITS[unit]))
    except OverflowError as error:
        raise UnmappableError(f"{called} is too large: {number:g} {unit}") from error
