"""What the store keeps and the program itself reads otherwise, or not at all: as facts again, for tests to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from correlator.ports import IncidentEntry, Service
from correlator.store.database import reading
from correlator.store.schema import incident_entries, raw_answers, services, webhook_events
from correlator.store.webhooks import WebhookEvent
from correlator.text.times import moment


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A vendor's answer as it came. `sha256` is of `body`, the JSON with sorted keys."""

    source: str
    fact_id: str
    request: str
    body: str
    sha256: str
    fetched_at: datetime


def incident_log(engine: Engine, incident_id: str) -> list[IncidentEntry]:
    """Log entries and alerts of an incident, oldest first."""
    statement = (
        select(incident_entries)
        .where(incident_entries.c.incident_id == incident_id)
        .order_by(incident_entries.c.at, incident_entries.c.entry_id)
    )
    with reading(engine) as connection:
        return [
            IncidentEntry(row.entry_id, row.incident_id, row.kind, moment(row.at), row.text)
            for row in connection.execute(statement)
        ]


def list_services(engine: Engine) -> list[Service]:
    """Services with the services they need, by name."""
    statement = select(services).order_by(services.c.name, services.c.service_id)
    with reading(engine) as connection:
        return [
            Service(row.service_id, row.name, tuple(json.loads(row.depends_on or "[]")), row.url or None, row.kind)
            for row in connection.execute(statement)
        ]


def answers_for(engine: Engine, fact_ids: Sequence[str]) -> list[StoredAnswer]:
    """The raw answers behind these facts, oldest first."""
    statement = (
        select(raw_answers)
        .where(raw_answers.c.fact_id.in_(list(fact_ids)))
        .order_by(raw_answers.c.source, raw_answers.c.fact_id, raw_answers.c.fetched_at, raw_answers.c.sha256)
    )
    with reading(engine) as connection:
        return [
            StoredAnswer(row.source, row.fact_id, row.request, row.body, row.sha256, moment(row.fetched_at))
            for row in connection.execute(statement)
        ]


def list_webhooks(engine: Engine, source: str | None = None, limit: int = 50) -> Sequence[WebhookEvent]:
    """The latest events, newest first."""
    statement = select(webhook_events).order_by(webhook_events.c.received_at.desc()).limit(limit)
    if source is not None:
        statement = statement.where(webhook_events.c.source == source)
    with reading(engine) as connection:
        return [
            WebhookEvent(
                row.source,
                row.event_id,
                row.delivery_id,
                row.event_type,
                row.incident_id,
                moment(row.occurred_at),
                moment(row.received_at),
                row.body,
            )
            for row in connection.execute(statement)
        ]
