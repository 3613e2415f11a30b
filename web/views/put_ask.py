"""The ask of a finding in a person's words: who put it so and when is kept, and what the rule asks stays beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.store.asks import AskEdit, edit_ask, edits_of
from correlator.store.findings import StoredFinding
from correlator.text.persons import person
from web.access import Role, needs, note_audit
from web.context import context
from web.errors import RefusedError, unprocessable
from web.steps.acting import acting
from web.views.finding import stored_finding

pages: Final = Blueprint("put_ask", __name__)
LONGEST: Final = 4000


@pages.post("/findings/<finding_id>/ask")
@needs(Role.RESPONDER)
def edit(finding_id: str) -> AnyResponse:
    """From the form: `ask` ("" goes back to the rule's words) and `seen`, the number of versions that were seen."""
    put_ask(stored_finding(finding_id), request.form.get("ask", ""), acting(request.form), _seen())
    return redirect(url_for("finding.show", finding_id=finding_id, _anchor="part-2"), 303)


def put_ask(stored: StoredFinding, ask: str, actor: str, seen: int | None = None) -> AskEdit:
    """Keep the ask as this person puts it. RefusedError: 409 where no rule asks anything, 422 where it is too long;
    StepRefusedError where somebody was quicker; UsageError where nobody is named."""
    rule, text = stored.document.get("rule"), ask.strip()
    if rule is None:
        raise RefusedError(
            409, "nothing_asked", "no rule asks anything here", hint="escalate it with words of your own instead"
        )
    if len(text) > LONGEST:
        raise unprocessable(f"the ask is longer than {LONGEST:,} characters", "put a link to the rest")
    known = edits_of(context().engine, stored.id)
    original = (rule.get("edited") or {}).get("original", rule["ask"])
    number = (len(known) if seen is None else seen) + 1
    version = AskEdit(stored.id, number, datetime.now(UTC), person(actor), "" if text == original else text, original)
    edit_ask(context().engine, version)
    note_audit("ask", stored.id, {"by": version.actor, "ask": version.ask})
    return version


def _seen() -> int:
    text = request.form.get("seen", "")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise unprocessable("seen must be the number of versions that were seen")
    return int(text)
