"""`POST /api/v1/lineage`: OpenLineage events, as its clients send them; `/api/v1/lineage/batch` takes a list of them.

An event that can be read is answered with 201, known or not; one that cannot is set aside with the reason, and answered
with 422 so that the sender's log says it too. What has nothing to do with the event (a busy store) is a 503: clients
send that again. Source of the addresses: OpenLineage, HTTP transport of openlineage-python.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from connectors.openlineage.events import DatasetEvent, RunEvent, read_event
from connectors.openlineage.mapping import Plan, attempt_of, plan_from, touched
from connectors.payloads import UnmappableError, set_aside
from correlator.model import Attempt
from correlator.ports import PullReport, SetAside
from correlator.settings import Settings
from correlator.store.facts import StoredCounts
from correlator.store.lineage import Lineage, Told, Use, receive
from correlator.store.sources import record_pull
from correlator.text.times import moment
from web.access import Role
from web.access.authentication import actor_of_token
from web.access.methods import by_token, is_configured
from web.app_state import whole_context
from web.context import context
from web.errors import RefusedError
from web.http.security import from_this_machine

pages: Final = Blueprint("lineage", __name__, url_prefix="/api/v1/lineage")
SOURCE: Final = "openlineage"
MOST_IN_A_BATCH: Final = 1000
_TOKEN: Final = "OPENLINEAGE_TOKEN"  # noqa: S105 - the name of a variable
_LOG: Final = structlog.get_logger("web.incoming.lineage")


@pages.post("")
def one_event() -> Response:
    """201 for an event that is stored or known; 400, 401, 413, 415, 422 for what can never be right; 404 when off."""
    settings = _admitted()
    taken = _taken([_document()], settings)
    _kept(taken, settings)
    if taken.aside:
        raise RefusedError(422, "not_an_event", taken.aside[0][1].reason, hint="see docs/openlineage.md")
    return make_response(jsonify({"status": "success"}), 201)


@pages.post("/batch")
def batch() -> Response:
    """200 with a summary: what is wrong with one event does not keep the others from being taken."""
    settings = _admitted()
    events = _document()
    if not isinstance(events, list) or len(events) > MOST_IN_A_BATCH:
        raise RefusedError(422, "no_batch", f"a batch is a list of at most {MOST_IN_A_BATCH} events")
    taken = _taken(events, settings)
    _kept(taken, settings)
    return make_response(jsonify(_summary(len(events), taken.aside)), 200)


def _summary(received: int, aside: Sequence[tuple[int, SetAside]]) -> dict[str, Any]:
    return {
        "status": "partial_success" if aside else "success",
        "summary": {"received": received, "successful": received - len(aside), "failed": len(aside)},
        "failed_events": [{"index": index, "reason": item.reason, "retriable": False} for index, item in aside],
    }


# --- who may send, and what -------------------------------------------------------------------------------------


def _admitted() -> Settings:
    """The settings. Raises RefusedError: 404 when the receiver is off, 401 without the token, 403 from elsewhere."""
    settings = context().settings
    if not settings["openlineage.enabled"]:
        raise RefusedError(404, "lineage_off", "OpenLineage events are not taken here", hint="set openlineage.enabled")
    if settings.has_secret(_TOKEN):
        if not _is_token(request.headers.get("Authorization", ""), settings.secret(_TOKEN)):
            _LOG.warning("lineage refused: not the token", path=request.path)
            raise RefusedError(401, "not_authorised", "the bearer token is missing or not the right one", hint=_TOKEN)
    elif is_configured(settings):
        _check_api_token(settings)
    elif not from_this_machine():
        _LOG.warning("lineage refused: no token is configured, and the sender is not on this machine")
        raise RefusedError(
            403, "loopback_only", "without a token only this machine may send events", hint=f"set {_TOKEN}"
        )
    return settings


def _check_api_token(settings: Settings) -> None:
    """Once access is configured, an API token of a responder for all tenants sends events too. Raises RefusedError."""
    actor = actor_of_token(whole_context()) if by_token(settings) and "Authorization" in request.headers else None
    if actor is None:
        raise RefusedError(401, "not_authorised", "events are taken with an API token alone", hint="docs/access.md")
    if actor.role < Role.RESPONDER or actor.restricted:
        raise RefusedError(403, "not_allowed", "events are taken from responders who may see all tenants")


def _is_token(header: str, secret: str) -> bool:
    """Whether the header carries the token; the secret is the token, or `sha256:` and its hash in hex."""
    scheme, _, given = header.partition(" ")
    digest = hashlib.sha256(given.strip().encode()).hexdigest()
    wanted = secret.removeprefix("sha256:").lower() if secret.startswith("sha256:") else _hash(secret)
    return hmac.compare_digest(digest.encode(), wanted.encode()) and scheme.lower() == "bearer"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _document() -> Any:
    """The JSON in the body. Raises RefusedError: 415 for another kind of content, 400 for what is no JSON, 413."""
    if request.mimetype != "application/json":
        raise RefusedError(415, "not_json", "an event comes as application/json")
    try:
        return json.loads(_body(), parse_constant=_refused_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "not_json", f"the body is not JSON: {error}") from error


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _body() -> bytes:
    """The body, unpacked. Raises RefusedError: 413 beyond `openlineage.largest_kib`, 415 for an unknown packing."""
    largest = context().settings["openlineage.largest_kib"] * 1024
    request.max_content_length = largest
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise _too_large(largest) from error
    packing = request.headers.get("Content-Encoding", "identity").lower()
    if packing == "identity":
        return body
    if packing != "gzip":
        raise RefusedError(415, "unknown_packing", f"content packed as {packing!r} is not taken; gzip is")
    return _unpacked(body, largest)


def _unpacked(body: bytes, largest: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, largest + 1)
    except zlib.error as error:
        raise RefusedError(400, "not_gzip", "the body says it is gzip and is not") from error
    if len(found) > largest:
        raise _too_large(largest)
    return found


def _too_large(largest: int) -> RefusedError:
    return RefusedError(
        413, "too_large", f"more than {largest} bytes", hint="raise openlineage.largest_kib, or send less"
    )


# --- what becomes of it -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Taken:
    """Events that could be read, and those that could not, with their places in the batch."""

    told: tuple[Told, ...]
    aside: tuple[tuple[int, SetAside], ...]


def _taken(payloads: Sequence[Any], settings: Settings) -> _Taken:
    told, aside, plan = list[Told](), list[tuple[int, SetAside]](), plan_from(settings)
    for index, payload in enumerate(payloads):
        try:
            told.append(_told(payload, plan, "edges" in settings["openlineage.take"]))
        except UnmappableError as reason:
            aside.append((index, set_aside(payload, str(reason))))
    return _Taken(tuple(told), tuple(aside))


def _told(payload: Any, plan: Plan, edges: bool) -> Told:
    event = read_event(payload)
    if isinstance(event, DatasetEvent):
        return Told("", payload)
    tenant, job = plan.job(event)
    reads, writes = touched(event) if edges and not plan.skips(event) else ((), ())
    uses = [*(Use(name, job, tenant, False) for name in reads), *(Use(name, job, tenant, True) for name in writes)]
    return Told(event.run_id if isinstance(event, RunEvent) else "", payload, tuple(uses))


def _kept(taken: _Taken, settings: Settings) -> None:
    """Store what was taken, and say in the source's status how it went. Raises StoreError, which is a 503."""
    now, plan = datetime.now(UTC), plan_from(settings)
    fold = _Fold(plan) if "runs" in settings["openlineage.take"] else None
    lineage = Lineage(SOURCE, fold, settings["dependencies.unseen_days"])
    engine = context().engine
    counts = receive(engine, lineage, taken.told, [item for _, item in taken.aside], now)
    record_pull(engine, _report(counts), now, moment(counts.newest_event_at))


def _report(counts: StoredCounts) -> PullReport:
    return PullReport(SOURCE, 1, dict(counts.stored), counts.repeated, counts.set_aside)


@dataclass(frozen=True, slots=True)
class _Fold:
    """The attempt of a run's events, as the plan names it."""

    plan: Plan

    def __call__(self, bodies: list[dict[str, Any]]) -> Attempt | None:
        return attempt_of(list(_run_events(bodies)), self.plan)


def _run_events(bodies: list[dict[str, Any]]) -> Iterator[RunEvent]:
    for body in bodies:
        if isinstance(event := read_event(body), RunEvent):
            yield event
