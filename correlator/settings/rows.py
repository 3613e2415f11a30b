"""What a row of the tables of settings and secrets says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST: Final = 1_000_000_000
MOST_DAYS: Final = 3650
MOST_HOURS: Final = 24 * 365


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. The type of the value is the type of the default; durations end in `_seconds`.

    A number lies from `least` to `most`, both included.
    """

    name: str
    default: str | int | float | bool | dict[str, str] | list[str]
    help: str
    least: float = 0
    most: float = MOST


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that only the environment (or the file `variable`_FILE names) may hold."""

    variable: str
    help: str
