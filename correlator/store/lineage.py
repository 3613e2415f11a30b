"""Lineage events into the store: the run as all its events tell it, and the edges its data sets make.

Events come late, twice, out of order, or never. Each is kept once, as it came, with the answers of other sources; a run
is made anew out of all of its events whenever one comes that was not known, so their order does not matter. Edges: who
reads what another writes; both must have been seen within the same span of days.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, select

from correlator.model import Attempt, Dependency, Origin
from correlator.ports import RawAnswer, SetAside
from correlator.store.database import lock_source, writing
from correlator.store.edges import store_edges
from correlator.store.facts import StoredCounts, counted, dumped, keep_answers, keep_set_aside, put, store_facts
from correlator.store.kinds import DEPENDENCIES, Row, dependency_row
from correlator.store.schema import lineage_datasets, raw_answers
from correlator.text.times import micros

EVENT: Final = "event"
"""The request of an answer that is a lineage event."""
Fold = Callable[[list[dict[str, Any]]], Attempt | None]


@dataclass(frozen=True, slots=True)
class Use:
    """A job of a tenant reads a data set, or writes it."""

    dataset: str
    job: str
    tenant: str
    writes: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One event: the run it is about ("" for none), the event as it came, and what it says of data sets."""

    run_id: str
    body: dict[str, Any]
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """How events are stored: `fold` makes the attempt of a run's events, None where runs come from elsewhere."""

    source: str
    fold: Fold | None
    span_days: int


def receive(
    engine: Engine, lineage: Lineage, told: Sequence[Told], aside: Sequence[SetAside], now: datetime
) -> StoredCounts:
    """Store events and what follows from them, all or nothing; what is known already changes nothing."""
    at = micros(now)
    with writing(engine) as connection:
        lock_source(connection, lineage.source)
        items = [(item.item_id, item.reason, dumped(item.payload)) for item in aside]
        keep_set_aside(connection, lineage.source, items, at)
        total = _runs(connection, lineage, [event for event in told if event.run_id], at)
        total += _edges(connection, lineage, {use for event in told for use in event.uses}, at)
    return total + StoredCounts(set_aside=len(aside))


def _runs(connection: Connection, lineage: Lineage, told: Sequence[Told], at: int) -> StoredCounts:
    if lineage.fold is None or not told:
        return StoredCounts()
    keep_answers(connection, lineage.source, [RawAnswer(one.run_id, EVENT, one.body) for one in told], at)
    bodies = _known(connection, lineage.source, sorted({one.run_id for one in told}))
    attempts = [attempt for bodies_of_run in bodies if (attempt := lineage.fold(bodies_of_run)) is not None]
    return store_facts(connection, lineage.source, attempts, at)


def _known(connection: Connection, source: str, run_ids: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """All events of each of these runs."""
    table = raw_answers
    for run_id in run_ids:
        found = select(table.c.body).where(table.c.source == source, table.c.fact_id == run_id).order_by(table.c.sha256)
        yield [json.loads(body) for body in connection.execute(found).scalars()]


# --- edges -----------------------------------------------------------------------------------------------------


def _edges(connection: Connection, lineage: Lineage, uses: set[Use], at: int) -> StoredCounts:
    """Keep who was seen with which data set, and the edges between these jobs and the others at the data sets."""
    rows = [
        {"source": lineage.source, "dataset": use.dataset, "job": use.job, "tenant": use.tenant, "writes": use.writes}
        | {"first_at": at, "seen_at": at}
        for use in sorted(uses, key=lambda use: (use.dataset, use.job, use.tenant, use.writes))
    ]
    put(connection, lineage_datasets, rows, keys=("source", "dataset", "job", "tenant", "writes"), keep=("first_at",))
    edges = list(_joined(connection, lineage, uses, at))
    done = store_edges(connection, lineage.source, edges, at)
    return counted(DEPENDENCIES.name, done, None) if edges else StoredCounts()


def _joined(connection: Connection, lineage: Lineage, uses: set[Use], at: int) -> Iterator[Row]:
    """The edges of the data sets in use, each as of the older of the two sights that make it."""
    since = at - timedelta(days=lineage.span_days) // timedelta(microseconds=1)
    seen: dict[Dependency, int] = {}
    for use in uses:
        for other, other_seen in _others(connection, lineage.source, use, since):
            if (edge := _edge(use, other)) is not None:
                seen[edge] = max(seen.get(edge, 0), min(at, other_seen))
    for edge in sorted(seen, key=lambda edge: (edge.downstream, edge.upstream, edge.tenant or "")):
        yield dependency_row(edge) | {"seen_at": seen[edge]}


def _others(connection: Connection, source: str, use: Use, since: int) -> Iterable[tuple[Use, int]]:
    """Who writes what this one reads, or reads what it writes."""
    table = lineage_datasets
    wanted = and_(table.c.source == source, table.c.dataset == use.dataset, table.c.writes != use.writes)
    for row in connection.execute(select(table).where(wanted, table.c.seen_at >= since)).mappings():
        yield Use(row["dataset"], row["job"], row["tenant"], row["writes"]), int(row["seen_at"])


def _edge(one: Use, other: Use) -> Dependency | None:
    """The edge from writer to reader. An edge joins jobs of one tenant, or a job of the unnamed tenant with any."""
    writer, reader = (one, other) if one.writes else (other, one)
    if writer.job == reader.job or writer.tenant not in ("", reader.tenant):
        return None
    return Dependency(writer.job, reader.job, reader.tenant or None, origin=Origin.LINEAGE)
