"""Whether what a kind of source or sink stands on is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """What a probe came back with; `unknown` when nobody could be asked."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether one thing that a kind of source or sink stands on is there.

    `permission` is the vendor's name of what the key must be allowed; `said` is what was found, `without` what does
    not work while it is missing; `needed` is False for what can be done without.
    """

    name: str
    found: Found
    permission: str = ""
    said: str = ""
    without: str = ""
    hint: str = ""
    needed: bool = True

    @property
    def fails(self) -> bool:
        """Whether somebody has to do something before the source works."""
        return self.needed and self.found is not Found.OK
