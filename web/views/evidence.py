"""What is done with a finding's evidence: its bundle verified, its note attached. Each in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, render_template, request

from connectors.registry import writing_kinds
from correlator.errors import CorrelatorError
from correlator.store.findings import StoredFinding
from web import reading
from web.access import Role, needs, note_audit
from web.bundles import bundle_made
from web.context import context
from web.errors import unprocessable
from web.process.children import Done, a_turn, run_own
from web.views.finding import stored_finding

pages: Final = Blueprint("evidence", __name__)
VERIFY_SECONDS: Final = 180
ATTACH_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: one line, and what belongs to it. `good` is None where there was nothing to do."""

    finding_id: str
    title: str
    line: str
    good: bool | None
    details: tuple[str, ...] = ()
    text: str = ""


@pages.post("/findings/<finding_id>/verify")
@needs(Role.VIEWER)
def verify(finding_id: str) -> str:
    """The bundle as it would be handed out, opened and computed again by `correlator bundle verify`."""
    return _rendered(verify_now(stored_finding(finding_id)))


def verify_now(stored: StoredFinding) -> Result:
    """Make the bundle, and let a process of its own verify it. Raises CorrelatorError."""
    file = bundle_made(context(), stored.id, stored.document)
    with a_turn():
        done = run_own(context().settings, ["bundle", "verify", str(file), "--json"], VERIFY_SECONDS)
    found = verified(stored.id, done)
    note_audit("verify", stored.id, {"same": bool(found.good)})
    return found


def verified(finding_id: str, done: Done) -> Result:
    """The answer of `bundle verify --json`. Raises CorrelatorError where it gave none."""
    document = _json(done, "the bundle could not be verified")
    counted = f"{document['files']} files checked, {document['quotes']} quoted answers."
    notes = tuple(document["notes"])
    if document["same"]:
        line = "Same: every hash holds, and the history in the bundle gives the same verdict and the same texts."
        return Result(finding_id, "Verified", line, True, (document["verdict"], counted, *notes))
    return Result(finding_id, "Not the same", "It differs:", False, (*document["differences"], counted, *notes))


@pages.post("/findings/<finding_id>/attach")
@needs(Role.RESPONDER)
def attach(finding_id: str) -> str:
    """The note goes out now, by the outbox, as `correlator attach` does it; 422 for a sink that is not enabled."""
    return _rendered(attach_now(stored_finding(finding_id), request.form.get("sink", "")))


def attach_now(stored: StoredFinding, sink: str) -> Result:
    """Raises as `attach` does, and CorrelatorError where the command cannot."""
    enabled = writing_kinds(context().settings)
    if sink not in enabled:
        raise unprocessable(f"nothing is written to {sink or 'nowhere'}", f"enabled are {', '.join(enabled) or 'none'}")
    note_audit("attach", stored.id, {"sink": sink})
    with a_turn():
        done = run_own(context().settings, ["attach", stored.id, "--to", sink, "--json"], ATTACH_SECONDS)
    return attached(stored.id, sink, done)


def attached(finding_id: str, sink: str, done: Done) -> Result:
    """The answer of `attach --json`: what became of each note. Raises CorrelatorError where it gave none."""
    outcomes: list[Mapping[str, Any]] = _json(done, f"nothing could be written to {sink}")
    if not outcomes:
        line = f"Nothing was written to {sink}: nothing open there matches this finding, or it is not to be told."
        return Result(finding_id, "Nothing to attach to", line, None)
    said = tuple(f"{one['target']}: {one['said']}" for one in outcomes)
    note = next((one["note"] for one in outcomes if one["note"]), "")
    failed = [one for one in outcomes if one["done"] == "failed"]
    wrote = [one for one in outcomes if one["done"] in ("written", "unchanged")]
    if failed:
        return Result(finding_id, "Not attached", f"{sink} did not take it; it is tried again by itself.", False, said)
    line = f"The note stands in {sink}." if wrote else f"Nothing was written to {sink}."
    return Result(finding_id, "Attached" if wrote else "Nothing attached", line, bool(wrote) or None, said, note)


def _json(done: Done, failed: str) -> Any:
    """What the command printed. Raises CorrelatorError with its own words where it printed nothing."""
    try:
        return json.loads(done.output)
    except ValueError as error:
        raise CorrelatorError(failed, hint=done.last_words) from error


def _rendered(result: Result) -> str:
    return render_template("result.html", result=result, freshness=reading.freshness_in_short(context().engine))
