"""Messages to customers about a finding: drafts, the one being written, its approval by a second person, its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.errors import StepRefusedError
from correlator.messages import workflow
from correlator.messages.drafting import Manner
from correlator.messages.lint import LintError, Problem
from correlator.messages.reading import Customer, customers_of
from correlator.store.customer_messages import (
    MessageStep,
    StoredMessage,
    get_message,
    latest_sent,
    messages_about,
    newest_about,
    open_messages,
    steps_of_message,
)
from correlator.store.findings import StoredFinding
from web import reading
from web.access import Role, current_actor, needs, note_audit
from web.context import context
from web.errors import not_found
from web.http.arguments import number_of
from web.steps.acting import acting, names_are_given
from web.views.finding import stored_finding

pages: Final = Blueprint("customer", __name__)
BEGUN_AT_ONCE: Final = 25
BASE: Final = "/findings/<finding_id>/customers"


@dataclass(frozen=True, slots=True)
class Row:
    """A customer, with the newest message to them about this job: None where there was none."""

    customer: Customer
    last: StoredMessage | None

    @property
    def open(self) -> bool:
        return self.last is not None and self.last.state in workflow.OPEN


@dataclass(frozen=True, slots=True)
class Page:
    """`prepared`: what would be written to the finding's own tenant now."""

    stored: StoredFinding
    rows: tuple[Row, ...]
    prepared: workflow.Prepared
    messages: tuple[StoredMessage, ...]

    @property
    def own(self) -> Row:
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One message. `typed`: what somebody tried to save; `problems`: why it was refused; `sha256`: of the text that
    stands."""

    message: StoredMessage
    steps: Sequence[MessageStep]
    writers: Sequence[str]
    sha256: str
    typed: str
    problems: tuple[Problem, ...] = ()
    refused: str = ""

    @property
    def open(self) -> bool:
        return self.message.state in workflow.OPEN

    @property
    def texts(self) -> list[MessageStep]:
        """The texts there were, the newest first."""
        return [step for step in reversed(self.steps) if step.text]


@pages.get("/messages")
def index() -> str:
    """Those that wait for somebody, and those sent last, of all findings."""
    engine = context().engine
    return render_template("messages.html", open=open_messages(engine), sent=latest_sent(engine), **_common())


@pages.get(BASE)
def show(finding_id: str) -> str:
    stored = stored_finding(finding_id)
    rows = _rows(stored)
    page = Page(
        stored,
        rows,
        workflow.prepare(context().engine, stored, _manner(), datetime.now(UTC)),
        tuple(messages_about(context().engine, stored.id)),
    )
    return render_template("customers.html", page=page, at_once=BEGUN_AT_ONCE, **_common())


@pages.post(BASE)
@needs(Role.RESPONDER)
def start(finding_id: str) -> AnyResponse:
    """A draft for the finding's own tenant; with `all`, for each of the first customers that have none open."""
    stored, manner = stored_finding(finding_id), _manner()
    wanted = [stored.id]
    if "all" in request.form:
        wanted = [row.customer.finding_id for row in _rows(stored) if not row.open][:BEGUN_AT_ONCE]
    made = [_begun(one, manner) for one in wanted]
    if len(made) == 1:
        return redirect(url_for("customer.message", finding_id=wanted[0], message_id=made[0]), 303)
    return redirect(url_for("customer.show", finding_id=finding_id), 303)


def _begun(finding_id: str, manner: Manner) -> int:
    made, new = workflow.begin(context().engine, finding_id, manner, acting(request.form), datetime.now(UTC))
    if new:
        note_audit("customer message drafted", f"message {made}", {"finding": finding_id})
    return made


@pages.get(f"{BASE}/<int(max=9223372036854775807):message_id>")
def message(finding_id: str, message_id: int) -> str:
    return _rendered(_stored(finding_id, message_id))


@pages.get(f"{BASE}/<int(max=9223372036854775807):message_id>/message.txt")
def text(finding_id: str, message_id: int) -> Response:
    found = _stored(finding_id, message_id)
    note_audit("customer message copied", f"message {message_id}", {"state": found.state})
    return Response(found.text, content_type="text/plain; charset=utf-8")


