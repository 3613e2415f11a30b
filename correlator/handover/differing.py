"""What became new, different or over between two drafts: shown beside what was written, never in place of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from correlator.handover.facts import Draft, Item, Part, by_key


@dataclass(frozen=True, slots=True)
class Beside:
    """`changed` are (as it stood, as it stands)."""

    part: Part
    new: tuple[Item, ...] = ()
    changed: tuple[tuple[Item, Item], ...] = ()
    over: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.over)

    def to_dict(self) -> dict[str, Any]:
        return {
            "part": self.part.value,
            "new": [asdict(item) for item in self.new],
            "changed": [{"was": asdict(was), "is": asdict(now)} for was, now in self.changed],
            "over": [asdict(item) for item in self.over],
        }


def beside(part: Part, before: Iterable[Item], after: Iterable[Item]) -> Beside:
    """The facts of one section then and now. Counts that moved are no news."""
    old, new = by_key(before), by_key(after)
    return Beside(
        part,
        tuple(item for key, item in new.items() if key not in old),
        tuple((old[key], item) for key, item in new.items() if key in old and old[key].gist != item.gist),
        tuple(item for key, item in old.items() if key not in new),
    )


def differences(written_from: Draft, now: Draft) -> tuple[Beside, ...]:
    """Of every section that has any."""
    found = (beside(part, written_from.section(part).items, now.section(part).items) for part in Part)
    return tuple(one for one in found if one)


def seal(draft: Draft) -> str:
    """Sixteen hex digits that change when any gist does: what somebody was shown, so that he can say he took it up."""
    essence = [[section.part.value, [[item.key, item.gist] for item in section.items]] for section in draft.sections]
    return hashlib.sha256(json.dumps(essence, ensure_ascii=False).encode()).hexdigest()[:16]
