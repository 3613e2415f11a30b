"""A handover as it is drafted from what is known. Pure."""

from __future__ import annotations

from correlator.handover.conditions import conditions
from correlator.handover.done import actions, changed
from correlator.handover.facts import Draft, Part, Section
from correlator.handover.known import Known
from correlator.handover.limits import ruled_out, unseen
from correlator.handover.needs import decisions, needs


def draft_of(known: Known) -> Draft:
    """All sections, in the order they are read."""
    made = {
        Part.CONDITIONS: tuple(conditions(known)),
        Part.ACTIONS: tuple(actions(known)),
        Part.NEEDS: tuple(needs(known)),
        Part.RULED_OUT: tuple(ruled_out(known)),
        Part.UNSEEN: tuple(unseen(known)),
        Part.NEXT: tuple(decisions(known)),
    }
    sections = [Section(part, items) for part, items in made.items()]
    made[Part.CHANGED] = tuple(changed(known, sections))
    whole = tuple(Section(part, made[part]) for part in Part)
    return Draft(known.now, known.data_as_of, known.since, known.after, whole)
