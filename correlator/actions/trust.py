"""Whether a rule has earned that its action needs no approval: findings of it that people confirmed.

Counted are findings confirmed since a person last dismissed one of the rule's findings, and since its action last did
not help: trust that was lost has to be earned again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from correlator.actions.states import State
from correlator.store.actions import list_actions, steps_of
from correlator.store.finding_events import FindingEvent, all_events
from correlator.store.findings import finding_history

CONFIRM: Final = "confirm"
DISMISS: Final = "dismiss"


def confirmed_findings(engine: Engine, rule_id: str) -> int:
    """How many findings of a rule people confirmed since it was last wrong."""
    judged = [(event, event.step) for event in _by_people(engine) if _rule_then(engine, event) == rule_id]
    wrong = [event.at for event, step in judged if step == DISMISS] + list(_useless(engine, rule_id))
    last = max(wrong, default=None)
    good = {event.finding_id for event, step in judged if step == CONFIRM and (last is None or event.at > last)}
    return len(good)


def _by_people(engine: Engine) -> Iterator[FindingEvent]:
    for events in all_events(engine).values():
        yield from (event for event in events if not event.machine and event.step in (CONFIRM, DISMISS))


def _rule_then(engine: Engine, event: FindingEvent) -> str | None:
    """The rule that spoke about the finding when it was judged."""
    known = [version for version in finding_history(engine, event.finding_id) if version.at <= event.at]
    rule = known[-1].document.get("rule") if known else None
    return rule["rule_id"] if rule else None


def _useless(engine: Engine, rule_id: str) -> Iterator[datetime]:
    for action in list_actions(engine, {State.DID_NOT_HELP}):
        if action.rule_id == rule_id:
            yield steps_of(engine, action.id)[-1].at
