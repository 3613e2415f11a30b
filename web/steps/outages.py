"""A step for all findings that are attributed to one outage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from correlator.lifecycle.steps import Step
from correlator.lifecycle.together import Together, do_together
from correlator.lifecycle.transitions import Transition
from correlator.store.findings import get_findings
from correlator.store.outages import findings_hit
from web.access import note_audit
from web.context import context
from web.errors import not_found, unprocessable
from web.steps.acting import acting

STEPS: Final = (Step.CONFIRM, Step.DISMISS)
MOST: Final = 500


def decide_all(began: str, fields: Mapping[str, str]) -> Together:
    """Confirm or dismiss, in one person's words, every finding attributed to the outage that began then.

    Raises RefusedError: 404 where none is, 422 for another step or for more of them than are treated at once.
    """
    ids = hit_by_outage(began)
    if len(ids) > MOST:
        raise unprocessable(f"{len(ids):,} findings are more than {MOST} at once", "decide about one finding at a time")
    if fields.get("step") not in STEPS:
        raise unprocessable(f"step: there is no {fields.get('step', '')!r} here", f"one of {', '.join(STEPS)}")
    transition = Transition(Step(fields["step"]), acting(fields), fields.get("reason", ""), datetime.now(UTC))
    found = get_findings(context().engine, ids)
    done = do_together(context().engine, [found[one] for one in ids if one in found], transition)
    for one in done.taken:
        note_audit(transition.step.value, one, {"outage": began})
    return done


def hit_by_outage(began: str) -> list[str]:
    """The findings that are attributed to the outage which began then; RefusedError (404) where there are none."""
    try:
        at = datetime.fromisoformat(began)
    except ValueError:
        at = None
    ids = findings_hit(context().engine, at) if at is not None and at.tzinfo is not None else []
    if not ids:
        raise not_found("no finding is attributed to an outage that began then", "outages are on the overview")
    return ids
