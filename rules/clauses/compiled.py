"""A clause ready to be asked, and what all makers of clauses share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from correlator.model import Finding
from rules.model import Clause

NO_DATA: Final = "no data"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A clause ready to be asked. `cost` says which of a rule's clauses to ask first: 0 is the cheapest."""

    name: str
    wanted: str
    holds: Callable[[Finding], bool]
    seen: Callable[[Finding], str]
    cost: int = 1

    def judged(self, finding: Finding) -> Clause:
        return Clause(self.name, self.wanted, self.seen(finding), self.holds(finding))


Maker = Callable[[str, Any], Compiled]
"""What makes a clause of its name and of what a rule wants."""


def as_list(wanted: Any) -> list[str]:
    """One text or a list of them, as a list."""
    return [wanted] if isinstance(wanted, str) else list(wanted)


def either(words: Sequence[str]) -> str:
    """`a or b`."""
    return " or ".join(words)
