"""Webhooks that came in: each event once, the incidents they name, and the sources that are to be pulled at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, delete, func, select, update

from correlator.store.database import reading, writing, writing_soon
from correlator.store.facts import put
from correlator.store.inserting import entered
from correlator.store.schema import wakes, webhook_events
from correlator.text.times import micros, moment

AT_ONCE: Final = 200
"""How many incidents one pull is asked to look at beside its windows; the rest waits for the next."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a vendor told: `event_id` is the event's own, `delivery_id` that of its delivery; `incident_id` is "" for an
    event that is about no incident."""

    source: str
    event_id: str
    delivery_id: str
    event_type: str
    incident_id: str
    occurred_at: datetime
    received_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Incidents that webhooks named and no pull has asked for yet, as of `received_at`, the newest event counted."""

    incidents: tuple[str, ...]
    received_at: datetime | None = None


def keep_webhook(engine: Engine, event: WebhookEvent, *, wake: bool, wait_seconds: float) -> bool:
    """Store the event and, with `wake`, ask for a pull of its source, in one transaction; False when it was known.

    An event is known by its own id and by that of its delivery. Raises StoreError, also when other writers kept the
    store busy for longer than `wait_seconds`.
    """
    with writing_soon(engine, wait_seconds) as connection:
        new = _inserted(connection, event)
        if new and wake:
            put(connection, wakes, [{"source": event.source, "asked_at": micros(event.received_at)}], keys=("source",))
    return new


def _inserted(connection: Connection, event: WebhookEvent) -> bool:
    row = {
        "source": event.source,
        "event_id": event.event_id,
        "delivery_id": event.delivery_id,
        "event_type": event.event_type,
        "incident_id": event.incident_id,
        "body": event.body,
        "occurred_at": micros(event.occurred_at),
        "received_at": micros(event.received_at),
    }
    return entered(connection, webhook_events, row)


def take_wakes(engine: Engine) -> list[str]:
    """Sources that are to be pulled at once; each wish is given out once."""
    with reading(engine) as connection:
        asked = [(row.source, row.asked_at) for row in connection.execute(select(wakes).order_by(wakes.c.source))]
    if not asked:  # the usual case, every second: it must not take the write lock
        return []
    with writing(engine) as connection:
        for source, at in asked:
            connection.execute(delete(wakes).where(wakes.c.source == source, wakes.c.asked_at <= at))
    return [source for source, _ in asked]


def awaited_incidents(engine: Engine, source: str) -> Awaited:
    """What webhooks named and no pull has asked for yet: the oldest first."""
    named = (webhook_events.c.source == source, webhook_events.c.incident_id != "", _waiting)
    statement = (
        select(webhook_events.c.incident_id, func.max(webhook_events.c.received_at).label("newest"))
        .where(*named)
        .group_by(webhook_events.c.incident_id)
        .order_by(func.max(webhook_events.c.received_at), webhook_events.c.incident_id)
        .limit(AT_ONCE)
    )
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    newest = max((row.newest for row in rows), default=None)
    return Awaited(tuple(row.incident_id for row in rows), moment(newest))


_waiting: Final = webhook_events.c.pulled_at.is_(None)


def incidents_pulled(engine: Engine, source: str, awaited: Awaited, at: datetime) -> None:
    """A pull has asked for these; what came in about them meanwhile is still to be asked for."""
    if awaited.received_at is None:
        return
    theirs = (webhook_events.c.source == source, webhook_events.c.incident_id.in_(awaited.incidents))
    before = webhook_events.c.received_at <= micros(awaited.received_at)
    with writing(engine) as connection:
        connection.execute(update(webhook_events).where(*theirs, _waiting, before).values(pulled_at=micros(at)))


def forget_webhooks(engine: Engine, before: datetime) -> int:
    """Drop events received before; gives how many."""
    with writing(engine) as connection:
        return connection.execute(delete(webhook_events).where(webhook_events.c.received_at < micros(before))).rowcount
