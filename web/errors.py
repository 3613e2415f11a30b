"""One shape for everything that goes wrong: the same facts as JSON for programs and as a page for people.

    {"error": {"status": 404, "code": "not_found", "message": "...", "hint": "...", "reference": "..."}}

`hint` may be empty; `reference` stands only on a 500, and in the log beside the traceback.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from correlator.errors import CorrelatorError, InputError, StepRefusedError, StoreError, UsageError

LOG: Final = structlog.get_logger("web")
JSON_PATHS: Final = ("/api/", "/healthz", "/readyz", "/metrics", "/webhooks/")


class RefusedError(Exception):
    """A request that is not answered, with its HTTP status, a code for programs and a sentence for people."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.hint = status, code, message, hint
        self.headers = headers or {}


def not_found(message: str, hint: str = "") -> RefusedError:
    return RefusedError(404, "not_found", message, hint=hint)


def unprocessable(message: str, hint: str = "") -> RefusedError:
    return RefusedError(422, "unprocessable", message, hint=hint)


def handle_errors(app: Flask) -> None:
    """Register the handlers: ours, the framework's, the program's, and everything unforeseen."""
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CorrelatorError, _correlator)
    app.register_error_handler(Exception, _unforeseen)


def _refused(error: RefusedError) -> Response:
    response = answer({"status": error.status, "code": error.code, "message": error.message, "hint": error.hint})
    response.headers.extend(error.headers)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = (error.name or "error").lower().replace(" ", "_")
    message, hint = _sentence(status, error.description or "")
    response = answer({"status": status, "code": code, "message": message, "hint": hint})
    response.headers.extend([(key, value) for key, value in error.get_headers() if key in ("Allow", "Location")])
    return response


def _sentence(status: int, description: str) -> tuple[str, str]:
    if status == 404:
        return f"there is nothing at {request.path}", "the overview is at /, the API at /api/v1/findings"
    if status == 405:
        return f"{request.path} does not take {request.method}", "the Allow header lists what it takes"
    return description, ""


def _correlator(error: CorrelatorError) -> Response:
    status, code = _status_of(error)
    LOG.warning("request failed", path=request.path, error=error.message)
    return answer({"status": status, "code": code, "message": _told(error), "hint": error.hint})


def _told(error: CorrelatorError) -> str:
    """Where the store is and what it says stands in the log; those who look after it read it here too."""
    from web.access.current import current_actor  # not above: whoever asks is found out with errors of this file

    if isinstance(error, StoreError) and not current_actor().looks_after_it:
        return "the store cannot be used now; the log of the program says why"
    return error.message


def _status_of(error: CorrelatorError) -> tuple[int, str]:
    if isinstance(error, StepRefusedError):
        return 409, "refused"
    return (422, "unprocessable") if isinstance(error, UsageError | InputError) else (503, "unavailable")


def _unforeseen(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    LOG.error("unforeseen error", path=request.path, reference=reference, exc_info=error)
    message = "something went wrong on our side; nothing was changed"
    hint = f"look for {reference} in the log of the program"
    return answer({"status": 500, "code": "internal", "message": message, "hint": hint, "reference": reference})


def answer(problem: dict[str, Any]) -> Response:
    """The problem as JSON under the API and the probes, as a page elsewhere."""
    if request.path.startswith(JSON_PATHS):
        return make_response(jsonify({"error": problem}), problem["status"])
    return make_response(render_template("error.html", problem=problem), problem["status"])
