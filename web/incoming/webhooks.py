"""`POST /webhooks/pagerduty`: what PagerDuty tells is checked, stored, and wakes a pull; the work is done elsewhere.

PagerDuty wants its answer within five seconds, repeats what it got none to, drops an event that was answered with a
4xx, and disables a subscription after three in a row. So a 4xx is for what can never be right; what was known already,
or is too old to act on, is answered with 202 and left. Source: PagerDuty/developer-docs, docs/webhooks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from correlator.attaching import MARKER
from correlator.errors import SettingsError, StoreError
from correlator.settings import Settings
from correlator.store.webhooks import WebhookEvent, keep_webhook
from web.context import context
from web.errors import RefusedError
from web.incoming.signed import is_signed
from web.operations.measures import measures

pages: Final = Blueprint("webhooks", __name__, url_prefix="/webhooks")
LARGEST_BYTES: Final = 512 * 1024
STORE_SECONDS: Final = 3.0
_SECRET: Final = "PAGERDUTY_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
_SOURCE: Final = "pagerduty"
_INCIDENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_NAME: Final = 200
_LOG: Final = structlog.get_logger("web.incoming.webhooks")


@pages.post("/pagerduty")
def pagerduty() -> Response:
    """202 for what is stored, known or too old; 401, 400, 413 for what can never be right; 404 without a secret."""
    secrets = _secrets(context().settings)
    body = _body()
    if not is_signed(body, request.headers.get("X-PagerDuty-Signature", ""), secrets):
        _LOG.warning("webhook refused: no signature of ours", path=request.path, bytes=len(body))
        raise RefusedError(401, "not_signed", "the signature is none of a secret that is configured here", hint=_SECRET)
    told = _told(body)
    state = _state(told, body)
    measures().webhooks.labels(_SOURCE, state).inc()
    _LOG.info("webhook", state=state, type=told.event_type, incident=told.incident_id)
    return make_response(jsonify({"status": state}), 202)


def _secrets(settings: Settings) -> tuple[str, ...]:
    """Those configured. Raises RefusedError: 404 when there is none, 503 when the file with them is unreadable."""
    if settings["pagerduty.enabled"] and settings.has_secret(_SECRET):
        try:
            found = tuple(settings.secret(_SECRET).split())
        except SettingsError as error:
            _LOG.error("webhook not taken", error=error.message)
            raise RefusedError(503, "unavailable", "the secret of webhooks cannot be read", hint=_SECRET) from error
        if found:
            return found
    hint = f"set pagerduty.enabled and {_SECRET}"
    _LOG.warning("webhook not taken: webhooks are off", hint=hint)
    raise RefusedError(404, "webhooks_off", "webhooks of PagerDuty are not switched on here", hint=hint)


def _body() -> bytes:
    """The body as it came. Raises RefusedError (413) beyond `LARGEST_BYTES`, also when no length was given."""
    request.max_content_length = LARGEST_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise RefusedError(413, "too_large", f"a webhook has at most {LARGEST_BYTES} bytes") from error


@dataclass(frozen=True, slots=True)
class Told:
    """What matters of an event; `own` says that we did ourselves what it tells of."""

    event_id: str
    event_type: str
    incident_id: str
    occurred_at: datetime
    own: bool


def _told(body: bytes) -> Told:
    """The event in a signed body. Raises RefusedError (400) when there is none."""
    try:
        return _event(json.loads(body)["event"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _LOG.warning("webhook refused: no event in it", error=type(error).__name__)
        raise RefusedError(400, "no_event", "there is no webhook event of version 3 in it") from error


def _event(event: Any) -> Told:
    kind, event_id, data = event["event_type"], event["id"], event.get("data") or {}
    occurred_at = datetime.fromisoformat(event["occurred_at"])
    if not all(_is_name(name) for name in (event_id, kind)):
        raise TypeError("no id or no type")
    if occurred_at.tzinfo is None:
        raise ValueError("a time without an offset")
    return Told(event_id, kind, _incident_id(data), occurred_at, _is_own(data))


def _is_name(value: Any) -> bool:
    """A text that a database takes as a key: neither empty nor long, and nothing in it that cannot be printed."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _incident_id(data: Any) -> str:
    """The incident an event is about, which stands in different places; "" when it is about none."""
    if data.get("type") == "incident":
        found = data.get("id")
    else:
        roles = data.get("incident_role_assignments") or [{}]
        found = (data.get("incident") or roles[0].get("incident") or {}).get("id")
    return found if isinstance(found, str) and _INCIDENT_ID.fullmatch(found) else ""


def _is_own(data: Any) -> bool:
    """Whether it tells of our own note: that is no reason to look again."""
    content = data.get("content")
    return isinstance(content, str) and any(line.startswith(MARKER) for line in content.splitlines())


def _state(told: Told, body: bytes) -> str:
    """What becomes of it: `accepted`, `known`, or `too_old`. Raises RefusedError (503) when it cannot be stored now."""
    now = datetime.now(UTC)
    window = timedelta(seconds=context().settings["pagerduty.webhook_window_seconds"])
    if abs(now - told.occurred_at) > window:
        return "too_old"
    delivery = request.headers.get("X-Webhook-Id", "")[:_LONGEST_NAME] or told.event_id
    event = WebhookEvent(
        _SOURCE,
        told.event_id,
        delivery,
        told.event_type,
        told.incident_id,
        told.occurred_at,
        now,
        body.decode("utf-8", "replace"),
    )
    wake = bool(told.incident_id) and not told.own
    try:
        new = keep_webhook(context().engine, event, wake=wake, wait_seconds=STORE_SECONDS)
    except StoreError as error:
        _LOG.error("webhook not stored; it will come again", error=error.message)
        raise RefusedError(503, "unavailable", "the event cannot be stored now; send it again") from error
    return "accepted" if new else "known"
