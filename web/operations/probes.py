"""`/healthz`: the process answers. `/readyz`: it can answer with something: store, facts and verdicts are there."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, make_response
from sqlalchemy.exc import SQLAlchemyError

from correlator.errors import StoreError
from web import reading
from web.context import context

pages: Final = Blueprint("probes", __name__)


@pages.get("/healthz")
def alive() -> Response:
    return jsonify({"status": "alive"})


@pages.get("/readyz")
def ready() -> Response:
    """200 once the store answers, something was pulled or imported, and verdicts were made; else 503 with reasons."""
    reasons = missing()
    if reasons:
        return make_response(jsonify({"status": "not ready", "reasons": reasons}), 503)
    return jsonify({"status": "ready", "reasons": []})


def missing() -> list[str]:
    """What is not there yet, in sentences."""
    try:
        state = reading.freshness(context().engine)
    except (SQLAlchemyError, StoreError) as error:
        return [f"the database cannot be read: {error.__class__.__name__}"]
    reasons = []
    if state.last_pull is None:
        reasons.append("nothing has been pulled or imported yet")
    if state.last_correlate is None:
        reasons.append("no verdicts have been made yet")
    return reasons
