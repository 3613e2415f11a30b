"""The API: the same facts as the pages, as JSON. Errors have one shape (web/errors.py); every GET has an ETag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from correlator.model import Verdict, iso
from correlator.store.findings import list_findings
from web import checking, reading
from web.errors import unprocessable
from web.place import place
from web.views.finding import stored_finding

pages: Final = Blueprint("api", __name__, url_prefix="/api/v1")


@pages.get("/findings")
def list_findings_() -> Response:
    """All findings that hold now; `verdict`, `tenant` and `job` narrow them."""
    allow("verdict", "tenant", "job")
    verdict, tenant, job = (request.args.get(name) for name in ("verdict", "tenant", "job"))
    if verdict is not None and verdict not in set(Verdict):
        raise unprocessable(f"verdict: there is no {verdict!r}", f"one of {', '.join(Verdict)}")
    wanted = {"verdict": verdict, "tenant": tenant, "job": job}
    documents = [stored.document for stored in list_findings(place().engine)]
    return jsonify({"data_as_of": data_as_of(), "findings": list(narrowed(documents, wanted))})


@pages.get("/findings/<finding_id>")
def one_finding(finding_id: str) -> Response:
    allow()
    return jsonify(stored_finding(finding_id).document)


@pages.get("/check")
def check() -> Response:
    """The verdict for `run_id` (may be repeated), or for `job` and, optionally, `tenant`."""
    allow("run_id", "job", "tenant")
    runs, job = request.args.getlist("run_id"), request.args.get("job")
    if bool(runs) == bool(job):
        raise unprocessable("check takes run_id, once or more, or job", "e.g. /api/v1/check?run_id=run-1&run_id=run-2")
    engine = place().engine
    result = (
        checking.check_names(engine, runs)
        if runs
        else checking.check_job(engine, job or "", request.args.get("tenant"))
    )
    return jsonify({"data_as_of": data_as_of(), **result.to_dict()})


@pages.get("/sources")
def sources() -> Response:
    allow()
    return jsonify(
        {"data_as_of": data_as_of(), "sources": [one.to_dict() for one in reading.freshness(place().engine).sources]}
    )


def data_as_of() -> str | None:
    newest = reading.freshness(place().engine).newest_event
    return iso(newest) if newest else None


def allow(*names: str) -> None:
    """Raise RefusedError (422) for a parameter that is not one of `names`: a typo must not look like an answer."""
    for name in request.args:
        if name not in names:
            known = f"it takes {', '.join(names)}" if names else "it takes no parameters"
            raise unprocessable(f"there is no parameter {name!r}", known)


def narrowed(documents: Iterable[dict[str, Any]], wanted: dict[str, str | None]) -> Iterable[dict[str, Any]]:
    """The documents that fit every wish that is not None."""
    wishes = {key: value for key, value in wanted.items() if value is not None}
    return (one for one in documents if all(one[key] == value for key, value in wishes.items()))
