"""What a handover is drafted from: facts in sections, each with a key by which it is known again later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from correlator.model import iso
from correlator.model.documents import from_document


class Part(StrEnum):
    """The sections, in the order in which they are read: conditions, actions, needs, and what frames them."""

    CONDITIONS = "conditions"
    CHANGED = "changed"
    ACTIONS = "actions"
    NEEDS = "needs"
    RULED_OUT = "ruled_out"
    UNSEEN = "unseen"
    NEXT = "next"


TITLES: Final = {
    Part.CONDITIONS: "Conditions: how things stand",
    Part.CHANGED: "What changed since the last handover",
    Part.ACTIONS: "Actions: what was done",
    Part.NEEDS: "Needs: what is needed, from whom, until when",
    Part.RULED_OUT: "What is ruled out, and why",
    Part.UNSEEN: "What we do not see",
    Part.NEXT: "Next decision",
}
NOTHING: Final = {
    Part.CONDITIONS: "No incident is open and nothing systemic stands.",
    Part.CHANGED: "Nothing changed since the last handover.",
    Part.ACTIONS: "Nobody entered anything.",
    Part.NEEDS: "Nothing is needed of anybody.",
    Part.RULED_OUT: "Nothing is ruled out yet.",
    Part.UNSEEN: "Every source was reached.",
    Part.NEXT: "No time is set.",
}
"""What a section says where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Item:
    """One fact. `gist`: what it says without the counts that move at every look: another gist is news; `tenant`: of
    whom it tells, "" for the platform; `link`: the path of a page, "" where there is none."""

    key: str
    text: str
    gist: str
    tenant: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    part: Part
    items: tuple[Item, ...]

    @property
    def title(self) -> str:
        return TITLES[self.part]

    @property
    def words(self) -> str:
        """The section as a person begins to edit it: one line a fact."""
        return "\n".join(f"- {item.text}" for item in self.items) or NOTHING[self.part]

    def to_dict(self) -> dict[str, Any]:
        return {"part": self.part.value, "title": self.title, "items": [asdict(item) for item in self.items]}


@dataclass(frozen=True, slots=True)
class Draft:
    """All sections at one moment. `data_as_of`: how far the data reached; `since`: from when on things are told that
    were done, and `after`: the handover that was acknowledged then, None where this is the first."""

    made_at: datetime
    data_as_of: datetime | None
    since: datetime
    after: int | None
    sections: tuple[Section, ...]

    def section(self, part: Part) -> Section:
        return next((one for one in self.sections if one.part is part), Section(part, ()))

    @property
    def words(self) -> dict[str, str]:
        """The text of every section, as it is drafted."""
        return {part.value: self.section(part).words for part in Part}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "made_at": iso(self.made_at),
            "data_as_of": iso(self.data_as_of) if self.data_as_of else None,
            "since": iso(self.since),
            "after": self.after,
            "sections": [section.to_dict() for section in self.sections],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Draft:
        """The inverse of `to_dict`."""
        return from_document(cls, document, "handover")


def counted(items: Sequence[Item], most: int, rest: str, hidden: int = 0) -> tuple[Item, ...]:
    """The first of the items; the others, and `hidden` more, are said in one: `{n} more {rest}`."""
    left = max(len(items) - most, 0) + hidden
    more = (Item(f"more:{rest}", f"and {left:,} more {rest}", "more"),) if left else ()
    return (*items[:most], *more)


def by_key(items: Iterable[Item]) -> dict[str, Item]:
    return {item.key: item for item in items}
