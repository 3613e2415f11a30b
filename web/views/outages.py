"""A shared outage: one decision about all findings that are attributed to it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.access import Role, needs
from web.steps.outages import decide_all

pages: Final = Blueprint("outages", __name__)


@pages.post("/outages/<began_at>/life")
@needs(Role.RESPONDER)
def decide(began_at: str) -> AnyResponse:
    """A step out of the list's form, for all of them; then the list again."""
    decide_all(began_at, request.form)
    return redirect(url_for("overview.show", show="shared", outage=began_at), 303)
