"""Each kind of fact: its table, what identifies it, and how a row is made from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table

from correlator.model import Attempt, Change, Dependency, Incident, MetricPoint, MonitorTransition
from correlator.ports import Fact, IncidentEntry, IncidentRelation, Service
from correlator.store import schema
from correlator.text.times import micros

Row = dict[str, Any]
_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: `json.dumps` makes an encoder with every call that asks for more than its defaults."""


@dataclass(frozen=True)
class Kind:
    """A kind of fact. `key` beside the source identifies a row; `event` is the column of its event time."""

    table: Table
    key: tuple[str, ...]
    event: str | None

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that come from outside: all but the source and what the store adds."""
        own = ("source", "known_at", "revised_at", "seen_at", "written")
        return tuple(column.name for column in self.table.columns if column.name not in own)


RUNS: Final = Kind(schema.runs, ("run_id",), "started_at")
METRICS: Final = Kind(schema.metrics, ("metric", "job", "tenant", "host", "at"), "at")
CHANGES: Final = Kind(schema.changes, ("change_id",), "at")
TRANSITIONS: Final = Kind(schema.monitor_transitions, ("event_id",), "at")
INCIDENTS: Final = Kind(schema.incidents, ("incident_id",), "created_at")
ENTRIES: Final = Kind(schema.incident_entries, ("entry_id",), "at")
RELATIONS: Final = Kind(schema.incident_relations, ("incident_id", "kind", "other_id"), None)
SERVICES: Final = Kind(schema.services, ("service_id",), None)
DEPENDENCIES: Final = Kind(schema.dependencies, ("upstream", "downstream", "every_tenant", "tenant"), None)
KINDS: Final = {
    kind.name: kind
    for kind in (RUNS, METRICS, CHANGES, TRANSITIONS, INCIDENTS, ENTRIES, RELATIONS, SERVICES, DEPENDENCIES)
}


def row_of(fact: Fact) -> tuple[Kind, Row]:
    """A fact as its kind and its row, without the columns that the store adds."""
    kind, make = _MAKERS[type(fact)]
    return kind, make(fact)


def tags_text(tags: Mapping[str, str]) -> str:
    """Tags as the JSON object the tables hold; "" when there are none."""
    kept = {key: tags[key] for key in sorted(tags) if tags[key] != ""}
    return _AS_JSON(kept) if kept else ""


def dependency_row(edge: Dependency) -> Row:
    return {
        "upstream": edge.upstream,
        "downstream": edge.downstream,
        "every_tenant": edge.tenant is None,
        "tenant": edge.tenant or "",
        "max_lag_seconds": edge.max_lag_seconds,
        "origin": edge.origin.value,
    }


def _plain(fact: Any, *names: str) -> Row:
    """Attributes as columns: times as microseconds, a text that is none as ""."""
    return {name: _value(name, getattr(fact, name)) for name in names}


def _value(name: str, value: Any) -> Any:
    if name == "at" or name.endswith("_at"):
        return micros(value)
    return "" if value is None else value


def _attempt(fact: Attempt) -> Row:
    """Column by column, without `_plain`: a backfill makes a million of these."""
    return {
        "run_id": fact.run_id,
        "logical_run_id": fact.logical_run_id or "",
        "job": fact.job,
        "tenant": fact.tenant,
        "status": fact.status.value,
        "attempt": fact.attempt or 0,
        "scheduled_at": micros(fact.scheduled_at),
        "started_at": micros(fact.started_at),
        "finished_at": micros(fact.finished_at),
        "error": fact.error or "",
        "service": fact.service or "",
        "host": fact.host or "",
        "tags": tags_text(fact.tags),
    }


def _metric(fact: MetricPoint) -> Row:
    return _plain(fact, "metric", "job", "tenant", "host", "at", "value") | {"tags": ""}


def _change(fact: Change) -> Row:
    return _plain(fact, "change_id", "at", "title", "job", "service", "tenant") | {"tags": ""}


def _transition(fact: MonitorTransition) -> Row:
    texts = ("event_id", "monitor_id", "state", "before", "title", "groups", "job", "service", "tenant")
    return _plain(fact, *texts, "at")


def _incident(fact: Incident) -> Row:
    texts = (
        "incident_id",
        "created_at",
        "resolved_at",
        "title",
        "service",
        "urgency",
        "job",
        "tenant",
        "url",
        "status",
        "priority",
        "number",
    )
    return _plain(fact, *texts) | {"tags": ""}


def _entry(fact: IncidentEntry) -> Row:
    return _plain(fact, "entry_id", "incident_id", "kind", "at", "text")


def _relation(fact: IncidentRelation) -> Row:
    return _plain(fact, "incident_id", "kind", "other_id", "at", "title", "reason") | {"score": fact.score}


def _service(fact: Service) -> Row:
    return _plain(fact, "service_id", "name", "url", "kind") | {"depends_on": json.dumps(sorted(fact.depends_on))}


_MAKERS: Final[Mapping[type, tuple[Kind, Callable[[Any], Row]]]] = {
    Attempt: (RUNS, _attempt),
    MetricPoint: (METRICS, _metric),
    Change: (CHANGES, _change),
    MonitorTransition: (TRANSITIONS, _transition),
    Incident: (INCIDENTS, _incident),
    IncidentEntry: (ENTRIES, _entry),
    IncidentRelation: (RELATIONS, _relation),
    Service: (SERVICES, _service),
    Dependency: (DEPENDENCIES, dependency_row),
}
