"""Shared outages: what is attributed to one, and one decision about all of it."""

from __future__ import annotations

from typing import Any, Literal

from correlator.lifecycle.together import Together
from web.access import Role, needs
from web.api.kinds import Answer
from web.api.life import Reason
from web.api.numbers import ByAPerson
from web.api.routes import Link, get, post
from web.steps.outages import decide_all, hit_by_outage

_EXAMPLE: Any = {"step": "confirm", "actor": "on-call", "reason": "the gateway was down"}


class OutageHit(Answer, frozen=True, kw_only=True):
    """The ids of the findings that are attributed to it."""

    began_at: str
    findings: list[str]


class DecideAll(ByAPerson, frozen=True, kw_only=True):
    """What one person says of all findings that are attributed to the outage."""

    step: Literal["confirm", "dismiss"]
    reason: Reason


@get(
    "/outages/<began_at>",
    tag="findings",
    answer=OutageHit,
    errors=(404,),
    links=(Link("one_finding", {"finding_id": "findings/0"}), Link("decide_outage", {"began_at": "path.began_at"})),
)
def outage(began_at: str) -> OutageHit:
    """What is attributed to the shared outage that began then (`outages` of the overview tells when)."""
    return OutageHit(began_at=began_at, findings=hit_by_outage(began_at))


@post("/outages/<began_at>/life", tag="findings", body=DecideAll, answer=Together, errors=(404,), example=_EXAMPLE)
@needs(Role.RESPONDER)
def decide_outage(began_at: str, body: DecideAll) -> Together:
    """Confirms or dismisses all findings that are attributed to it; those that somebody treated apart stay as they
    are."""
    return decide_all(began_at, {"step": body.step, "reason": body.reason, "actor": body.actor})
