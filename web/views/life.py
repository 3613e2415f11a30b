"""What becomes of a finding: its part of the page, the forms there, the same as JSON; and the ledger of asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.lifecycle.recurrence import Earlier
from correlator.lifecycle.report import Report, read_report
from correlator.lifecycle.steps import Answer, Step
from correlator.lifecycle.transitions import enter_step
from correlator.lifecycle.words import counted_words, needed_words, step_words, told
from correlator.store.findings import StoredFinding
from web.access import Role, needs, note_audit
from web.context import context
from web.steps.transitions import FIELDS, transition_of
from web.views.finding import stored_finding

pages: Final = Blueprint("life", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One step as it is told; `said` are the person's own words."""

    at: datetime
    actor: str
    machine: bool
    what: str
    told: str
    said: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`needed` and `clean` are None unless a fix is watched. `team` and `ask`: what the rule would ask of whom."""

    id: str
    report: Report
    lines: tuple[Line, ...]
    needed: int | None
    clean: int | None
    so_far: str
    proof: str
    team: str
    ask: str
    answers: tuple[str, ...]


def panel(stored: StoredFinding, past: tuple[Earlier, ...]) -> Panel:
    """What the finding's page shows of its life, with what was there before."""
    report = read_report(context().engine, stored, past)
    rule: Mapping[str, Any] = stored.document.get("rule") or {}
    count = report.count
    return Panel(
        id=stored.id,
        report=report,
        lines=_lines(report),
        needed=int(count["needed"]) if count else None,
        clean=int(count["clean"]) if count else None,
        so_far=counted_words(count) if count else "",
        proof=needed_words(count) if count else "",
        team=rule.get("owner", ""),
        ask=rule.get("ask", ""),
        answers=tuple(answer.value for answer in Answer),
    )


def _lines(report: Report) -> tuple[Line, ...]:
    return tuple(
        Line(event.at, event.actor, event.machine, step_words(event), told(event), event.reason)
        for event in reversed(report.life.events)
    )


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"life_panel": panel, "STEPS": Step}


@pages.post("/findings/<finding_id>/life")
@needs(Role.RESPONDER)
def form(finding_id: str) -> AnyResponse:
    """A step out of the page's form; then the page again."""
    _act(finding_id, {name: value for name, value in request.form.items() if name in FIELDS})
    return redirect(url_for("finding.show", finding_id=finding_id, _anchor="life"), 303)


def _act(finding_id: str, fields: Mapping[str, Any]) -> None:
    stored = stored_finding(finding_id)
    transition = transition_of(context(), stored, fields)
    enter_step(context().engine, stored, transition)
    note_audit(transition.step.value, finding_id)
