"""What rules would do, did, or were kept from doing: each action with its finding, its steps and what is sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, select

from correlator.actions.requests import body_of
from correlator.actions.states import WAITING, State
from correlator.model import iso
from correlator.store.actions import StepTaken, StoredAction, get_action, latest_actions, steps_of_all
from correlator.store.database import reading
from correlator.store.paging import Place
from correlator.store.schema import findings

SHOWN: Final = 50
"""So many actions of one group are shown, the newest first."""
KINDS: Final = {
    "webhook": "a signed webhook",
    "pagerduty_automation": "an automation action of PagerDuty",
    "rerun": "a new run through Airflow",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An action as it is told. `body`: what is sent, word for word; `job`, `tenant`: what its finding is about."""

    action: StoredAction
    steps: tuple[StepTaken, ...]
    job: str
    tenant: str

    @property
    def state(self) -> State:
        return State(self.action.state)

    @property
    def body(self) -> str:
        return json.dumps(body_of(self.action.kind, self.action.request), ensure_ascii=False, sort_keys=True, indent=1)

    @property
    def kind(self) -> str:
        return KINDS.get(self.action.kind, self.action.kind)

    @property
    def may_be_approved(self) -> bool:
        return self.state is State.PROPOSED

    @property
    def may_be_refused(self) -> bool:
        return self.state in WAITING

    def to_dict(self) -> dict[str, Any]:
        """For the API."""
        plain = {
            name: getattr(self.action, name) for name in ("id", "state", "rule_id", "kind", "target", "finding_id")
        }
        times = {"proposed_at": iso(self.action.proposed_at)}
        times |= {"sent_at": iso(self.action.sent_at)} if self.action.sent_at else {}
        sent = {"body": body_of(self.action.kind, self.action.request), "answer": self.action.answer}
        return plain | times | sent | {"steps": [_step(step) for step in self.steps]}


def _step(step: StepTaken) -> dict[str, Any]:
    return {"at": iso(step.at), "step": step.step, "actor": step.actor, "words": step.words}


def actions_in(
    engine: Engine,
    states: Collection[State] = tuple(State),
    limit: int = SHOWN,
    *,
    about: str | None = None,
    after: Place | None = None,
) -> tuple[Shown, ...]:
    """Those that stand in one of these states, `about` one finding or any, newest first; behind `after`."""
    return _shown(engine, latest_actions(engine, limit, states=states, about=about, after=after))


def one_action(engine: Engine, action_id: str) -> Shown | None:
    """None for an unknown id."""
    found = get_action(engine, action_id)
    return None if found is None else _shown(engine, [found])[0]


def _shown(engine: Engine, found: Sequence[StoredAction]) -> tuple[Shown, ...]:
    if not found:
        return ()
    steps = steps_of_all(engine, [action.id for action in found])
    about = select(findings.c.id, findings.c.job, findings.c.tenant)
    with reading(engine) as connection:
        rows = connection.execute(about.where(findings.c.id.in_({action.finding_id for action in found})))
        names = {row.id: (row.job, row.tenant) for row in rows}
    return tuple(Shown(one, tuple(steps[one.id]), *names.get(one.finding_id, ("", ""))) for one in found)