@pages.post(f"{BASE}/<int(max=9223372036854775807):message_id>")
@needs(Role.RESPONDER)
def save(finding_id: str, message_id: int) -> AnyResponse:
    """Another text. Where it must not go out, or somebody was quicker, the page again: what was typed is not lost."""
    before, typed = _stored(finding_id, message_id), request.form.get("text", "")
    try:
        now = datetime.now(UTC)
        workflow.edit(context().engine, message_id, _manner(), acting(request.form), typed, _seen(), now)
    except LintError as error:
        return make_response(_rendered(before, typed, error.problems), 422)
    except StepRefusedError as error:
        return make_response(_rendered(_stored(finding_id, message_id), typed, refused=error.message), 409)
    note_audit("customer message edited", f"message {message_id}", {"finding": finding_id})
    return _again(finding_id, message_id)


@pages.post(f"{BASE}/<int(max=9223372036854775807):message_id>/approve")
@needs(Role.RESPONDER)
def approve(finding_id: str, message_id: int) -> AnyResponse:
    before, sha256 = _stored(finding_id, message_id), request.form.get("sha256", "")
    try:
        now = datetime.now(UTC)
        workflow.approve(context().engine, message_id, _manner(), acting(request.form), sha256, _seen(), now)
    except LintError as error:
        return make_response(_rendered(before, "", error.problems), 422)
    note_audit("customer message approved", f"message {message_id}", {"finding": finding_id, "sha256": sha256})
    return _again(finding_id, message_id)


@pages.post(f"{BASE}/<int(max=9223372036854775807):message_id>/sent")
@needs(Role.RESPONDER)
def sent(finding_id: str, message_id: int) -> AnyResponse:
    _stored(finding_id, message_id)
    channel = request.form.get("channel", "")
    done = workflow.mark_sent(context().engine, message_id, acting(request.form), channel, _seen(), datetime.now(UTC))
    details = {"finding": finding_id, "channel": done.channel, "sha256": done.approved_sha256}
    note_audit("customer message sent", f"message {message_id}", details)
    return _again(finding_id, message_id)


@pages.post(f"{BASE}/<int(max=9223372036854775807):message_id>/drop")
@needs(Role.RESPONDER)
def drop(finding_id: str, message_id: int) -> AnyResponse:
    _stored(finding_id, message_id)
    reason = request.form.get("reason", "")
    workflow.drop(context().engine, message_id, acting(request.form), reason, _seen(), datetime.now(UTC))
    note_audit("customer message dropped", f"message {message_id}", {"finding": finding_id})
    return _again(finding_id, message_id)


def _stored(finding_id: str, message_id: int) -> StoredMessage:
    found = get_message(context().engine, message_id)
    if found is None or found.finding_id != finding_id:
        raise not_found(f"there is no message {message_id} about {finding_id}", "the finding lists its messages")
    return found


def _rows(stored: StoredFinding) -> tuple[Row, ...]:
    customers = customers_of(context().engine, stored)
    newest = newest_about(context().engine, [customer.finding_id for customer in customers])
    return tuple(Row(customer, newest.get(customer.finding_id)) for customer in customers)


def _rendered(stored: StoredMessage, typed: str = "", problems: tuple[Problem, ...] = (), refused: str = "") -> str:
    steps = steps_of_message(context().engine, stored.id)
    writers = sorted({step.actor for step in steps if step.step in workflow.WRITING})
    sheet = Sheet(stored, steps, writers, workflow.sha256_of(stored.text), typed or stored.text, problems, refused)
    return render_template("message.html", sheet=sheet, **_common())


def _again(finding_id: str, message_id: int) -> AnyResponse:
    return redirect(url_for("customer.message", finding_id=finding_id, message_id=message_id), 303)


def _manner() -> Manner:
    return Manner.of(context().settings)


def _common() -> dict[str, object]:
    return {
        "freshness": reading.freshness_in_short(context().engine),
        "given_names": names_are_given(),
        "may_write": current_actor().role >= Role.RESPONDER,
    }


def _seen() -> int:
    return number_of("seen", request.form.get("seen", ""))
