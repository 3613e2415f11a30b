"""Beginning, editing and acknowledging a handover."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from correlator.errors import StepRefusedError, UsageError
from correlator.handover.differing import Beside, differences, seal
from correlator.handover.drafting import draft_of
from correlator.handover.facts import TITLES, Draft, Part
from correlator.handover.reading import read_known
from correlator.store.handovers import (
    StoredHandover,
    Version,
    acknowledge_handover,
    add_version,
    begin_handover,
    get_handover,
    writers_of,
)
from correlator.text.persons import person, same_person

LONGEST: Final = 20_000
LONGEST_READ_BACK: Final = 4_000


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wrote. `words`: the text of sections, others stay as they are; `seen`: the version it was written
    on; `taken_up`: the seal of the newer data that was taken up, "" for none."""

    words: Mapping[str, str]
    seen: int
    taken_up: str = ""


def drafted(engine: Engine, now: datetime, tenants: Collection[str] | None = None, before: int | None = None) -> Draft:
    """A handover as the data has it now. Raises StoreError."""
    return draft_of(read_known(engine, now, tenants, before))


def begin(engine: Engine, author: str, tenants: Collection[str] | None, now: datetime) -> tuple[int, bool]:
    """Open a handover with the draft as its first version; gives its id, and False where one was open already."""
    name, draft = person(author), drafted(engine, now, tenants)
    first = Version(1, now, name, draft.words, draft.to_dict(), draft.data_as_of)
    return begin_handover(engine, tenants, name, first)


def news(engine: Engine, stored: StoredHandover, now: datetime) -> tuple[tuple[Beside, ...], str]:
    """What the data says other than what the text was written from, and the seal under which that can be taken up."""
    draft = drafted(engine, now, stored.tenants, stored.id)
    return differences(Draft.from_dict(stored.last.facts), draft), seal(draft)


def edit(engine: Engine, handover_id: int, author: str, change: Edit, now: datetime) -> StoredHandover:
    """Enter the next version. What others wrote meanwhile is never overwritten: StepRefusedError tells of it.

    Raises UsageError for an unknown handover, a missing name, or texts that are too long.
    """
    stored, name = wanted(engine, handover_id), person(author)
    words = {**stored.last.words, **_checked(change.words)}
    facts, as_of = stored.last.facts, stored.last.data_as_of
    if change.taken_up:
        draft = drafted(engine, now, stored.tenants, stored.id)
        if seal(draft) == change.taken_up:
            facts, as_of = draft.to_dict(), draft.data_as_of
    if change.seen != stored.last.version or not add_version(
        engine, handover_id, Version(change.seen + 1, now, name, words, facts, as_of)
    ):
        raise _moved_on(wanted(engine, handover_id))
    return wanted(engine, handover_id)


def acknowledge(
    engine: Engine, handover_id: int, receiver: str, read_back: str, seen: int, now: datetime
) -> StoredHandover:
    """Somebody who wrote no part of it takes over. From then on it stays as it is.

    Raises UsageError for an unknown handover or a missing name, StepRefusedError for a writer, or a version that is
    not the last.
    """
    stored, name = wanted(engine, handover_id), person(receiver)
    if len(read_back) > LONGEST_READ_BACK:
        raise UsageError(f"what is read back is longer than {LONGEST_READ_BACK:,} characters", hint="say it in short")
    if any(same_person(name, writer) for writer in [stored.author, *writers_of(engine, handover_id)]):
        raise StepRefusedError(
            f"{name} wrote a part of this handover", hint="it is acknowledged by the one who takes over"
        )
    if seen != stored.last.version or not acknowledge_handover(engine, handover_id, seen, name, read_back.strip(), now):
        raise _moved_on(wanted(engine, handover_id))
    return wanted(engine, handover_id)


def wanted(engine: Engine, handover_id: int) -> StoredHandover:
    """Raises UsageError for an unknown id."""
    found = get_handover(engine, handover_id)
    if found is None:
        raise UsageError(f"there is no handover {handover_id}", hint="the page of handovers lists them")
    return found


def _moved_on(stored: StoredHandover) -> StepRefusedError:
    if stored.acknowledged_at is not None:
        return StepRefusedError(
            f"this handover was acknowledged by {stored.acknowledged_by}: it stays as it is",
            hint="begin the next one",
        )
    return StepRefusedError(
        f"this handover has moved on meanwhile: {stored.last.author} wrote version {stored.last.version}",
        hint="look at what was written, then save again",
    )


def _checked(words: Mapping[str, str]) -> dict[str, str]:
    for name, text in words.items():
        if name not in set(Part):
            raise UsageError(f"there is no section {name!r}", hint=f"one of {', '.join(Part)}")
        if len(text) > LONGEST:
            raise UsageError(f"{TITLES[Part(name)]}: longer than {LONGEST:,} characters", hint="put a link to the rest")
    return {name: text.replace("\r\n", "\n").strip() for name, text in words.items()}
